"""multilingual-e5-small as an `Embedder`.

Questions and small batches go through onnxruntime in fp32: its import takes 0.1 s and a question
5-15 ms, where torch needs 2 s and 40 ms. Large ingests go through torch in bfloat16 on CPUs where
a measurement (made once, remembered in the cache) says that this is faster; the two agree at a
cosine above .9999, so an index may hold vectors of both.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rag.models import precision
from rag.models.e5 import NAME
from rag.models.embedding import Vectors
from rag.models.runtime import MAX_TOKENS, Graph, cores, load_tokenizer, preload

if TYPE_CHECKING:
    from rag.models.encoder import Encoder

# Batches of texts of like length: 8 was within 5% of the best of 1-16 in both runtimes.
_BATCH = 8
# From this many passages on, torch's import and the measurement are worth their seconds.
_BULK = 400


class E5Embedder:
    """Mean of the last layer's states over all tokens, normalised. Safe to use from threads."""

    def __init__(self, folder: Path, threads: int = 0) -> None:
        self._folder = folder
        config = json.loads((folder / "config.json").read_text("utf-8"))
        self._dimension = int(config["hidden_size"])
        self._threads = threads
        self._lock = threading.Lock()
        self._graph: Graph | None = None
        self._half: Encoder | None = None
        preload(folder)

    @property
    def name(self) -> str:
        return NAME

    @property
    def dimension(self) -> int:
        return self._dimension

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        return self._embed([f"passage: {text}" for text in texts])

    def embed_query(self, text: str) -> Vectors:
        vector: Vectors = self._embed([f"query: {text}"])[0]
        return vector

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        encoded = load_tokenizer(self._folder).encode_batch(list(texts), add_special_tokens=False)
        return [len(one.ids) for one in encoded]

    def _embed(self, texts: list[str]) -> Vectors:
        vectors = np.zeros((len(texts), self._dimension), np.float32)
        encoded = load_tokenizer(self._folder).encode_batch([text.strip() for text in texts])
        rows = [_cut(one.ids) for one in encoded]
        order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
        half = len(rows) >= _BULK and self._prefers_half([rows[i] for i in order])
        for first in range(0, len(order), _BATCH):
            chosen = order[first : first + _BATCH]
            batch = [rows[i] for i in chosen]
            vectors[chosen] = self._by_half(batch) if half else self._by_graph(batch)
        return vectors

    def _prefers_half(self, rows: list[list[int]]) -> bool:
        middle = len(rows) // 2
        sample = rows[middle : middle + _BATCH]
        return precision.prefers_half(
            self._folder.parent,
            lambda: self._by_graph(sample),
            lambda: self._by_half(sample),
        )

    def _by_graph(self, rows: list[list[int]]) -> Vectors:
        with self._lock:
            if self._graph is None:
                self._graph = Graph(self._folder, self._folder / "encoder.onnx", self._threads)
        (states,), mask = self._graph.run(rows)
        return _unit((states * mask[..., None]).sum(axis=1))

    def _by_half(self, rows: list[list[int]]) -> Vectors:
        import torch

        from rag.models.encoder import load_encoder, pad

        with self._lock:
            if self._half is None:
                torch.set_num_threads(self._threads or cores())
                self._half = load_encoder(self._folder).half()
        ids, mask = pad(rows)
        with torch.inference_mode():
            states = self._half(ids, None if bool(mask.all()) else mask)
            sums: Vectors = (states * mask[..., None]).sum(1).numpy()
        return _unit(sums)


def _cut(ids: list[int]) -> list[int]:
    return ids if len(ids) <= MAX_TOKENS else ids[: MAX_TOKENS - 1] + ids[-1:]


def _unit(sums: Vectors) -> Vectors:
    return np.asarray(sums / np.linalg.norm(sums, axis=1, keepdims=True), np.float32)
