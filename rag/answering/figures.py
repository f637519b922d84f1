"""Figures: numbers of evidence that state how things are, and when two are about one thing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from rag.answering.checks.case import Reading, read
from rag.answering.checks.clauses import clause, said, same_name, subject
from rag.answering.checks.coverage import shared_content
from rag.answering.checks.lexicon import opposites, table, words
from rag.answering.checks.names import Name
from rag.answering.checks.numbers import compatible, matches
from rag.answering.checks.quantities import Kind, Quantity
from rag.types import Evidence

_EXACT_KINDS = frozenset({"percent", "points", "money", "duration", "measure", "count"})
_EXTRA = frozenset(["extra", "additional", "further", "another", "ytterligare", "fler"])
_HEDGED_FACTS = frozenset(["beräknas", "expected", "expects", "väntas"])
# What somebody sets anew from time to time, so that two values of two days are no disagreement.
_SET = re.compile(
    r"(?:import|export|straff|styr|bolåne|moms)?(?:tariff|dut(?:y|ies)|lev(?:y|ies)|tax(?:es)?$|"
    r"fees?$|rates?$|prices?$|tull|ränt(?!ad)|skatt(?!ad)|avgift|pris(?:et|er|erna|nivån?)?$)"
)
# What a question wants that has these words; "how many" goes by what is counted.
_WANTED: tuple[tuple[re.Pattern[str], frozenset[Kind]], ...] = (
    (
        re.compile(r"\bhow (?:long|old)\b|\bhur (?:länge|gam\w+|lång tid)\b", re.I),
        frozenset({"duration"}),
    ),
    (re.compile(r"\bhow far\b|\bhur långt\b", re.I), frozenset({"measure"})),
    (
        re.compile(
            r"\bhow (?:much|high|large|big|low|steep|great)\b"
            r"|\bhur (?:mycket|höga?|högt|stora?|stort|låga?|lågt)\b",
            re.I,
        ),
        frozenset({"percent", "points", "money", "count", "measure"}),
    ),
    (
        re.compile(
            r"\b(?:what|which|vad|vilken|vilket|vilka)\b(?:\W+\w+){0,4}?\W+"
            r"(?:\w*(?:tariff|tull|ränta|skatt|avgift|nivå)\w*|rates?|levels?|dut(?:y|ies))\b",
            re.I,
        ),
        frozenset({"percent", "points", "money"}),
    ),
    (
        re.compile(r"\b(?:share|percentage|what per ?cent|andel\w*|vilken procent\w*)\b", re.I),
        frozenset({"percent", "points"}),
    ),
    (re.compile(r"\b(?:price|cost)s?\b|\b(?:pris\w*|kosta\w*)\b", re.I), frozenset({"money"})),
)
_HOW_MANY = re.compile(r"\b(?:how many|hur många)\b((?:\W+\w+){1,3})", re.I)


@dataclass(frozen=True, slots=True)
class SideDraft:
    """One side: words of its evidence, and the evidence numbers that carry it."""

    claim: str
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Figure:
    """A number of a sentence, with the clause it stands in."""

    evidence: Evidence
    reading: Reading
    quantity: Quantity
    first: int  # tokens of its clause
    last: int

    @property
    def clause(self) -> str:
        return said(self.reading, self.first, self.last)

    @property
    def subject(self) -> Name | None:
        return subject(self.reading, self.first, self.last)

    @property
    def day(self) -> date | None:
        """When its article was published."""
        return self.evidence.article.published.on

    @property
    def side(self) -> SideDraft:
        return SideDraft(self.clause, (self.evidence.n,))

    @property
    def around(self) -> list[str]:
        """The lower-cased words of its clause."""
        return [t.lower for t in self.reading.tokens[self.first : self.last]]


def wanted(question: str) -> frozenset[Kind]:
    """The kinds of figure that a question asks for; none where it asks for something else."""
    kinds = {kind for pattern, of in _WANTED if pattern.search(question) for kind in of}
    for match in _HOW_MANY.finditer(question):
        kinds |= {_counted(match[1].lower().split())}
    return frozenset(kinds)


def _counted(following: list[str]) -> Kind:
    listed: tuple[tuple[Kind, Iterable[str]], ...] = (
        ("duration", table("durations")),
        ("measure", table("measures")),
        ("money", table("currencies")),
        ("percent", words("percent")),
    )
    return next((kind for kind, known in listed if set(known) & set(following)), "count")


def figure_of(item: Evidence, reading: Reading, quantity: Quantity) -> Figure:
    first, last = clause(reading, quantity.first, quantity.last)
    return Figure(item, reading, quantity, first, last)


def stating(item: Evidence) -> Iterator[Figure]:
    """Every exact number of a sentence that states how things are: no threat, extra or plan."""
    reading = read(item.sentence.text)
    hedges = (words("intents") | words("modals")) - _HEDGED_FACTS
    for quantity in reading.quantities:
        if quantity.kind in _EXACT_KINDS and not quantity.weak:
            figure = figure_of(item, reading, quantity)
            if not any(word in hedges or word in _EXTRA for word in figure.around):
                yield figure


def only_figures(evidence: Iterable[Evidence]) -> list[Figure]:
    """Those of `stating` that are the only value of their kind in their sentence.

    Which of several values answers which question cannot be told by rule.
    """
    return [figure for item in evidence for figure in stating(item) if _alone(figure)]


def _alone(figure: Figure) -> bool:
    return not any(
        values_differ(figure.quantity, other)
        for other in figure.reading.quantities
        if other is not figure.quantity
    )


def values_differ(a: Quantity, b: Quantity) -> bool:
    """Two values of one unit that cannot both hold of one thing."""
    if a.kind != b.kind or not compatible(a, b):
        return False
    if a.kind == "count" and a.unit != b.unit:
        return False
    return not (matches(a, b) or matches(b, a))


def other_witness(a: Figure, b: Figure) -> bool:
    return a.evidence.article.witness != b.evidence.article.witness


def same_subject(a: Figure, b: Figure) -> bool | None:
    """Whether the clauses have one subject by name; None where one of them names none."""
    if a.subject is None or b.subject is None:
        return None
    return same_name(a.subject, b.subject)


def same_thing(a: Figure, b: Figure, asked: Reading) -> bool:
    """A shared subject, no subject of its own on either side, and shared words besides."""
    if not same_subject(a, b):
        return False
    shared = shared_content(a.reading, b.reading)
    if len(shared) < 1:
        return False
    asks = [shared_content(asked, figure.reading) for figure in (a, b)]
    return all(asks) and (len(shared) >= 2 or all(len(found) >= 2 for found in asks))


def said_to_change(a: Quantity, b: Quantity, reading: Reading) -> bool:
    """Whether the sentence says that one gave way to the other: "from 145 to 30"."""
    sources = [q for q in reading.quantities if q.role == "source"]
    targets = [q for q in reading.quantities if q.role == "target"]
    return any(
        any(matches(old, q) for q in sources) and any(matches(new, q) for q in targets)
        for old, new in ((a, b), (b, a))
    )


def moves(figure: Figure) -> bool:
    """A figure that changes from day to day: it rises or falls, is counted, or is set anew."""
    moving = any(axis == "amount" for w in figure.around for axis, _ in opposites().get(w, ()))
    counted = figure.quantity.kind in {"count", "money"}
    return moving or counted or figure.quantity.role is not None or is_set(figure)


def is_set(figure: Figure) -> bool:
    """A figure that somebody sets: a tariff, an interest rate, a tax, a price."""
    return any(_SET.match(word) for word in figure.around)
