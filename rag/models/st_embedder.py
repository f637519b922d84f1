"""Any sentence-transformers model as an `Embedder`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rag.errors import ModelError
from rag.models.embedding import Vectors
from rag.settings import Settings

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_BATCH = 16


class SentenceTransformerEmbedder:
    """A model by its Hugging Face name or its folder, with the prompts it was saved with.

    `HF_HUB_OFFLINE`, `TRANSFORMERS_OFFLINE` and `HF_HOME` are honoured, and
    `ORDAGRANT_OFFLINE` forbids the network likewise.
    """

    def __init__(self, name: str, settings: Settings) -> None:
        self._model = _load(name, settings)
        path = Path(name)
        self._name = path.resolve().name if path.exists() else name
        dimension = self._model.get_embedding_dimension()
        if not dimension:
            raise ModelError(
                f"The embedding model {name} does not say how long its vectors are: "
                "set ORDAGRANT_EMBEDDING to a sentence-transformers model."
            )
        self._dimension = int(dimension)

    @property
    def name(self) -> str:
        return self._name

    @property
    def dimension(self) -> int:
        return self._dimension

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.zeros((0, self._dimension), np.float32)
        return np.asarray(
            self._model.encode_document(
                list(texts),
                batch_size=_BATCH,
                normalize_embeddings=True,
                show_progress_bar=False,
            ),
            np.float32,
        )

    def embed_query(self, text: str) -> Vectors:
        vector = self._model.encode_query(text, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vector, np.float32)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        if not texts:
            return []
        encoded = self._model.tokenizer(
            list(texts), add_special_tokens=False, truncation=False, verbose=False
        )
        return [len(ids) for ids in encoded["input_ids"]]


def _load(name: str, settings: Settings) -> SentenceTransformer:
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")
    looks_like_path = name.startswith((".", "/", "~")) or Path(name).exists()
    if looks_like_path:
        name = str(Path(name).expanduser())
        if not Path(name).is_dir():
            raise ModelError(
                f"The embedding model folder {name} does not exist: "
                "set ORDAGRANT_EMBEDDING to a folder, a model name or `default`."
            )
    import torch
    from sentence_transformers import SentenceTransformer

    if settings.threads:
        torch.set_num_threads(settings.threads)
    try:
        return SentenceTransformer(
            name, device="cpu", local_files_only=settings.offline or looks_like_path
        )
    # Loading runs code of four libraries, each with errors of its own; all mean the same here.
    except Exception as error:
        reason = str(error).strip().split("\n")[0] or type(error).__name__
        raise ModelError(
            f"The embedding model {name} could not be loaded ({reason}): check the name in "
            "ORDAGRANT_EMBEDDING, download it first if you are offline, or use `default`."
        ) from error
