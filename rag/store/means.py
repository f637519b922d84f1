"""Mean vectors of the languages, kept exactly while articles come, change and go.

Vectors are summed as 64-bit integers of 2^-30: integer sums do not depend on order and
adding then taking away restores the very same sum, so no ingest history can make the mean
drift. The rounding is 1e-9 of a unit vector's component; 2^33 vectors fit before overflow.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete, insert, select, update

from rag.store.schema import article_sums, language_sums

_SCALE = float(2**30)


def vector_sum(vectors: NDArray[np.float32]) -> NDArray[np.int64]:
    """The fixed-point sum of (n, dimension) vectors."""
    scaled: NDArray[np.int64] = np.rint(vectors.astype(np.float64) * _SCALE).astype(np.int64)
    return np.asarray(scaled.sum(axis=0), dtype=np.int64)


def add_article(
    connection: Connection, article_key: int, vectors: dict[str, NDArray[np.float32]]
) -> None:
    """Count in an article's chunk vectors, by language."""
    for language, rows in vectors.items():
        total = vector_sum(rows)
        connection.execute(
            insert(article_sums).values(
                article_key=article_key, language=language, number=len(rows), total=total.tobytes()
            )
        )
        _change(connection, language, len(rows), total)


def sums_of(connection: Connection, article_key: int) -> list[tuple[str, int, bytes]]:
    """An article's own sums: (language, number of vectors, 64-bit integers)."""
    own = select(article_sums).where(article_sums.c.article_key == article_key)
    return [(row.language, row.number, bytes(row.total)) for row in connection.execute(own)]


def replace_sums(
    connection: Connection, article_key: int, sums: Iterable[tuple[str, int, bytes]]
) -> None:
    """Count an article in by these sums, whatever it was counted in by."""
    remove_articles(connection, [article_key])
    for language, number, total in sums:
        connection.execute(
            insert(article_sums).values(
                article_key=article_key, language=language, number=number, total=total
            )
        )
        _change(connection, language, number, np.frombuffer(total, dtype=np.int64))


def remove_articles(connection: Connection, article_keys: Iterable[int]) -> None:
    """Count articles out again; their own sums go with their rows."""
    for key in article_keys:
        own = select(article_sums).where(article_sums.c.article_key == key)
        for row in connection.execute(own).all():
            total = np.frombuffer(row.total, dtype=np.int64)
            _change(connection, row.language, -row.number, -total)
        connection.execute(delete(article_sums).where(article_sums.c.article_key == key))


def language_mean(connection: Connection, language: str) -> NDArray[np.float32] | None:
    """The mean of a language's chunk vectors (not normalised), or None without any."""
    row = connection.execute(
        select(language_sums).where(language_sums.c.language == language)
    ).one_or_none()
    if row is None or row.number < 1:
        return None
    total = np.frombuffer(row.total, dtype=np.int64)
    return np.asarray(total / (_SCALE * row.number), dtype=np.float32)


def differing(connection: Connection) -> list[str]:
    """Languages whose kept sum is not the sum over its articles."""
    summed = _recompute(connection)
    kept = {
        row.language: (row.number, bytes(row.total))
        for row in connection.execute(select(language_sums))
    }
    wanted = {name: (count, total.tobytes()) for name, (count, total) in summed.items()}
    return sorted(
        name for name in kept.keys() | wanted.keys() if kept.get(name) != wanted.get(name)
    )


def rebuild(connection: Connection) -> None:
    """Make the languages' sums anew from the articles' own."""
    connection.execute(delete(language_sums))
    for language, (count, total) in _recompute(connection).items():
        connection.execute(
            insert(language_sums).values(language=language, number=count, total=total.tobytes())
        )


def _recompute(connection: Connection) -> dict[str, tuple[int, NDArray[np.int64]]]:
    summed: dict[str, tuple[int, NDArray[np.int64]]] = {}
    for row in connection.execute(select(article_sums)):
        total = np.frombuffer(row.total, dtype=np.int64)
        count, so_far = summed.get(row.language, (0, np.zeros_like(total)))
        summed[row.language] = (count + row.number, so_far + total)
    return summed


def _change(connection: Connection, language: str, count: int, total: NDArray[np.int64]) -> None:
    row = connection.execute(
        select(language_sums).where(language_sums.c.language == language)
    ).one_or_none()
    if row is None:
        connection.execute(
            insert(language_sums).values(language=language, number=count, total=total.tobytes())
        )
        return
    here = language_sums.c.language == language
    if row.number + count == 0:
        connection.execute(delete(language_sums).where(here))
        return
    new = np.frombuffer(row.total, dtype=np.int64) + total
    connection.execute(
        update(language_sums).where(here).values(number=row.number + count, total=new.tobytes())
    )
