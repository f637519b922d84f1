"""The composer without an LLM: the best sentences themselves, with who says it and when.

Each statement is an introduction made of the article's metadata, then the sentence verbatim.
"""

from __future__ import annotations

from collections.abc import Sequence

from rag.answering.phrases import quoted
from rag.answering.wording import day, plain
from rag.calibration import Extracting
from rag.types import ArticleInfo, Draft, Evidence

_INTRODUCTIONS = {
    "en": {
        "stated": "{outlet}, {date}: {quote}",
        "inferred": "{outlet}, {date} (inferred date): {quote}",
        "undated": "{outlet} (undated): {quote}",
    },
    "sv": {
        "stated": "{outlet}, {date}: {quote}",
        "inferred": "{outlet}, {date} (uppskattat datum): {quote}",
        "undated": "{outlet} (odaterad): {quote}",
    },
}


def extract(
    question: str,
    language: str,
    evidence: Sequence[Evidence],
    extracting: Extracting,
) -> list[Draft]:
    """One to `extracting.most` statements in `language`, best first; none without evidence."""
    return [Draft(introduced(item, language), (item.n,)) for item in chosen(evidence, extracting)]


def chosen(evidence: Sequence[Evidence], extracting: Extracting) -> list[Evidence]:
    """The evidence worth saying: near the best in score, no sentence twice."""
    ranked = sorted(evidence, key=lambda item: (-item.score, item.n))
    kept: dict[str, Evidence] = {}
    for item in ranked:
        key = plain(item.sentence.text)
        if key and key not in kept and item.score >= extracting.ratio * ranked[0].score:
            kept[key] = item
    return list(kept.values())[: extracting.most]


def introduced(item: Evidence, language: str) -> str:
    """`SVT, 23 April 2025 (inferred date): “…”`, the sentence exactly as it stands."""
    forms = _INTRODUCTIONS.get(language, _INTRODUCTIONS["en"])
    published = item.article.published
    kind = "undated" if published.on is None else published.how or "inferred"
    when = "" if published.on is None else day(published.on, language)
    quote = quoted(item.sentence.text, language)
    return forms[kind].format(outlet=speaker(item.article), date=when, quote=quote)


def speaker(article: ArticleInfo) -> str:
    """The name to put before a quote: the outlet, else the title, else the id."""
    return article.outlet or article.title or article.id
