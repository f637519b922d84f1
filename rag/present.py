"""Plain values and plain text of what the doors show: no HTML, no terminal codes."""

from __future__ import annotations

from datetime import date
from typing import Any

from rag.answering.phrases import phrase
from rag.answering.wording import day
from rag.types import Answer, Article, ArticleInfo, Quote


def info_value(info: ArticleInfo) -> dict[str, Any]:
    """An article without its text, as JSON."""
    return {
        "article_id": info.id,
        "title": info.title,
        "source": info.source,
        "outlet": info.outlet,
        "language": info.language,
        "published": info.published.on.isoformat() if info.published.on else None,
        "published_is": info.published.how,
        "published_reason": info.published.reason,
        "authors": list(info.authors),
        "article_sha256": info.sha256,
        "witness": info.witness,
    }


def article_value(article: Article) -> dict[str, Any]:
    """An article with its text and what is masked in it, as JSON."""
    return {
        **info_value(article.info),
        "masks": [{"start": m.start, "end": m.end, "reason": m.reason} for m in article.masks],
        "sentences": [{"start": s.start, "end": s.end} for s in article.sentences],
        "text": article.text,
    }


def quote_origin(quote: Quote, language: str) -> str:
    """Who says it and when: `SVT, 23 April 2025 (inferred date)`."""
    name = quote.outlet or quote.title or quote.source
    if quote.published is None:
        return f"{name}, {phrase('undated', language)}"
    on = day(date.fromisoformat(quote.published), language)
    note = f" ({phrase('inferred', language)})" if quote.published_is == "inferred" else ""
    return f"{name}, {on}{note}"


def answer_text(answer: Answer) -> str:
    """The answer, its quotes and what was removed, as plain text for a terminal or a room."""
    lines = [answer.answer]
    if answer.quotes:
        lines.append("")
    if answer.refusal is not None and answer.quotes:
        lines.append(phrase("nearest", answer.language))
    for quote in answer.quotes:
        lines.append(f"[{quote.n}] {quote_origin(quote, answer.language)}")
        lines.append(f"    {' '.join(quote.text.split())}")
        lines.append(f"    {quote.article_id} {quote.start}–{quote.end}")
    if answer.removed:
        lines.append("")
        lines += [
            phrase("removed", answer.language, text=r.text, reason=r.reason) for r in answer.removed
        ]
    return "\n".join(lines)
