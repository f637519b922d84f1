"""From statements that passed verification to the parts of an `Answer`.

Here evidence becomes quotes: numbered 1, 2, 3 in order of first use, each a slice of its
article. Nothing else in the program makes a quote.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rag.answering.conflicts import ConflictDraft
from rag.answering.phrases import phrase, quoted
from rag.answering.wording import day
from rag.types import (
    ArticleInfo,
    Conflict,
    Evidence,
    EvidenceSet,
    Quote,
    Sentence,
    Side,
    Statement,
)

# "[3]" in a statement's own words would read as the mark of a quote.
_MARK_LIKE = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Accepted:
    """A statement that stands, and the evidence it stands on."""

    text: str
    evidence: tuple[Evidence, ...]


class Quotes:
    """Numbers quotes in order of first use."""

    def __init__(self, article_text: Callable[[str], str]) -> None:
        self._article_text = article_text
        self._numbers: dict[tuple[str, int, int], int] = {}
        self._quotes: list[Quote] = []

    def cite(self, evidence: Sequence[Evidence]) -> tuple[int, ...]:
        """The quote numbers of `evidence`, rising, each once."""
        return tuple(sorted({self._number(e) for e in evidence}))

    def all(self) -> tuple[Quote, ...]:
        return tuple(self._quotes)

    def _number(self, evidence: Evidence) -> int:
        sentence = evidence.sentence
        key = (sentence.article_id, sentence.start, sentence.end)
        if key not in self._numbers:
            self._numbers[key] = len(self._numbers) + 1
            text = self._article_text(sentence.article_id)
            self._quotes.append(_quote(self._numbers[key], evidence.article, sentence, text))
        return self._numbers[key]


def _quote(n: int, article: ArticleInfo, sentence: Sentence, article_text: str) -> Quote:
    published = article.published
    return Quote(
        n=n,
        article_id=article.id,
        source=article.source,
        outlet=article.outlet,
        title=article.title,
        published=published.on.isoformat() if published.on else None,
        published_is=published.how,
        language=article.language,
        start=sentence.start,
        end=sentence.end,
        text=article_text[sentence.start : sentence.end],
        article_sha256=article.sha256,
        witness=article.witness,
    )


def make_statements(accepted: Sequence[Accepted], quotes: Quotes) -> tuple[Statement, ...]:
    return tuple(
        Statement(text=_MARK_LIKE.sub(r"(\1)", a.text.strip()), quotes=quotes.cite(a.evidence))
        for a in accepted
    )


def prose(statements: Sequence[Statement]) -> str:
    """The statements joined, each followed by the marks of its quotes: `It fell. [1][2]`."""
    return " ".join(f"{s.text} {''.join(f'[{n}]' for n in s.quotes)}" for s in statements)


def conflict_statement(conflict: ConflictDraft, evidence: EvidenceSet, language: str) -> Accepted:
    """The sides of a conflict as one statement, each in its own words and with its origin."""
    told = []
    cited: list[Evidence] = []
    for side in conflict.sides:
        items = evidence.by_number(side.numbers)
        cited += items
        told.append(f"{_origin(items[0].article, language)}: {quoted(side.claim, language)}")
    text = f"{phrase('disagree', language)} {'; '.join(told)}."
    return Accepted(text, tuple(cited))


def conflict_value(conflict: ConflictDraft, evidence: EvidenceSet, quotes: Quotes) -> Conflict:
    return Conflict(
        about=conflict.about,
        sides=tuple(
            Side(claim=s.claim, quotes=quotes.cite(evidence.by_number(s.numbers)))
            for s in conflict.sides
        ),
    )


def _origin(article: ArticleInfo, language: str) -> str:
    name = article.outlet or article.title or article.id
    on = article.published.on
    if on is None:
        return name
    note = f", {phrase('inferred', language)}" if article.published.how == "inferred" else ""
    return f"{name} ({day(on, language)}{note})"
