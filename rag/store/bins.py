"""The bin: removed articles, kept so that they can be put back in milliseconds and without a model.

What is kept is the article and its index as they were: chunks, vectors, sums and signature. An
article that an ingest brings back leaves the bin; the rest is forgotten after `KEPT_DAYS`.
"""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Row, delete, insert, select

from rag.errors import StoreError
from rag.store import fingerprint, means, reading, writer
from rag.store.database import Database
from rag.store.keeping import forgotten_before, now
from rag.store.rows import to_info, to_masks
from rag.store.schema import articles, bin_articles, signatures, texts
from rag.store.vectors import VectorIndex
from rag.store.writer import Prepared
from rag.types import Article, ArticleInfo, Chunk, Sentence

_BESIDES = ("key", "label", "heading")  # of an article's row: made anew when it is put back


def chunks_of(connection: Connection, article_id: str) -> list[Chunk]:
    """An article's chunks in order; none where there is no such article."""
    article = reading.read_article(connection, article_id)
    if article is None:
        return []
    return [chunk for _, chunk in reading.read_chunks_of(connection, article)]


def vectors_of(
    database: Database, index: VectorIndex, cut: Sequence[Chunk]
) -> dict[str, NDArray[np.float32]]:
    """The vectors of chunks by chunk id, as far as they are there."""
    with database.read() as connection:
        made = fingerprint.stored(connection)
    by_language: dict[str, list[str]] = defaultdict(list)
    for chunk in cut:
        by_language[chunk.language].append(chunk.id)
    found: dict[str, NDArray[np.float32]] = {}
    if made is not None:
        with index.session() as session:
            for language, ids in by_language.items():
                found |= session.vectors(made.key, language, ids)
    return found


def keep(
    connection: Connection, article_id: str, vectors: Mapping[str, NDArray[np.float32]]
) -> bool:
    """Copy an article into the bin, in the transaction that removes it; False without one."""
    row = connection.execute(
        select(articles, texts.c.text, texts.c.masks, signatures.c.minhash)
        .join(texts, texts.c.article_key == articles.c.key)
        .join(signatures, signatures.c.article_key == articles.c.key, isouter=True)
        .where(articles.c.id == article_id)
    ).one_or_none()
    article = reading.read_article(connection, article_id)
    if row is None or article is None:
        return False
    cut = [chunk for _, chunk in reading.read_chunks_of(connection, article)]
    held = [vectors[chunk.id] for chunk in cut if chunk.id in vectors]
    values = {name: value for name, value in row._mapping.items() if name not in _BESIDES}
    connection.execute(delete(bin_articles).where(bin_articles.c.id == article_id))
    connection.execute(
        insert(bin_articles).values(
            **values,
            removed=now(),
            sentences=json.dumps([[s.start, s.end] for s in article.sentences]),
            chunks=json.dumps([_packed(chunk) for chunk in cut], ensure_ascii=False),
            vectors=np.stack(held).tobytes() if held and len(held) == len(cut) else None,
            sums=json.dumps(
                [
                    [language, number, base64.b64encode(total).decode("ascii")]
                    for language, number, total in means.sums_of(connection, row.key)
                ]
            ),
        )
    )
    return True


def put_back(connection: Connection, article_id: str) -> bool:
    """Write an article of the bin back as it was; False where it is not there.

    Raises `StoreError` where its index does not fit the present one.
    """
    row = connection.execute(
        select(bin_articles).where(bin_articles.c.id == article_id)
    ).one_or_none()
    if row is None:
        return False
    made = fingerprint.stored(connection)
    prepared = _prepared(row)
    if prepared is None or made is None or made.key != row.index_key:
        raise StoreError(
            f"The article {article_id} cannot be put back, since the index was made anew after "
            "it was removed: add its file again."
        )
    writer.write_articles(connection, [prepared])
    key = connection.execute(select(articles.c.key).where(articles.c.id == article_id)).scalar_one()
    # Chroma gives a vector back to the last bit but one, the sums are to be exact.
    sums = [(name, number, base64.b64decode(total)) for name, number, total in json.loads(row.sums)]
    means.replace_sums(connection, key, sums)
    return True


def listed(connection: Connection) -> list[ArticleInfo]:
    """The articles in the bin, the last removed first."""
    newest = select(bin_articles).order_by(bin_articles.c.removed.desc(), bin_articles.c.id)
    return [to_info(row) for row in connection.execute(newest)]


def purge(database: Database) -> int:
    """Forget what was removed more than `KEPT_DAYS` ago; returns how many."""
    old = bin_articles.c.removed < forgotten_before()
    with database.read() as connection:
        if connection.execute(select(bin_articles.c.id).where(old).limit(1)).first() is None:
            return 0
    with database.write() as connection:
        return connection.execute(delete(bin_articles).where(old)).rowcount


def _packed(chunk: Chunk) -> list[str | int]:
    return [
        chunk.id,
        chunk.start,
        chunk.end,
        chunk.first_sentence,
        chunk.last_sentence,
        chunk.language,
    ]


def _prepared(row: Row[Any]) -> Prepared | None:
    """The article as it was written; None where its vectors are not there."""
    text: str = row.text
    article = Article(
        info=to_info(row),
        text=text,
        masks=to_masks(row.masks),
        sentences=tuple(
            Sentence(row.id, index, start, end, text[start:end])
            for index, (start, end) in enumerate(json.loads(row.sentences))
        ),
    )
    cut = tuple(
        Chunk(name, row.id, index, start, end, first, last, text[start:end], language)
        for index, (name, start, end, first, last, language) in enumerate(json.loads(row.chunks))
    )
    if cut and row.vectors is None:
        return None
    vectors = np.frombuffer(row.vectors or b"", dtype=np.float32)
    return Prepared(
        article=article,
        chunks=cut,
        vectors=vectors.reshape(len(cut), -1) if cut else np.empty((0, 0), dtype=np.float32),
        origin=row.origin,
        content_key=row.content_key,
        info_key=row.info_key,
        index_key=row.index_key,
        signature=None if row.minhash is None else np.frombuffer(row.minhash, dtype=np.uint64),
    )
