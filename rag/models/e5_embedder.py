"""multilingual-e5-small as an `Embedder`, in plain torch."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rag.errors import ModelError
from rag.models.e5 import NAME
from rag.models.embedding import Vectors

if TYPE_CHECKING:
    from tokenizers import Encoding, Tokenizer

    from rag.models.encoder import Encoder

_DIMENSION = 384
_MAX_TOKENS = 512
_BATCH = 8
_PAD = 1


class E5Embedder:
    """Mean of the last layer's states over all tokens, normalised. Safe to use from threads."""

    def __init__(self, folder: Path, threads: int = 0) -> None:
        self._folder = folder
        self._threads = threads
        self._lock = threading.Lock()
        self._tokenizer_: Tokenizer | None = None
        self._encoder_: Encoder | None = None

    @property
    def name(self) -> str:
        return NAME

    @property
    def dimension(self) -> int:
        return _DIMENSION

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return self._embed([f"passage: {text}" for text in texts])

    def embed_query(self, text: str) -> Vectors:
        return self._embed([f"query: {text}"])[0]

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        encoded = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [len(one.ids) for one in encoded]

    def _embed(self, texts: list[str]) -> Vectors:
        vectors = np.zeros((len(texts), _DIMENSION), np.float32)
        encoded = self._tokenizer.encode_batch_fast([text.strip() for text in texts])
        order = sorted(range(len(texts)), key=lambda i: len(encoded[i].ids))
        for first in range(0, len(order), _BATCH):
            rows = order[first : first + _BATCH]
            vectors[rows] = self._forward([encoded[i] for i in rows])
        return vectors

    def _forward(self, batch: list[Encoding]) -> Vectors:
        import torch

        rows = [
            one.ids[: _MAX_TOKENS - 1] + one.ids[-1:] if len(one.ids) > _MAX_TOKENS else one.ids
            for one in batch
        ]
        longest = max(map(len, rows))
        ids = torch.tensor([row + [_PAD] * (longest - len(row)) for row in rows])
        real = torch.tensor([[True] * len(row) + [False] * (longest - len(row)) for row in rows])
        with torch.inference_mode():
            states = self._encoder(ids, None if bool(real.all()) else real)
            means = (states * real[..., None]).sum(1) / real.sum(1, keepdim=True)
            return torch.nn.functional.normalize(means, dim=-1).numpy()

    @property
    def _tokenizer(self) -> Tokenizer:
        if self._tokenizer_ is None:
            with self._lock:
                from tokenizers import Tokenizer

                self._tokenizer_ = Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        return self._tokenizer_

    @property
    def _encoder(self) -> Encoder:
        if self._encoder_ is None:
            with self._lock:
                import torch

                from rag.models.encoder import load_encoder

                if self._threads:
                    torch.set_num_threads(self._threads)
                try:
                    self._encoder_ = load_encoder(self._folder)
                except Exception as error:
                    raise ModelError(
                        f"The embedding model in {self._folder} is damaged ({error}): "
                        "remove that folder and it is unpacked again."
                    ) from error
        return self._encoder_
