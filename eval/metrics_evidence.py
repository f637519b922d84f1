"""Quotes against articles and gold: exactness, recall, precision. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from eval.cases import Gold, GoldCase, TextOf
from rag.types import Answer, Quote, text_sha256

# A quote covers an excerpt when it holds at least this share of it: a sentence that was split
# elsewhere still counts, a neighbour that merely touches it does not.
COVERED = 0.5


class Place(Protocol):
    """Code points [start, end) of an article: a quote, a sentence, a chunk."""

    @property
    def article_id(self) -> str: ...
    @property
    def start(self) -> int: ...
    @property
    def end(self) -> int: ...


def cited_quotes(answer: Answer) -> list[Quote]:
    """The quotes that statements or the sides of a conflict stand on.

    A refusal's `nearest` are shown, but nothing is claimed on them.
    """
    numbers = {n for statement in answer.statements for n in statement.quotes}
    numbers |= {n for conflict in answer.conflicts for side in conflict.sides for n in side.quotes}
    return [quote for quote in answer.quotes if quote.n in numbers]


def quote_faults(quote: Quote, text_of: TextOf) -> list[str]:
    """Readable reasons why the quote is not exactly its article's words; empty if it is."""
    text = text_of(quote.article_id)
    if text is None:
        return [f"[{quote.n}] quotes {quote.article_id}, which is not in the corpus"]
    faults = []
    at = f"[{quote.n}] {quote.article_id} {quote.start}-{quote.end}"
    if not quote.text or not 0 <= quote.start < quote.end <= len(text):
        faults.append(f"{at}: empty or outside the article's {len(text)} characters")
    elif text[quote.start : quote.end] != quote.text:
        faults.append(f"{at}: the article has {text[quote.start : quote.end][:60]!r} there")
    if quote.article_sha256 != text_sha256(text):
        faults.append(f"{at}: the SHA-256 is not that of the article's text")
    return faults


def covers(place: Place, gold: Gold) -> bool:
    """Whether the place holds at least half of the excerpt, where the excerpt stands."""
    if place.article_id != gold.article_id:
        return False
    shared = min(place.end, gold.end) - max(place.start, gold.start)
    return shared >= COVERED * (gold.end - gold.start)


def evidence_recall(quotes: Sequence[Quote], groups: Sequence[Sequence[Gold]]) -> float:
    """Share of the groups of which some excerpt is covered. `groups` must not be empty."""
    met = sum(any(covers(q, g) for q in quotes for g in group) for group in groups)
    return met / len(groups)


def relevant(quote: Quote, gold: GoldCase) -> bool:
    """Whether the quote stands on anything that is fair to cite."""
    return any(covers(quote, g) for group in (*gold.groups, gold.also) for g in group)
