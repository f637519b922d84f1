"""Embedding models: texts in, unit vectors out.

The default, multilingual-e5-small, takes a light path that never imports transformers (5 s);
every other name or path goes through sentence-transformers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rag.models import e5
from rag.models.progress import Progress
from rag.settings import Settings

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """What turns texts into unit vectors."""

    @property
    def name(self) -> str:
        """Goes into the index fingerprint: vectors of two names are never mixed."""
        ...

    @property
    def dimension(self) -> int: ...

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """(len(texts), dimension), float32, each row of length 1."""
        ...

    def embed_query(self, text: str) -> Vectors:
        """(dimension,), float32, of length 1."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text as the model sees it, without prompt and special tokens."""
        ...


def load_embedder(settings: Settings, progress: Progress | None = None) -> Embedder:
    """The embedding model that the settings name; the default one is unpacked on first use.

    Raises `ModelError` when the model cannot be had.
    """
    if settings.embedding == "default":
        from rag.models.e5_embedder import E5Embedder

        return E5Embedder(e5.unpacked(settings.cache, progress), settings.threads)
    from rag.models.st_embedder import SentenceTransformerEmbedder

    return SentenceTransformerEmbedder(settings.embedding, settings)
