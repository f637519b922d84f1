"""The reader: does a passage answer a question, where, and which of its sentences carry it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from rag.errors import ModelError
from rag.models.embedding import Embedder
from rag.settings import Settings
from rag.types import Passage, Reading, Support

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

    def support(self, claims: Sequence[tuple[str, str]]) -> list[Support] | None:
        """What each evidence text makes of its claim, for `(claim, evidence)` pairs in order;
        None from a reader that cannot tell."""
        ...


def load_reader(settings: Settings, embedder: Embedder) -> Reader:
    """The reader that the settings name.

    `default` is the trained one, or the feature reader (with a note) where its weights are
    missing; `none` is the feature reader; else a folder with a `reader.safetensors`. Raises
    `ModelError` when a named folder holds none.
    """
    from rag.models.reader_plain import FeatureReader
    from rag.models.reader_trained import TrainedReader, has_weights

    if settings.reader == "none":
        return FeatureReader(embedder, note="The trained reader is switched off by the settings.")
    if settings.reader == "default":
        if has_weights(WEIGHTS):
            return TrainedReader.load(settings, WEIGHTS)
        return FeatureReader(
            embedder, note="The trained reader's weights are missing: simple features stand in."
        )
    folder = Path(settings.reader).expanduser()
    if not has_weights(folder):
        raise ModelError(
            f"The reader folder {folder} holds no reader.safetensors: set ORDAGRANT_READER to "
            "a folder that does, to `default` or to `none`."
        )
    return TrainedReader.load(settings, folder)
