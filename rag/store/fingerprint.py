"""What an index was made with. Vectors of two models, or chunks of two sizes, never mix."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, insert, select

from rag.errors import IndexMismatch
from rag.settings import Settings
from rag.store.schema import articles, meta

REBUILD = "ordagrant doctor --rebuild"
_NAME = "fingerprint"
_GENERATION = "vector_generation"


@dataclass(frozen=True, slots=True)
class Fingerprint:
    embedder: str
    dimension: int
    chunk_tokens: int
    chunk_overlap: int
    # An index without this key was made before titles were embedded.
    chunk_titles: bool = False

    @property
    def key(self) -> str:
        """A short name for this way of indexing; part of the Chroma collections' names."""
        told = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()[:10]

    @classmethod
    def of(cls, embedder: str, dimension: int, settings: Settings) -> Fingerprint:
        return cls(
            embedder,
            dimension,
            settings.chunk_tokens,
            settings.chunk_overlap,
            settings.chunk_titles,
        )


def stored(connection: Connection) -> Fingerprint | None:
    """The fingerprint of the index, or None before the first ingest."""
    value = get_meta(connection, _NAME)
    return None if value is None else Fingerprint(**json.loads(value))


def store(connection: Connection, fingerprint: Fingerprint) -> None:
    set_meta(connection, _NAME, json.dumps(asdict(fingerprint), sort_keys=True))


def check(
    connection: Connection, settings: Settings, embedder: str, dimension: int | None = None
) -> None:
    """Raise `IndexMismatch` where the index was made otherwise, or is half rebuilt."""
    found = stored(connection)
    if found is None:
        return
    if found.embedder != embedder or (dimension or found.dimension) != found.dimension:
        raise IndexMismatch(
            f"The index was made with the embedding model {found.embedder} ({found.dimension} "
            f"numbers), but the settings say {embedder}: set `embedding` back, or run "
            f"`{REBUILD}` to make the index anew."
        )
    if (found.chunk_tokens, found.chunk_overlap) != (settings.chunk_tokens, settings.chunk_overlap):
        raise IndexMismatch(
            f"The index was made with chunks of {found.chunk_tokens} tokens and an overlap of "
            f"{found.chunk_overlap}, but the settings say {settings.chunk_tokens} and "
            f"{settings.chunk_overlap}: set `chunk_tokens` and `chunk_overlap` back, or run "
            f"`{REBUILD}` to make the index anew."
        )
    if found.chunk_titles != settings.chunk_titles:
        raise IndexMismatch(
            f"The vectors were made {'with' if found.chunk_titles else 'without'} the articles' "
            "titles, but the settings say otherwise: set `chunk_titles` back, or run "
            f"`{REBUILD}` to make the index anew."
        )
    stale = select(articles.c.id).where(articles.c.index_key != found.key).limit(1)
    if connection.execute(stale).first() is not None:
        raise IndexMismatch(
            f"The index was being made anew and that was interrupted: run `{REBUILD}` to finish it."
        )


def generation(connection: Connection) -> int:
    """How often the vectors were written; a reader that saw another number opens them afresh."""
    return int(get_meta(connection, _GENERATION) or 0)


def next_generation(connection: Connection) -> int:
    number = generation(connection) + 1
    set_meta(connection, _GENERATION, str(number))
    return number


def get_meta(connection: Connection, name: str) -> str | None:
    return connection.execute(select(meta.c.value).where(meta.c.name == name)).scalar_one_or_none()


def set_meta(connection: Connection, name: str, value: str) -> None:
    connection.execute(delete(meta).where(meta.c.name == name))
    connection.execute(insert(meta).values(name=name, value=value))
