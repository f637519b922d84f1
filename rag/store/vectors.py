"""The dense index: one Chroma collection for each language, derived from SQL.

A collection a language, since every search is within one language and a `where` on the
language costs time in proportion to its chunks: 13 ms at 6,000 chunks, against 2 ms without.

Embedded Chroma must not be used by two processes at once, and a process does not see what
another wrote. So every use takes a lock file for its few milliseconds, and every write
first counts up a generation in SQL: whoever finds another number opens Chroma afresh
(12 ms). `ask` and `chat` thus work while an ingest runs. A Chroma server needs neither.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from rag.errors import OrdagrantError, SettingsError, StoreError
from rag.settings import Settings
from rag.store.fingerprint import REBUILD
from rag.store.locks import ProcessLock

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.collection_configuration import CreateCollectionConfiguration
    from chromadb.api.models.Collection import Collection

CONFIGURATION: CreateCollectionConfiguration = {
    "hnsw": {"space": "cosine", "ef_construction": 200, "max_neighbors": 32, "ef_search": 100}
}
_Row = TypeVar("_Row")
_PAGE = 5_000  # ids read at a time


@dataclass(frozen=True, slots=True)
class VectorRow:
    """A chunk's vector with what it can be filtered by."""

    chunk_id: str
    article_id: str
    published_on: int | None  # yyyymmdd
    vector: NDArray[np.float32]

    def metadata(self) -> dict[str, str | int]:
        # 0 for "unknown": Chroma has no null, and an update cannot take a key away.
        return {"article": self.article_id, "date": self.published_on or 0}


class VectorIndex:
    """Chroma, opened at first use. Safe for several threads and, by its lock, processes."""

    def __init__(self, settings: Settings, generation: Callable[[], int]) -> None:
        self._settings = settings
        self._read_generation = generation
        self._lock = ProcessLock(settings.data / "chroma.lock")
        self._generation: int | None = None
        self._client: ClientAPI | None = None
        self._collections: dict[str, Collection] = {}

    @property
    def where(self) -> str:
        return self._settings.chroma_url or str(self._settings.data / "chroma")

    def close(self) -> None:
        with self._lock.held():
            self._drop_client()
        self._lock.close()

    @contextmanager
    def session(self) -> Iterator[VectorSession]:
        """Hold the vectors for a few operations. Not re-entrant."""
        with self._lock.held(), self._errors():
            self._refresh()
            yield VectorSession(self)

    def wrote(self, generation: int) -> None:
        """Within a session: this process itself made `generation`; no need to open afresh."""
        self._generation = generation

    def discard(self, generation: int) -> None:
        """Throw all vectors away, damaged files and all; `generation` is counted up before."""
        with self._lock.held(), self._errors():
            self._drop_client()
            self._generation = generation
            if self._settings.chroma_url is None:
                shutil.rmtree(self._settings.data / "chroma", ignore_errors=True)
            else:
                VectorSession(self).drop_all_but(None)

    def _refresh(self) -> None:
        if self._settings.chroma_url is None:
            current = self._read_generation()
            if current != self._generation:
                self._drop_client()
            self._generation = current

    def client(self) -> ClientAPI:
        if self._client is None:
            self._client = _connect(self._settings)
        return self._client

    def _drop_client(self) -> None:
        client, self._client = self._client, None
        self._collections.clear()
        if client is not None:
            close = getattr(client, "close", None)
            if close is not None:
                close()

    def make_collection(self, name: str) -> Collection:
        """The collection called `name`, made where it does not exist."""
        found = self.collection(name)
        if found is None:
            found = self.client().get_or_create_collection(
                name, embedding_function=None, configuration=CONFIGURATION
            )
            self._collections[name] = found
        return found

    def collection(self, name: str) -> Collection | None:
        """The collection called `name`, or None."""
        from chromadb.errors import NotFoundError

        if name not in self._collections:
            try:
                self._collections[name] = self.client().get_collection(
                    name, embedding_function=None
                )
            except NotFoundError:
                return None
        return self._collections[name]

    def forget(self, name: str) -> None:
        self._collections.pop(name, None)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (OrdagrantError, KeyboardInterrupt, SystemExit, GeneratorExit):
            raise
        except BaseException as error:
            # Chroma's Rust core panics with a BaseException of its own.
            if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                raise
            self._drop_client()
            raise StoreError(
                f"The vectors in {self.where} cannot be used ({_first_line(error)}): check the "
                f"disk and permissions; if they are damaged, delete that folder and run "
                f"`{REBUILD}`."
            ) from error


class VectorSession:
    """The operations on vectors; `key` is the fingerprint's, so that no two models mix."""

    def __init__(self, index: VectorIndex) -> None:
        self._index = index

    def wrote(self, generation: int) -> None:
        self._index.wrote(generation)

    def put(self, key: str, language: str, rows: Sequence[VectorRow]) -> None:
        collection = self._index.make_collection(_name(key, language))
        for batch in self._batches(rows):
            collection.upsert(
                ids=[row.chunk_id for row in batch],
                embeddings=np.stack([row.vector for row in batch]),
                metadatas=[row.metadata() for row in batch],
            )

    def describe(self, key: str, language: str, rows: Sequence[VectorRow]) -> None:
        """Change what the chunks can be filtered by; their vectors stay."""
        collection = self._index.collection(_name(key, language))
        if collection is not None:
            for batch in self._batches(rows):
                collection.update(
                    ids=[row.chunk_id for row in batch],
                    metadatas=[row.metadata() for row in batch],
                )

    def drop(self, key: str, language: str, chunk_ids: Sequence[str]) -> None:
        collection = self._index.collection(_name(key, language))
        if collection is not None:
            for batch in self._batches(chunk_ids):
                collection.delete(ids=list(batch))

    def query(
        self,
        key: str,
        language: str,
        vector: NDArray[np.float32],
        k: int,
        where: Mapping[str, Any] | None,
    ) -> list[tuple[str, float]]:
        """(chunk id, cosine) of the nearest `k`, best first; ties in order of chunk id."""
        collection = self._index.collection(_name(key, language))
        if collection is None:
            return []
        result = collection.query(
            query_embeddings=vector.astype(np.float32).reshape(1, -1),
            n_results=k,
            where=dict(where) if where else None,
            include=["distances"],
        )
        distances = result["distances"] or [[]]
        found = [
            (chunk_id, 1.0 - float(distance))
            for chunk_id, distance in zip(result["ids"][0], distances[0], strict=True)
        ]
        return sorted(found, key=lambda pair: (-pair[1], pair[0]))

    def cosines(
        self, key: str, language: str, vector: NDArray[np.float32], chunk_ids: Sequence[str]
    ) -> dict[str, float]:
        """The cosine of `vector` (unit length) and each of the chunks that there are."""
        found = self.vectors(key, language, chunk_ids)
        if not found:
            return {}
        rows = np.stack(list(found.values()))
        values = rows @ vector / np.linalg.norm(rows, axis=1)
        return dict(zip(found, map(float, values), strict=True))

    def vectors(
        self, key: str, language: str, chunk_ids: Sequence[str]
    ) -> dict[str, NDArray[np.float32]]:
        """The vectors of those of the chunks that there are."""
        collection = self._index.collection(_name(key, language))
        if collection is None or not chunk_ids:
            return {}
        result = collection.get(ids=list(chunk_ids), include=["embeddings"])
        found = result["embeddings"]
        if found is None or not len(found):
            return {}
        return dict(zip(result["ids"], np.asarray(found, dtype=np.float32), strict=True))

    def count(self, key: str, language: str) -> int:
        collection = self._index.collection(_name(key, language))
        return 0 if collection is None else collection.count()

    def total(self, key: str) -> int:
        """All vectors held under this fingerprint, whatever their language."""
        names = [name for name in self._names() if name.startswith(f"chunks-{key}-")]
        collections = [self._index.collection(name) for name in names]
        return sum(collection.count() for collection in collections if collection is not None)

    def ids(self, key: str, language: str) -> Iterator[str]:
        collection = self._index.collection(_name(key, language))
        offset = 0
        while collection is not None:
            page = collection.get(limit=_PAGE, offset=offset, include=[])["ids"]
            yield from page
            if len(page) < _PAGE:
                return
            offset += _PAGE

    def drop_all_but(self, key: str | None) -> None:
        """Delete the collections of other fingerprints; None: of all."""
        for name in self._names():
            own = key is not None and name.startswith(f"chunks-{key}-")
            if name.startswith("chunks-") and not own:
                self._index.client().delete_collection(name)
                self._index.forget(name)

    def drop_strangers(self, key: str, languages: Sequence[str]) -> None:
        """Delete all collections but those of this fingerprint and these languages."""
        own = {_name(key, language) for language in languages}
        for name in self._names():
            if name.startswith("chunks-") and name not in own:
                self._index.client().delete_collection(name)
                self._index.forget(name)

    def _names(self) -> list[str]:
        return [collection.name for collection in self._index.client().list_collections()]

    def _batches(self, rows: Sequence[_Row]) -> Iterator[Sequence[_Row]]:
        most = self._index.client().get_max_batch_size()  # 5,461 in 1.5; more is an error
        for start in range(0, len(rows), most):
            yield rows[start : start + most]


def _name(key: str, language: str) -> str:
    if not re.fullmatch(r"[a-z]{2,8}", language):  # Chroma's names take few characters
        language = "x" + hashlib.sha256(language.encode()).hexdigest()[:10]
    return f"chunks-{key}-{language}"


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:200].rstrip(".") if lines else type(error).__name__


def _connect(settings: Settings) -> ClientAPI:
    import chromadb
    from chromadb.config import Settings as ChromaSettings

    quiet = ChromaSettings(anonymized_telemetry=False)
    if settings.chroma_url is None:
        try:
            return chromadb.PersistentClient(path=settings.data / "chroma", settings=quiet)
        except Exception:
            # Chroma 1.5 keeps the client that failed and hands it out once more, which fails
            # and forgets it: without this, files made anew could not be opened either.
            with contextlib.suppress(Exception):
                return chromadb.PersistentClient(path=settings.data / "chroma", settings=quiet)
            raise
    url = urlsplit(settings.chroma_url)
    if url.scheme not in ("http", "https") or not url.hostname:
        raise SettingsError(
            f"The setting chroma_url cannot be {settings.chroma_url!r}: write it as "
            "http://host:port."
        )
    port = url.port or (443 if url.scheme == "https" else 8000)
    try:
        return chromadb.HttpClient(
            host=url.hostname, port=port, ssl=url.scheme == "https", settings=quiet
        )
    except Exception as error:
        raise StoreError(
            f"The Chroma server at {settings.chroma_url} cannot be reached ({_first_line(error)}): "
            "start it, or unset chroma_url to keep the vectors in the data folder."
        ) from error
