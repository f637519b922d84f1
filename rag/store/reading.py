"""Reading articles, sentences and chunks back, within the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Column, Connection, and_, desc, func, or_, select

from rag.store.filters import conditions, day_from_number
from rag.store.lexical import Fts5Index, LexicalQuery
from rag.store.rows import to_chunk, to_info, to_masks, to_sentence
from rag.store.schema import articles, chunks, sentences, texts
from rag.types import Article, ArticleInfo, Chunk, Filters, Sentence

_MOST_VARIABLES = 500


@dataclass(frozen=True, slots=True)
class Owner:
    """What ranking needs to know of a chunk's article, without its text."""

    article_id: str
    witness: str
    published_on: date | None
    language: str  # the chunk's


def read_infos(connection: Connection, article_ids: Sequence[str]) -> dict[str, ArticleInfo]:
    found = {}
    for some in _slices(article_ids):
        rows = connection.execute(select(articles).where(articles.c.id.in_(some)))
        found.update({row.id: to_info(row) for row in rows})
    return found


def read_article(connection: Connection, article_id: str) -> Article | None:
    row = connection.execute(
        select(articles, texts.c.text, texts.c.masks)
        .join(texts, texts.c.article_key == articles.c.key)
        .where(articles.c.id == article_id)
    ).one_or_none()
    if row is None:
        return None
    spans = connection.execute(
        select(sentences).where(sentences.c.article_key == row.key).order_by(sentences.c.idx)
    )
    return Article(
        info=to_info(row),
        text=row.text,
        masks=to_masks(row.masks),
        sentences=tuple(to_sentence(article_id, row.text, span) for span in spans),
    )


def read_sentences(
    connection: Connection, article_id: str, first: int, last: int
) -> list[Sentence]:
    """Sentences `first` to `last`, inclusive; those that do not exist are left out."""
    row = connection.execute(
        select(articles.c.key, texts.c.text)
        .join(texts, texts.c.article_key == articles.c.key)
        .where(articles.c.id == article_id)
    ).one_or_none()
    if row is None:
        return []
    spans = connection.execute(
        select(sentences)
        .where(sentences.c.article_key == row.key, sentences.c.idx.between(first, last))
        .order_by(sentences.c.idx)
    )
    return [to_sentence(article_id, row.text, span) for span in spans]


def read_chunks(connection: Connection, chunk_ids: Sequence[str]) -> dict[str, Chunk]:
    """Chunks by id, in the order asked for; unknown ids are left out."""
    found: dict[str, Chunk] = {}
    text_of: dict[int, str] = {}
    for some in _slices(chunk_ids):
        rows = connection.execute(
            select(chunks, articles.c.id.label("article_id"))
            .join(articles, articles.c.key == chunks.c.article_key)
            .where(chunks.c.id.in_(some))
        ).all()
        wanted = {row.article_key for row in rows} - text_of.keys()
        for text in connection.execute(
            select(texts.c.article_key, texts.c.text).where(texts.c.article_key.in_(wanted))
        ):
            text_of[text.article_key] = text.text
        for row in rows:
            found[row.id] = to_chunk(row.article_id, text_of[row.article_key], row)
    return {chunk_id: found[chunk_id] for chunk_id in chunk_ids if chunk_id in found}


def read_chunks_of(connection: Connection, article: Article) -> list[tuple[int, Chunk]]:
    """An article's chunks in order, each with its SQL key."""
    rows = connection.execute(
        select(chunks)
        .join(articles, articles.c.key == chunks.c.article_key)
        .where(articles.c.id == article.info.id)
        .order_by(chunks.c.idx)
    )
    return [(row.key, to_chunk(article.info.id, article.text, row)) for row in rows]


def known_chunks(connection: Connection, chunk_ids: Sequence[str]) -> set[str]:
    """Those of the ids that SQL holds."""
    found: set[str] = set()
    for some in _slices(chunk_ids):
        found.update(connection.execute(select(chunks.c.id).where(chunks.c.id.in_(some))).scalars())
    return found


def read_owners(connection: Connection, chunk_ids: Sequence[str]) -> dict[str, Owner]:
    """The articles that chunks belong to, by chunk id; unknown ids are left out."""
    found: dict[str, Owner] = {}
    for some in _slices(chunk_ids):
        rows = connection.execute(
            select(chunks.c.id, articles.c.id.label("article_id"), articles.c.witness,
                   articles.c.published_on, chunks.c.language)
            .join(articles, articles.c.key == chunks.c.article_key)
            .where(chunks.c.id.in_(some))
        )  # fmt: skip
        found.update(
            {
                r.id: Owner(r.article_id, r.witness, day_from_number(r.published_on), r.language)
                for r in rows
            }
        )
    return found


def list_articles(
    connection: Connection, search: str | None, filters: Filters, offset: int, limit: int
) -> tuple[list[ArticleInfo], int]:
    """A page of articles, newest first (undated last), and how many there are in all."""
    wanted = conditions(filters)
    if search and search.strip():
        folded = search.strip().casefold()
        either = [
            articles.c.heading.contains(folded, autoescape=True),
            articles.c.label.contains(folded, autoescape=True),
        ]
        matching = Fts5Index.articles_with_all(LexicalQuery.from_question(search, ""))
        if matching is not None:
            either.append(articles.c.key.in_(matching))
        wanted.append(or_(*either))
    where = and_(True, *wanted)
    total = connection.execute(select(func.count()).select_from(articles).where(where)).scalar_one()
    rows = connection.execute(
        select(articles)
        .where(where)
        .order_by(desc(articles.c.published_on).nulls_last(), articles.c.id)
        .offset(offset)
        .limit(limit)
    )
    return [to_info(row) for row in rows], total


def frequencies(connection: Connection, column: Column[Any]) -> list[tuple[str, int]]:
    """(value, number of articles) of a column of `articles`, the most frequent first."""
    number = func.count().label("number")
    rows = connection.execute(
        select(column.label("value"), number)
        .where(column.is_not(None))
        .group_by(column)
        .order_by(number.desc(), column)
    )
    return [(row.value, row.number) for row in rows]


def first_and_last_day(connection: Connection) -> tuple[date | None, date | None]:
    day = articles.c.published_on
    row = connection.execute(select(func.min(day), func.max(day))).one()
    return day_from_number(row[0]), day_from_number(row[1])


def _slices(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), _MOST_VARIABLES):
        yield ids[start : start + _MOST_VARIABLES]
