"""Telling Chroma what SQL has already decided.

Each transaction that changes articles also writes here what must happen to the vectors, so
the two can only differ by what still lies in this table. Applying it is idempotent: a crash
at any point, between any two steps, is mended by applying it again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, delete, func, insert, select

from rag.store import fingerprint
from rag.store.database import Database
from rag.store.schema import outbox
from rag.store.vectors import VectorIndex, VectorRow, VectorSession

_AT_ONCE = 2_000  # rows applied in one go: some 3 MB of vectors of 384 numbers


def put(connection: Connection, language: str, rows: Iterable[VectorRow]) -> None:
    _write(connection, "put", language, rows)


def describe(connection: Connection, language: str, rows: Iterable[VectorRow]) -> None:
    """Only what the chunks can be filtered by has changed."""
    _write(connection, "meta", language, rows)


def drop(connection: Connection, rows: Iterable[tuple[str, str, str]]) -> None:
    """Take vectors away: rows of (chunk id, article id, language)."""
    values = [
        {"op": "drop", "chunk_id": chunk, "article_id": article, "language": language}
        for chunk, article, language in rows
    ]
    if values:
        connection.execute(insert(outbox), values)


def pending(connection: Connection) -> int:
    return connection.execute(select(func.count()).select_from(outbox)).scalar_one()


def flush(database: Database, vectors: VectorIndex) -> int:
    """Apply all that is pending; returns how many rows that was. The caller holds the write lock.

    The generation is counted up before the vectors are touched: should this process die in
    between, every other one still opens Chroma afresh.
    """
    done = 0
    while True:
        with database.read() as connection:
            found = fingerprint.stored(connection)
            rows = connection.execute(select(outbox).order_by(outbox.c.seq).limit(_AT_ONCE)).all()
        if not rows or found is None:
            return done
        with vectors.session() as session:
            with database.write() as connection:
                number = fingerprint.next_generation(connection)
            session.wrote(number)
            for op, run in groupby(rows, key=lambda row: str(row.op)):
                _apply(session, found.key, op, list(run))
            with database.write() as connection:
                connection.execute(delete(outbox).where(outbox.c.seq <= rows[-1].seq))
        done += len(rows)


def _apply(session: VectorSession, key: str, op: str, rows: Sequence[Row[Any]]) -> None:
    by_language: dict[str, dict[str, Row[Any]]] = {}
    for row in rows:
        # A chunk twice in one run: the last word counts, and Chroma refuses doubles.
        by_language.setdefault(row.language, {})[row.chunk_id] = row
    for language, last in by_language.items():
        if op == "drop":
            session.drop(key, language, list(last))
        elif op == "put":
            session.put(key, language, [_vector_row(row) for row in last.values()])
        else:
            session.describe(key, language, [_vector_row(row) for row in last.values()])


def _vector_row(row: Row[Any]) -> VectorRow:
    vector = np.frombuffer(row.vector or b"", dtype=np.float32)
    return VectorRow(row.chunk_id, row.article_id, row.published_on, vector)


def _write(connection: Connection, op: str, language: str, rows: Iterable[VectorRow]) -> None:
    values = [
        {
            "op": op,
            "chunk_id": row.chunk_id,
            "language": language,
            "article_id": row.article_id,
            "published_on": row.published_on,
            "vector": row.vector.astype(np.float32).tobytes() if op == "put" else None,
        }
        for row in rows
    ]
    if values:
        connection.execute(insert(outbox), values)
