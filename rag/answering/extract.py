"""The composer without an LLM: the best sentences themselves, with who says it and when.

Each statement is an introduction made of the article's metadata, then the sentence verbatim.
"""

from __future__ import annotations

from collections.abc import Sequence

from rag.answering.phrases import quoted
from rag.answering.wording import day, plain
from rag.types import ArticleInfo, Draft, Evidence

MAX_STATEMENTS = 4
# A sentence below this share of the best one's score is left out: it is there because it was
# next, and not because it answers.
KEEP_RATIO = 0.6
# A second sentence of an article that has already spoken has to be nearly as good as the best.
SAME_WITNESS_RATIO = 0.85

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


def extract(question: str, language: str, evidence: Sequence[Evidence]) -> list[Draft]:
    """One to four statements in `language`, best first; none when there is no evidence.

    Several witnesses are preferred to several sentences of one.
    """
    return [Draft(introduced(item, language), (item.n,)) for item in chosen(evidence)]


def chosen(evidence: Sequence[Evidence]) -> list[Evidence]:
    """The evidence worth saying: near the best in score, no sentence twice."""
    ranked = sorted(evidence, key=lambda item: (-item.score, item.n))
    kept: list[Evidence] = []
    seen: set[str] = set()
    witnesses: set[str] = set()
    for item in ranked:
        best = ranked[0].score
        ratio = SAME_WITNESS_RATIO if item.article.witness in witnesses else KEEP_RATIO
        key = plain(item.sentence.text)
        if len(kept) == MAX_STATEMENTS or (kept and item.score < ratio * best):
            continue
        if not key or key in seen:
            continue
        kept.append(item)
        seen.add(key)
        witnesses.add(item.article.witness)
    return kept


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
