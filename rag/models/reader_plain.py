"""The reader that needs no trained weights: logistic regression over readable features.

Used where the trained reader's weights are missing or `ORDAGRANT_READER=none`. Its
coefficients are in `weights/features.json`, made by `tools/calibrate_reader.py`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rag.errors import ModelError
from rag.models.embedding import Embedder
from rag.models.reader_features import (
    PASSAGE_FEATURES,
    SENTENCE_FEATURES,
    Floats,
    asked,
    passage_features,
    probability,
    sentence_features,
)
from rag.types import Passage, Reading, Support

WEIGHTS = Path(__file__).parent / "weights" / "features.json"


@dataclass(frozen=True, slots=True)
class Coefficients:
    """Of the two regressions: does the passage answer, and does this sentence."""

    passage: tuple[float, ...]
    passage_bias: float
    sentence: tuple[float, ...]
    sentence_bias: float

    @classmethod
    def load(cls, path: Path = WEIGHTS) -> Coefficients:
        """Raises `ModelError` when the file is missing or of other features."""
        try:
            raw = json.loads(path.read_text("utf-8"))
            passage, sentence = raw["passage"], raw["sentence"]
            return cls(
                passage=tuple(float(passage["weights"][name]) for name in PASSAGE_FEATURES),
                passage_bias=float(passage["bias"]),
                sentence=tuple(float(sentence["weights"][name]) for name in SENTENCE_FEATURES),
                sentence_bias=float(sentence["bias"]),
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ModelError(
                f"The reader's coefficients in {path} cannot be read ({error}): "
                "install ordagrant again."
            ) from None


class FeatureReader:
    """Judges by the likeness of question and sentences and by shared names, numbers and words."""

    def __init__(
        self, embedder: Embedder, coefficients: Coefficients | None = None, note: str | None = None
    ) -> None:
        self._embedder = embedder
        self._c = coefficients or Coefficients.load()
        self.note = note

    @property
    def name(self) -> str:
        return "features"

    def read(self, question: str, passages: Sequence[Passage]) -> list[Reading]:
        """One `Reading` a passage, in order; its span is the likeliest sentence."""
        texts = [[span.slice(p.text) for span in p.sentences] for p in passages]
        vector = self._embedder.embed_query(question)
        flat = [text for of_passage in texts for text in of_passage]
        cosines = (self._embedder.embed_passages(flat) @ vector).astype(np.float64)
        parts = np.split(cosines, np.cumsum([len(t) for t in texts])[:-1]) if texts else []
        return [
            self._reading(question, passage, of_passage, part)
            for passage, of_passage, part in zip(passages, texts, parts, strict=True)
        ]

    def support(self, claims: Sequence[tuple[str, str]]) -> list[Support] | None:
        """None: whether a text bears a claim out is left to the verifier's rules."""
        return None

    def _reading(
        self, question: str, passage: Passage, texts: list[str], cosines: Floats
    ) -> Reading:
        if not texts:
            return Reading(0.0, 0, 0, ())
        wanted = asked(question)
        rows = sentence_features(wanted, texts, cosines)
        features = passage_features(wanted, passage.text, rows)
        answerable = float(probability(features[None], self._c.passage, self._c.passage_bias)[0])
        each = probability(rows, self._c.sentence, self._c.sentence_bias)
        best = passage.sentences[int(each.argmax())]
        scores = answerable * each / max(float(each.sum()), 1e-9)
        return Reading(answerable, best.start, best.end, tuple(map(float, scores)))
