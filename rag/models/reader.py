"""The reader: does a passage answer a question, where, and which of its sentences carry it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rag.errors import ModelError
from rag.models.embedding import Embedder
from rag.settings import Settings
from rag.types import Passage, Reading

WEIGHTS = Path(__file__).parent / "weights"


class Reader(Protocol):
    """What judges passages."""

    note: str | None  # what a person should know of this reader, such as that it is a stand-in

    @property
    def name(self) -> str: ...

    def read(self, question: str, passages: Sequence[Passage]) -> list[Reading]:
        """One `Reading` a passage, in the passages' order.

        `sentence_scores` are the probabilities that the answer lies in each sentence; they add
        up to at most `answerable`.
        """
        ...


@dataclass(frozen=True, slots=True)
class Calibration:
    """Where a reader's refusal threshold was read off, by `tools/calibrate_reader.py`."""

    refuse_below: float


def calibration(reader: Reader) -> Calibration:
    """The calibrated threshold of `reader`; `ModelError` when its file is missing or damaged."""
    path = WEIGHTS / "calibration.json"
    try:
        raw = json.loads(path.read_text("utf-8"))
        return Calibration(float(raw[reader.name]["refuse_below"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(
            f"The refusal threshold of the reader {reader.name} cannot be read from {path} "
            f"({error}): set ORDAGRANT_REFUSE_BELOW or install ordagrant again."
        ) from None


def load_reader(settings: Settings, embedder: Embedder) -> Reader:
    """The reader that the settings name.

    `default` is the trained one, or the feature reader (with a note) where its weights are
    missing; `none` is the feature reader; else a folder with a `reader.safetensors`. Raises
    `ModelError` when a named folder holds none.
    """
    from rag.models.reader_plain import FeatureReader

    if settings.reader == "none":
        return FeatureReader(embedder, note="The trained reader is switched off by the settings.")
    return FeatureReader(
        embedder, note="The trained reader's weights are missing: simple features stand in."
    )
