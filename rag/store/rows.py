"""Between SQL rows and the shared values."""

from __future__ import annotations

import json
from typing import Any, cast

from sqlalchemy import Row

from rag.store.filters import day_from_number, day_number
from rag.types import Article, ArticleInfo, Chunk, Mask, Published, PublishedIs, Sentence


def label(info: ArticleInfo) -> str:
    """What the source filter looks in."""
    return f"{info.source}\n{info.outlet or ''}".casefold()


def heading(info: ArticleInfo) -> str:
    """What the article list's search looks in."""
    return f"{info.id}\n{info.title or ''}".casefold()


def info_values(info: ArticleInfo) -> dict[str, Any]:
    """An article's metadata as columns."""
    return {
        "id": info.id,
        "title": info.title,
        "source": info.source,
        "outlet": info.outlet,
        "language": info.language,
        "published_on": day_number(info.published.on),
        "published_how": info.published.how,
        "published_reason": info.published.reason,
        "authors": json.dumps(info.authors, ensure_ascii=False),
        "label": label(info),
        "heading": heading(info),
    }


def masks_json(article: Article) -> str:
    return json.dumps(
        [[mask.start, mask.end, mask.reason] for mask in article.masks], ensure_ascii=False
    )


def to_masks(written: str) -> tuple[Mask, ...]:
    return tuple(Mask(start, end, reason) for start, end, reason in json.loads(written))


def to_info(row: Row[Any]) -> ArticleInfo:
    return ArticleInfo(
        id=row.id,
        title=row.title,
        source=row.source,
        outlet=row.outlet,
        language=row.language,
        published=Published(
            day_from_number(row.published_on),
            cast(PublishedIs | None, row.published_how),
            row.published_reason,
        ),
        authors=tuple(json.loads(row.authors)),
        sha256=row.sha256,
        witness=row.witness,
    )


def to_sentence(article_id: str, text: str, row: Row[Any]) -> Sentence:
    return Sentence(article_id, row.idx, row.start, row.end, text[row.start : row.end])


def to_chunk(article_id: str, text: str, row: Row[Any]) -> Chunk:
    return Chunk(
        id=row.id,
        article_id=article_id,
        index=row.idx,
        start=row.start,
        end=row.end,
        first_sentence=row.first_sentence,
        last_sentence=row.last_sentence,
        text=text[row.start : row.end],
        language=row.language,
    )


def searched_words(article: Article, chunk: Chunk) -> str:
    """The chunk's words without what is masked: only quotable text is indexed."""
    kept = article.sentences[chunk.first_sentence : chunk.last_sentence + 1]
    return "\n".join(sentence.text for sentence in kept)
