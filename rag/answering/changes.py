"""What changed between the articles: which value held when, and which is overtaken.

A change is shown when a later article says it ("from 145 to 30 per cent", and an earlier one
has the 145), or when two articles of different days give different values of something that
is set anew or counted from day to day. Without a date on both sides nothing is said: which
of two values is the later cannot be told then.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations, pairwise

from rag.answering.checks.case import Reading, read
from rag.answering.checks.clauses import same_name
from rag.answering.checks.coverage import content_tokens, shared_content
from rag.answering.checks.numbers import matches
from rag.answering.checks.quantities import Quantity
from rag.answering.figures import (
    Figure,
    SideDraft,
    figure_of,
    is_set,
    moves,
    only_figures,
    other_witness,
    said_to_change,
    same_subject,
    same_thing,
    values_differ,
    wanted,
)
from rag.types import Evidence

# A question about a change, or about how things were.
_CHANGE = re.compile(
    r"\b(?:chang|alter|evolv|develop|ändra|utveckla|förändra)\w*|\bover time\b|\böver tid\b"
    r"|\bbefore and after\b|\bföre och efter\b",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"\b(?:was|were|did|had|used to|var|hade|blev|fick|gjorde"
    r"|\w{2,}(?:ade|dde|tte|[lrngvkjmp]de|[kpsx]te)s?)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Step:
    """A value at a time: the words that give it, and the day of their article."""

    side: SideDraft
    on: date
    quantity: Quantity


@dataclass(frozen=True, slots=True)
class ChangeDraft:
    """A value that gave way to another. `about` is in the question's language."""

    about: str
    before: Step
    after: Step
    said: bool  # an article says the change itself

    def overtakes(self, statement: str) -> bool:
        """Whether `statement` gives the old value, and not the new one beside it."""
        quantities = read(statement).quantities
        old = any(_same(q, self.before.quantity) for q in quantities)
        return old and not any(_same(q, self.after.quantity) for q in quantities)


def find_changes(question: str, language: str, evidence: Sequence[Evidence]) -> list[ChangeDraft]:
    """Figures that differ because time passed, in order of first appearance; each pair once."""
    asked, kinds = read(question), wanted(question)
    found: dict[tuple[str, str], ChangeDraft] = {}
    pairs = [*((a, b, True) for a, b in _said(evidence)), *_dated(asked, evidence)]
    for before, after, said in pairs:
        if not _asked_about(asked, before, after) or before.day is None or after.day is None:
            continue
        if kinds and before.quantity.kind not in kinds:
            continue
        key = (_value(before.quantity), _value(after.quantity))
        if key not in found:
            found[key] = ChangeDraft(
                _about(before, after, language),
                Step(before.side, before.day, before.quantity),
                Step(after.side, after.day, after.quantity),
                said,
            )
    return list(found.values())


def wants_now(question: str) -> bool:
    """Whether a question asks how things are: in the present, and of no day that it names."""
    return not read(question).dates and not _PAST.search(question)


def leads(question: str) -> bool:
    """Whether changes come first: the question asks for a value as it is, or for a change."""
    return bool(_CHANGE.search(question)) or (bool(wanted(question)) and wants_now(question))


def _said(evidence: Sequence[Evidence]) -> Iterator[tuple[Figure, Figure]]:
    """A value, and a later article's "from that value to another" about the same."""
    plain = only_figures(evidence)
    for item in evidence:
        reading = read(item.sentence.text)
        for source, target in pairwise(reading.quantities):
            if (source.role, target.role) != ("source", "target"):
                continue
            new = figure_of(item, reading, target)
            for old in plain:
                if matches(old.quantity, source) and _follows(new, old):
                    yield old, new


def _follows(new: Figure, old: Figure) -> bool:
    """A later article by another witness, on the same thing by a name and words around it."""
    if old.day is None or new.day is None or new.day < old.day or not other_witness(old, new):
        return False
    names = any(same_name(a, b) for a in old.reading.names for b in new.reading.names)
    return names and bool(shared_content(old.reading, new.reading))


def _dated(asked: Reading, evidence: Sequence[Evidence]) -> Iterator[tuple[Figure, Figure, bool]]:
    """Two values of a figure that moves, by two witnesses on two days; no sentence says more."""
    plain = only_figures(evidence)
    for a, b in combinations(plain, 2):
        if a.day is None or b.day is None or a.day == b.day or not other_witness(a, b):
            continue
        if not (moves(a) and moves(b)) or not values_differ(a.quantity, b.quantity):
            continue
        if _same_figure(a, b, asked) and not _stated(a, b, evidence):
            yield (a, b, False) if a.day < b.day else (b, a, False)


def _same_figure(a: Figure, b: Figure, asked: Reading) -> bool:
    """One thing's figure; where no name tells whose, words of the question must, in both."""
    if same_thing(a, b, asked):
        return True
    if same_subject(a, b) is False or not (is_set(a) and is_set(b)):
        return False
    stems = {t.stem for t in content_tokens(asked, names=True)}
    return all(len(stems & figure.reading.text.stems) >= 2 for figure in (a, b))


def _stated(a: Figure, b: Figure, evidence: Iterable[Evidence]) -> bool:
    """Some sentence has the two as the ends of a change; `_said` tells which way."""
    return any(
        said_to_change(a.quantity, b.quantity, read(item.sentence.text)) for item in evidence
    )


def _asked_about(asked: Reading, before: Figure, after: Figure) -> bool:
    """The question speaks of what both sentences speak of."""
    return bool(shared_content(asked, before.reading) and shared_content(asked, after.reading))


def _same(stated: Quantity, value: Quantity) -> bool:
    return stated.kind == value.kind and not values_differ(stated, value)


def _value(quantity: Quantity) -> str:
    return f"{quantity.kind} {quantity.values[0]:g} {quantity.unit}"


def _about(before: Figure, after: Figure, language: str) -> str:
    values = (before.quantity.text, after.quantity.text)
    if language == "sv":
        return f"Ändrat över tid: {values[0]}, sedan {values[1]}"
    return f"Changed over time: {values[0]}, then {values[1]}"
