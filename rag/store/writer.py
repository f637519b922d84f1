"""Writing articles: rows, chunks, lexical index, means and the vectors' outbox, in one go.

Every function works within the caller's transaction, so an article is there with all that
belongs to it or not at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from rag.store import means, outbox, witnesses
from rag.store.filters import day_number
from rag.store.lexical import Fts5Index, IndexRow, context_text
from rag.store.rows import info_values, masks_json, searched_words
from rag.store.schema import articles, bin_articles, chunks, sentences, texts
from rag.store.vectors import VectorRow
from rag.types import Article, ArticleInfo, Chunk

_MOST_VARIABLES = 500  # of one IN (…); SQLite before 3.32 takes 999


@dataclass(frozen=True, slots=True)
class Prepared:
    """An article ready to be written: cut, embedded and signed."""

    article: Article
    chunks: tuple[Chunk, ...]
    vectors: NDArray[np.float32]  # (len(chunks), dimension)
    origin: str
    content_key: str
    info_key: str
    index_key: str
    signature: NDArray[np.uint64] | None  # None: too short to be compared


def write_articles(connection: Connection, prepared: Sequence[Prepared]) -> None:
    """Write articles, replacing those of the same id, in the bin too."""
    ids = [item.article.info.id for item in prepared]
    remove_articles(connection, ids)
    for start in range(0, len(ids), _MOST_VARIABLES):
        some = ids[start : start + _MOST_VARIABLES]
        connection.execute(delete(bin_articles).where(bin_articles.c.id.in_(some)))
    keys = {item.article.info.id: _write_rows(connection, item) for item in prepared}
    for item in prepared:
        _write_index(connection, item, keys[item.article.info.id])
    witnesses.changed(connection, {keys[i.article.info.id]: i.signature for i in prepared})


def remove_articles(connection: Connection, article_ids: Sequence[str]) -> int:
    """Take articles and all that belongs to them away; returns how many there were."""
    removed = 0
    for start in range(0, len(article_ids), _MOST_VARIABLES):
        some = article_ids[start : start + _MOST_VARIABLES]
        found = connection.execute(
            select(articles.c.key, articles.c.id).where(articles.c.id.in_(some))
        ).all()
        keys = [row.key for row in found]
        if keys:
            _forget_chunks(connection, keys)
            means.remove_articles(connection, keys)
            witnesses.removing(connection, keys)
            connection.execute(delete(articles).where(articles.c.key.in_(keys)))
        removed += len(keys)
    return removed


def write_info(
    connection: Connection, info: ArticleInfo, *, origin: str, info_key: str, content_key: str
) -> None:
    """Change what is known of an article whose text, language and chunks stay as they are."""
    here = articles.c.id == info.id
    values = info_values(info) | {
        "origin": origin,
        "info_key": info_key,
        "content_key": content_key,
    }
    connection.execute(update(articles).where(here).values(values))
    refresh_lexical(connection, [info.id])
    rows = connection.execute(
        select(chunks.c.id, chunks.c.language)
        .join(articles, articles.c.key == chunks.c.article_key)
        .where(here)
    ).all()
    by_language: dict[str, list[VectorRow]] = defaultdict(list)
    nothing = np.empty(0, dtype=np.float32)
    for row in rows:
        by_language[row.language].append(
            VectorRow(row.id, info.id, day_number(info.published.on), nothing)
        )
    for language, described in by_language.items():
        outbox.describe(connection, language, described)


def replace_chunks(connection: Connection, article_key: int, item: Prepared) -> None:
    """Put new chunks and vectors in the place of an article's old ones (a rebuild)."""
    _forget_chunks(connection, [article_key])
    means.remove_articles(connection, [article_key])
    connection.execute(delete(chunks).where(chunks.c.article_key == article_key))
    connection.execute(
        update(articles).where(articles.c.key == article_key).values(index_key=item.index_key)
    )
    _write_index(connection, item, article_key)


def refresh_lexical(connection: Connection, article_ids: Sequence[str] | None = None) -> None:
    """Make the lexical rows of some articles (None: of all) anew from what SQL holds."""
    from rag.store.reading import read_article, read_chunks_of

    if article_ids is None:
        every = select(articles.c.id).order_by(articles.c.key)
        article_ids = connection.execute(every).scalars().all()
    for article_id in article_ids:
        article = read_article(connection, article_id)
        if article is None:
            continue
        found = read_chunks_of(connection, article)
        rows = [
            IndexRow(key, searched_words(article, chunk), chunk.language) for key, chunk in found
        ]
        Fts5Index.remove(connection, [row.key for row in rows])
        Fts5Index.add(connection, rows, context_text(article.info))


def _write_rows(connection: Connection, item: Prepared) -> int:
    """The article with its text and sentences; returns its key."""
    article = item.article
    values = info_values(article.info) | {
        "sha256": article.info.sha256,
        "witness": article.info.id,
        "origin": item.origin,
        "content_key": item.content_key,
        "info_key": item.info_key,
        "index_key": item.index_key,
    }
    returned = insert(articles).values(values).returning(articles.c.key)
    key: int = connection.execute(returned).scalar_one()
    connection.execute(
        insert(texts).values(article_key=key, text=article.text, masks=masks_json(article))
    )
    if article.sentences:
        connection.execute(
            insert(sentences),
            [
                {"article_key": key, "idx": s.index, "start": s.start, "end": s.end}
                for s in article.sentences
            ],
        )
    return key


def _write_index(connection: Connection, item: Prepared, article_key: int) -> None:
    """Chunks, their lexical rows, their part in the means, and their vectors' outbox."""
    if not item.chunks:
        return
    connection.execute(
        insert(chunks),
        [
            {
                "id": c.id,
                "article_key": article_key,
                "idx": c.index,
                "start": c.start,
                "end": c.end,
                "first_sentence": c.first_sentence,
                "last_sentence": c.last_sentence,
                "language": c.language,
            }
            for c in item.chunks
        ],
    )
    keys = connection.execute(
        select(chunks.c.id, chunks.c.key).where(chunks.c.article_key == article_key)
    ).all()
    key_of = {row.id: row.key for row in keys}
    info = item.article.info
    Fts5Index.add(
        connection,
        [IndexRow(key_of[c.id], searched_words(item.article, c), c.language) for c in item.chunks],
        context_text(info),
    )
    by_language: dict[str, list[int]] = defaultdict(list)
    for position, chunk in enumerate(item.chunks):
        by_language[chunk.language].append(position)
    means.add_article(
        connection, article_key, {name: item.vectors[where] for name, where in by_language.items()}
    )
    day = day_number(info.published.on)
    for language, positions in by_language.items():
        outbox.put(
            connection,
            language,
            [VectorRow(item.chunks[p].id, info.id, day, item.vectors[p]) for p in positions],
        )


def _forget_chunks(connection: Connection, article_keys: Sequence[int]) -> None:
    """Take the chunks out of the lexical index and tell Chroma; the rows go with the article."""
    found = connection.execute(
        select(chunks.c.key, chunks.c.id, chunks.c.language, articles.c.id.label("article_id"))
        .join(articles, articles.c.key == chunks.c.article_key)
        .where(chunks.c.article_key.in_(bindparam("keys", list(article_keys), expanding=True)))
    ).all()
    Fts5Index.remove(connection, [row.key for row in found])
    outbox.drop(connection, [(row.id, row.article_id, row.language) for row in found])
