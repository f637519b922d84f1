"""What an exchange tells, as the page shows it: statements with their origin, boxes, age.

Pure values made from an `Exchange`; the templates only lay them out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from rag.types import Answer, Change, Conflict
from rag.ui.citable import Citable
from rag.ui.session import Exchange
from rag.ui.strings import Strings

# Evidence older than this when it is shown is worth a word: "is" may be "was" by then.
STALE = timedelta(days=30)
_NAMED = 2  # outlets named beside a statement; more are counted

# A longer last word may break from the mark after it: it could be wider than a phone.
_GLUED = 18

_MARK = re.compile(r"\s*\[(\d{1,3})\]")


@dataclass(frozen=True, slots=True)
class Run:
    """Words and the marks that follow them; `last` is the word that stays beside its marks."""

    words: str
    last: str
    marks: tuple[Citable, ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """Who says it and when, for all quotes of one statement together."""

    names: tuple[str, ...]
    more: int  # outlets not named
    first: str | None  # ISO 8601 dates of the oldest and the newest quote that has one
    last: str | None
    inferred: Literal["none", "some", "all"]
    undated: bool  # no quote has a date
    articles: int
    witnesses: int


@dataclass(frozen=True, slots=True)
class Side:
    """One version of what the sources disagree about, or one value of what changed."""

    runs: tuple[Run, ...]
    quotes: tuple[Citable, ...]
    origin: Origin
    published: str | None = None


@dataclass(frozen=True, slots=True)
class Box:
    """A conflict's sides or a change's steps, told side by side or in time."""

    about: str
    sides: tuple[Side, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """A statement as the page shows it; `change`: as a timeline in place of its words."""

    index: int  # its place among the answer's statements
    runs: tuple[Run, ...]
    origin: Origin
    change: Box | None = None


_QUOTATION = re.compile(": [“”]")


def running(x: Exchange, items: Sequence[Citable]) -> list[Said]:
    """The statements accepted so far."""
    known = {c.evidence: c for c in items}
    return [
        _said(i, one.text, [known[e.n] for e in one.evidence if e.n in known])
        for i, one in enumerate(x.accepted)
    ]


def statements(answer: Answer, items: Sequence[Citable]) -> list[Said]:
    """The answer's statements, but for those that only a conflict's box tells.

    A statement that tells a change is shown as what held when.
    """
    boxed = {conflict.statement for conflict in answer.conflicts}
    shown = [
        _said(i, one.text, by_number(items, one.quotes), _change(one.text, answer.changes, items))
        for i, one in enumerate(answer.statements)
        if i not in boxed
    ]
    # A change that no statement tells, as in an answer kept from elsewhere, is still shown.
    told = {said.change for said in shown if said.change}
    rest = [box for c in answer.changes if (box := _timeline(c, items)) not in told]
    at = len(answer.statements)
    return [*shown, *(Said(at, (), origin(box.sides[-1].quotes), box) for box in rest)]


def conflicts(answer: Answer, items: Sequence[Citable]) -> list[tuple[Conflict, Box]]:
    """Each conflict with its box; a side without a quote is not shown."""
    return [
        (
            conflict,
            Box(
                conflict.about,
                tuple(
                    _side(side.claim, cited)
                    for side in conflict.sides
                    if (cited := by_number(items, side.quotes))
                ),
            ),
        )
        for conflict in answer.conflicts
    ]


def origin(cited: Sequence[Citable]) -> Origin:
    """Who says what `cited` say, and when."""
    names = tuple(dict.fromkeys(c.name for c in cited))
    dated = sorted(c.published for c in cited if c.published)
    guessed = [c.inferred for c in cited if c.published]
    return Origin(
        names=names[:_NAMED],
        more=len(names[_NAMED:]),
        first=dated[0] if dated else None,
        last=dated[-1] if dated else None,
        inferred="none" if not any(guessed) else "all" if all(guessed) else "some",
        undated=not dated,
        articles=len({c.article_id for c in cited}),
        witnesses=len({c.witness for c in cited}),
    )


def period(t: Strings, first: str, last: str) -> str:
    """Two ISO dates as a range, saying month and year once where they are the same."""
    if first == last:
        return t.day(first)
    start, same = t.day(first).split(" "), (first[:4] == last[:4], first[:7] == last[:7])
    keep = len(start) - sum(same)
    spaced = keep > 1
    return f"{' '.join(start[:keep])}{' – ' if spaced else '–'}{t.day(last)}"


def newest(items: Iterable[Citable], today: date) -> str | None:
    """The ISO date of the newest quote where even that is old; None where it is not."""
    dated = [c.published for c in items if c.published]
    if not dated:
        return None
    try:
        old = today - date.fromisoformat(max(dated)) > STALE
    except ValueError:
        return None
    return max(dated) if old else None


def twins(items: Sequence[Citable]) -> dict[str, int]:
    """Key of a quote -> number of an earlier one from a near-identical article."""
    first: dict[str, Citable] = {}
    found: dict[str, int] = {}
    for c in items:
        other = first.setdefault(c.witness, c)
        if other.article_id != c.article_id and other.n is not None:
            found[c.key] = other.n
    return found


def by_number(items: Sequence[Citable], numbers: Sequence[int]) -> list[Citable]:
    """The quotes of these numbers, each once; unknown numbers are left out."""
    known = {c.n: c for c in items if c.n is not None}
    return [known[n] for n in dict.fromkeys(numbers) if n in known]


def _said(index: int, text: str, cited: Sequence[Citable], change: Box | None = None) -> Said:
    return Said(index, _runs(_without_introduction(text, cited), cited), origin(cited), change)


def _without_introduction(text: str, cited: Sequence[Citable]) -> str:
    """The statement from its quotation on, where what stands before only says whose it is.

    So it is composed without an LLM ("SVT, 23 April 2025: “…”"), and the page says the same under
    it. With several articles the line under it is about more than the first.
    """
    one = len({c.article_id for c in cited}) == 1
    if not one or not text.startswith((f"{cited[0].name}, ", f"{cited[0].name} (")):
        return text
    found = _QUOTATION.search(text, len(cited[0].name))
    return text[found.start() + 2 :] if found else text


def _side(claim: str, cited: Sequence[Citable], published: str | None = None) -> Side:
    return Side(_runs(claim, cited), tuple(cited), origin(cited), published)


def _runs(text: str, cited: Sequence[Citable]) -> tuple[Run, ...]:
    """The statement's words, its marks replaced by the quotes; those without a mark at the end."""
    known = {c.n: c for c in cited}
    cuts: list[tuple[str, list[Citable]]] = []
    at = 0
    for found in _MARK.finditer(text):
        if (c := known.get(int(found.group(1)))) is None:
            continue
        if cuts and at == found.start():
            cuts[-1][1].append(c)
        else:
            cuts.append((text[at : found.start()], [c]))
        at = found.end()
    placed = {c.key for _, marks in cuts for c in marks}
    rest = [c for c in cited if c.key not in placed]
    if text[at:] or not cuts:
        cuts.append((text[at:], rest))
    else:
        cuts[-1][1].extend(rest)
    return tuple(_run(words, tuple(marks)) for words, marks in cuts)


def _run(text: str, marks: tuple[Citable, ...]) -> Run:
    last = re.search(r"\S+\Z", text)
    if not marks or last is None or len(last.group()) > _GLUED:
        return Run(text, "", marks)
    return Run(text[: last.start()], last.group(), marks)


def _change(text: str, changes: Sequence[Change], items: Sequence[Citable]) -> Box | None:
    """The change that a statement tells: it has the words of every step."""
    for change in changes:
        if all(step.claim in text for step in change.steps):
            return _timeline(change, items)
    return None


def _timeline(change: Change, items: Sequence[Citable]) -> Box:
    return Box(
        change.about,
        tuple(
            _side(step.claim, by_number(items, step.quotes), step.published)
            for step in sorted(change.steps, key=lambda step: step.published)
        ),
    )
