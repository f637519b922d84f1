"""What a check is given and what it hands back."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal

from rag.answering.checks.dates import When, find_dates
from rag.answering.checks.names import Name, find_names
from rag.answering.checks.quantities import Quantity, find_quantities
from rag.answering.checks.text import Language, Text, Token, analyse, is_stop
from rag.answering.reasons import Reason

Check = Literal[
    "number",
    "date",
    "name",
    "swap",
    "negation",
    "opposite",
    "order",
    "speaker",
    "modality",
    "direction",
    "quotation",
    "unsaid",
]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found wrong, with the reason that says so to a person.

    `unsaid` is the weakest: a name or year that the quotes leave out and do not speak against,
    which may be what they call "he" or "the film".
    """

    check: Check
    reason: Reason


@dataclass(frozen=True, slots=True)
class Reading:
    """A text with its dates, quantities and names."""

    text: Text
    dates: tuple[When, ...]
    quantities: tuple[Quantity, ...]
    names: tuple[Name, ...]

    @property
    def tokens(self) -> tuple[Token, ...]:
        return self.text.tokens

    @property
    def content(self) -> frozenset[str]:
        """Stems of the words that carry meaning."""
        return frozenset(t.stem for t in self.tokens if not is_stop(t) and len(t.stem) > 1)


@lru_cache(maxsize=2_048)
def read(raw: str, language: Language | None = None) -> Reading:
    # Letters with loose accents (NFD) would fall apart into tokens.
    text = analyse(unicodedata.normalize("NFC", raw), language)
    dates = find_dates(text)
    masked = frozenset(i for when in dates for i in range(when.first, when.last))
    return Reading(
        text, tuple(dates), tuple(find_quantities(text, masked)), tuple(find_names(text))
    )


@dataclass(frozen=True, slots=True)
class Case:
    """A statement with all that may speak for it.

    `quotes` are what is cited; `context` only tells who and what a quote is about; `known`
    are the lower-cased words of outlets and titles, for introductions ("SVT, 23 April: ...").
    """

    statement: Reading
    quotes: tuple[Reading, ...]
    context: tuple[Reading, ...] = ()
    question: Reading | None = None
    known: frozenset[str] = frozenset()
    published: tuple[date, ...] = ()

    def sources(self) -> Iterator[Reading]:
        yield from self.quotes
        yield from self.context

    @property
    def same_language(self) -> bool:
        return any(q.text.language == self.statement.text.language for q in self.quotes)

    def focus(self) -> list[tuple[Reading, int, int]]:
        """The sentences of the quotes that are most about what the statement says.

        Opposed words and negations count only there: elsewhere in a long quote they speak
        of something else.
        """
        wanted = self.statement.content
        scored = [
            (_overlap(wanted, reading, first, last), reading, first, last)
            for reading in self.quotes
            for first, last in reading.text.bounds
        ]
        best = max((row[0] for row in scored), default=0.0)
        return [(r, a, b) for overlap, r, a, b in scored if overlap >= 0.8 * best]


def _overlap(wanted: frozenset[str], reading: Reading, first: int, last: int) -> float:
    stems = {t.stem for t in reading.tokens[first:last]}
    return len(wanted & stems) / max(1, len(wanted))
