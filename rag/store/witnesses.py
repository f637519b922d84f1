"""Which articles are one witness: near-duplicates, found by MinHash and kept up incrementally.

A witness is a connected group of articles each of which nearly equals another of the group;
its name is the smallest article id in it. Candidates come from locality-sensitive hashing:
signatures are cut into bands of `_ROWS` numbers, and only articles that share a whole band
are compared (Leskovec, Rajaraman, Ullman: Mining of Massive Datasets, 3.4). The bands live
in SQL, so memory does not grow with the store.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
from sqlalchemy import Connection, delete, insert, select, tuple_, update

from rag.corpus.duplicates import THRESHOLD, Signature
from rag.store.schema import articles, bands, signatures

# 4 numbers a band, so 32 bands of 128: 98.8% of the pairs at 0.6 share one.
_ROWS = 4


def changed(connection: Connection, signed: Mapping[int, Signature | None]) -> None:
    """Group articles just written (key -> signature) with those they nearly equal."""
    for key, signature in signed.items():
        if signature is None:
            continue
        cut = _bands(signature)
        near = _neighbours(connection, key, signature, cut)
        connection.execute(insert(signatures).values(article_key=key, minhash=signature.tobytes()))
        connection.execute(
            insert(bands), [{"band": b, "hash": h, "article_key": key} for b, h in cut]
        )
        if near:
            _merge(connection, [key, *near])


def removing(connection: Connection, keys: Sequence[int]) -> None:
    """Before articles go: those they held together as one witness are grouped anew."""
    names = set(
        connection.execute(select(articles.c.witness).where(articles.c.key.in_(keys))).scalars()
    )
    left = connection.execute(
        select(articles.c.key, articles.c.id, signatures.c.minhash)
        .join(signatures, signatures.c.article_key == articles.c.key)
        .where(articles.c.witness.in_(names), articles.c.key.not_in(keys))
        .order_by(articles.c.id)
    ).all()
    # Their own rows of bands must go now: the foreign key would take them only later.
    connection.execute(delete(bands).where(bands.c.article_key.in_(keys)))
    connection.execute(delete(signatures).where(signatures.c.article_key.in_(keys)))
    if not left:
        return
    table = np.stack([np.frombuffer(row.minhash, dtype=np.uint64) for row in left])
    for group in _components(table):
        name = left[group[0]].id  # rows are in order of id
        members = [left[position].key for position in group]
        connection.execute(update(articles).where(articles.c.key.in_(members)).values(witness=name))


def _components(table: Signature) -> list[list[int]]:
    """Connected groups of the rows of `table`, each in rising order."""
    waiting = np.arange(len(table))
    groups = []
    while len(waiting):
        group, frontier = [], [int(waiting[0])]
        waiting = waiting[1:]
        while frontier:
            here = frontier.pop()
            group.append(here)
            near = (table[waiting] == table[here]).mean(axis=1) >= THRESHOLD
            frontier.extend(int(position) for position in waiting[near])
            waiting = waiting[~near]
        groups.append(sorted(group))
    return groups


def _merge(connection: Connection, keys: Sequence[int]) -> None:
    names = set(
        connection.execute(select(articles.c.witness).where(articles.c.key.in_(keys))).scalars()
    )
    connection.execute(
        update(articles).where(articles.c.witness.in_(names)).values(witness=min(names))
    )


def _neighbours(
    connection: Connection, key: int, signature: Signature, cut: Sequence[tuple[int, int]]
) -> list[int]:
    candidates = (
        select(bands.c.article_key)
        .where(tuple_(bands.c.band, bands.c.hash).in_(cut), bands.c.article_key != key)
        .distinct()
    )
    rows = connection.execute(select(signatures).where(signatures.c.article_key.in_(candidates)))
    return [
        row.article_key
        for row in rows
        if np.mean(np.frombuffer(row.minhash, dtype=np.uint64) == signature) >= THRESHOLD
    ]


def _bands(signature: Signature) -> list[tuple[int, int]]:
    """(band, hash) pairs; the hash is 63 bits, as SQLite's integers are signed."""
    found = []
    for band, start in enumerate(range(0, len(signature) - _ROWS + 1, _ROWS)):
        digest = hashlib.blake2b(signature[start : start + _ROWS].tobytes(), digest_size=8).digest()
        found.append((band, int.from_bytes(digest, "big") >> 1))
    return found
