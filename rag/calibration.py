"""Calibrated numbers: read from `calibration.json`, which `python -m eval calibrate-refusal` makes.

For each reader: how its score and a cosine tell a sentence that carries the answer, how sure the
best passage must be, and the data and curve that the numbers were read from.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any

from rag.errors import ModelError

# Scores nearer to 0 or 1 than this say no more than that a model was sure.
_CLIP = 1e-4


def logit(probability: float) -> float:
    """log(p / (1 - p)), with p kept within [0.0001, 0.9999]."""
    p = min(max(probability, _CLIP), 1 - _CLIP)
    return math.log(p / (1 - p))


def sigmoid(log_odds: float) -> float:
    """The probability of `log_odds`; the inverse of `logit`."""
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, log_odds))))


@dataclass(frozen=True, slots=True)
class Logistic:
    """A logistic regression: named weights and a bias."""

    weights: dict[str, float]
    bias: float

    def log_odds(self, **features: float) -> float:
        """Raises `KeyError` for a feature that it was not fitted with."""
        return self.bias + sum(self.weights[name] * value for name, value in features.items())

    def probability(self, **features: float) -> float:
        return sigmoid(self.log_odds(**features))


@dataclass(frozen=True, slots=True)
class Declining:
    """Evidence and the LLM's doubt together."""

    weights: Logistic  # features: question (log-odds), llm (log of its "not answered")
    below: float  # the probability under which nothing is answered


@dataclass(frozen=True, slots=True)
class Extracting:
    """What an answer without an LLM says of its evidence."""

    most: int = 3  # sentences
    # A sentence below this share of the best one's score is left out: it is there because it
    # was next, and not because it answers.
    ratio: float = 0.3


@dataclass(frozen=True, slots=True)
class Calibration:
    """The numbers that go with one reader."""

    sentence: Logistic  # features: reader (log-odds), cosine, rank (log, from 0)
    closer: Logistic  # features: first (log-odds by `sentence`), near (log-odds)
    question: Logistic  # features: reader and near (log-odds), unnamed (0 or 1)
    refuse_below: float  # of the question's probability, without an LLM
    refuse_outright: float  # the same, below which an LLM is not even asked
    # With an LLM, by the question's language: where its doubt was measured to mean something.
    declining: dict[str, Declining] = field(default_factory=dict)
    extracting: Extracting = Extracting()


def load_calibration(reader_name: str) -> Calibration:
    """The calibration of the reader `reader_name`; raises `ModelError` if there is none."""
    try:
        entry = packaged("calibration.json")[reader_name]
        return Calibration(
            sentence=logistic(entry["sentence"]),
            closer=logistic(entry["closer"]),
            question=logistic(entry["question"]),
            refuse_below=float(entry["refuse_below"]),
            refuse_outright=float(entry["refuse_outright"]),
            declining={
                language: Declining(logistic(one), float(one["below"]))
                for language, one in entry.get("declining", {}).items()
            },
            extracting=_extracting(entry.get("extract")),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"The reader {reader_name} has no usable calibration ({error!r}): run "
            "`python -m eval calibrate-refusal`, or use ORDAGRANT_READER=default."
        ) from None


def _extracting(entry: dict[str, Any] | None) -> Extracting:
    return Extracting(int(entry["most"]), float(entry["ratio"])) if entry else Extracting()


@cache
def packaged(name: str) -> dict[str, Any]:
    """A JSON table of fitted numbers that comes with the package."""
    table: dict[str, Any] = json.loads(resources.files("rag").joinpath(name).read_text("utf-8"))
    return table


def logistic(entry: dict[str, Any]) -> Logistic:
    """A fitted regression as it is kept: `weights` and `bias`."""
    return Logistic({k: float(v) for k, v in entry["weights"].items()}, float(entry["bias"]))
