"""Models that remember what they made, in a file: rows of an ablation share most of their work.

What is remembered keeps the milliseconds that it took, so a row can still be told its own cost.
"""

from __future__ import annotations

import hashlib
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.models.embedding import Embedder
from rag.models.reader import Reader
from rag.types import Passage, Reading, Support

_TABLE = "CREATE TABLE IF NOT EXISTS made (key BLOB PRIMARY KEY, value BLOB, ms REAL) WITHOUT ROWID"
_AT_ONCE = 500  # keys in one SELECT


class Memory:
    """Values by key, each with the milliseconds it took to make.

    `ms` counts up what all that was asked for took, now or when it was made; `fresh_ms` what
    was made now.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._database = sqlite3.connect(path, timeout=60, check_same_thread=False)
        self._database.execute(_TABLE)
        self._lock = threading.Lock()
        self.ms = 0.0
        self.fresh_ms = 0.0

    def close(self) -> None:
        self._database.close()

    def recall(
        self, keys: Sequence[bytes], make: Callable[[list[int]], Sequence[bytes]]
    ) -> list[bytes]:
        """The values of `keys`; `make` gets the positions of those that are not known yet."""
        with self._lock:
            known = self._known(keys)
            missing = [i for i, key in enumerate(keys) if key not in known]
            self.ms += sum(ms for _, ms in known.values())
            if missing:
                begun = time.perf_counter()
                made = make(missing)
                each = 1000 * (time.perf_counter() - begun) / len(missing)
                self.ms += each * len(missing)
                self.fresh_ms += each * len(missing)
                new = [(keys[i], value, each) for i, value in zip(missing, made, strict=True)]
                with self._database:
                    self._database.executemany("INSERT OR REPLACE INTO made VALUES (?, ?, ?)", new)
                known.update({key: (value, ms) for key, value, ms in new})
        return [known[key][0] for key in keys]

    def _known(self, keys: Sequence[bytes]) -> dict[bytes, tuple[bytes, float]]:
        found: dict[bytes, tuple[bytes, float]] = {}
        for start in range(0, len(keys), _AT_ONCE):
            some = keys[start : start + _AT_ONCE]
            marks = ",".join("?" * len(some))
            query = f"SELECT key, value, ms FROM made WHERE key IN ({marks})"  # noqa: S608 - marks
            found.update({k: (v, ms) for k, v, ms in self._database.execute(query, list(some))})
        return found


class RememberingEmbedder:
    """An `Embedder` whose vectors are made once."""

    def __init__(self, embedder: Embedder, memory: Memory) -> None:
        self._embedder = embedder
        self._memory = memory

    @property
    def name(self) -> str:
        return self._embedder.name

    @property
    def dimension(self) -> int:
        return self._embedder.dimension

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        keys = [_key("passage", self.name, text) for text in texts]
        rows = self._memory.recall(
            keys, lambda wanted: _rows(self._embedder.embed_passages([texts[i] for i in wanted]))
        )
        return np.stack([np.frombuffer(row, np.float32) for row in rows])

    def embed_query(self, text: str) -> NDArray[np.float32]:
        key = _key("query", self.name, text)
        (row,) = self._memory.recall([key], lambda _: [self._embedder.embed_query(text).tobytes()])
        return np.frombuffer(row, np.float32)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return self._embedder.count_tokens(texts)


class RememberingReader:
    """A `Reader` of which only `answerable` is kept; `label` tells its weights apart."""

    note: str | None = None

    def __init__(self, reader: Reader, memory: Memory, label: str) -> None:
        self._reader = reader
        self._memory = memory
        self._label = label

    @property
    def name(self) -> str:
        return self._reader.name

    def read(self, question: str, passages: Sequence[Passage]) -> list[Reading]:
        keys = [_key("reading", self._label, question, p.title, p.text) for p in passages]

        def make(wanted: list[int]) -> list[bytes]:
            readings = self._reader.read(question, [passages[i] for i in wanted])
            return [np.float64(reading.answerable).tobytes() for reading in readings]

        said = [float(np.frombuffer(v, np.float64)[0]) for v in self._memory.recall(keys, make)]
        return [Reading(answerable, 0, 0, ()) for answerable in said]

    def support(self, claims: Sequence[tuple[str, str]]) -> list[Support] | None:
        return None


def _key(*parts: str | None) -> bytes:
    return hashlib.sha256("\0".join(part or "" for part in parts).encode()).digest()


def _rows(vectors: NDArray[np.float32]) -> list[bytes]:
    return [np.asarray(row, np.float32).tobytes() for row in vectors]
