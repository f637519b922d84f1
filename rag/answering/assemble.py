"""From statements that passed verification to the parts of an `Answer`.

Here evidence becomes quotes: numbered 1, 2, 3 in order of first use, each a slice of its
article. Nothing else in the program makes a quote.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rag.answering.changes import ChangeDraft
from rag.answering.conflicts import ConflictDraft
from rag.answering.extract import introduced
from rag.answering.figures import SideDraft
from rag.answering.phrases import phrase, quoted
from rag.answering.premise import Contradiction
from rag.answering.wording import day
from rag.types import (
    ArticleInfo,
    Change,
    Conflict,
    Evidence,
    EvidenceSet,
    Quote,
    Sentence,
    Side,
    Statement,
    Step,
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
    told = [_told(side, evidence, language) for side in conflict.sides]
    text = f"{phrase('disagree', language)} {'; '.join(words for words, _ in told)}."
    return Accepted(text, tuple(item for _, items in told for item in items))


def change_statement(change: ChangeDraft, evidence: EvidenceSet, language: str) -> Accepted:
    """What held when, the latest first: nobody should read the old value as today's."""
    after, later = _told(change.after.side, evidence, language)
    before, earlier = _told(change.before.side, evidence, language)
    return Accepted(phrase("changed", language, after=after, before=before), (*later, *earlier))


def correction_statement(contradiction: Contradiction, language: str) -> Accepted:
    """The sentence that says otherwise than the question takes for granted, whole."""
    item = contradiction.evidence
    return Accepted(f"{phrase('otherwise', language)} {introduced(item, language)}", (item,))


def _told(side: SideDraft, evidence: EvidenceSet, language: str) -> tuple[str, list[Evidence]]:
    """A side's own words with their origin, and the evidence that carries them."""
    items = evidence.by_number(side.numbers)
    words = f"{_origin(items[0].article, language)}: {quoted(side.claim, language)}"
    return words, items


def change_value(change: ChangeDraft, evidence: EvidenceSet, quotes: Quotes) -> Change:
    steps = []
    for step in (change.before, change.after):
        items = evidence.by_number(step.side.numbers)
        steps.append(
            Step(
                claim=step.side.claim,
                quotes=quotes.cite(items),
                published=step.on.isoformat(),
                published_is=items[0].article.published.how,
            )
        )
    return Change(about=change.about, steps=tuple(steps))


def conflict_value(
    conflict: ConflictDraft, evidence: EvidenceSet, quotes: Quotes, statement: int
) -> Conflict:
    """`statement` is the place among the statements of the one that tells the conflict."""
    return Conflict(
        about=conflict.about,
        statement=statement,
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
