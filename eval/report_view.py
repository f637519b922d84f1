"""A result document as the HTML report shows it: figures in words, groups, and every case.

Pure functions from the document (and the articles' texts) to small frozen values. Nothing here
is HTML; what is text stays text, and the templates escape all of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from eval.bootstrap import Estimate
from eval.report_measures import COLUMNS, Measure, grouped, measure, shown
from eval.report_passages import Shown, TextOf, of_case
from eval.report_read import Document, Row, passed, why

_MARK = re.compile(r"\[(\d{1,3})\]")


@dataclass(frozen=True, slots=True)
class Figure:
    """A measure with its value, interval and number of cases."""

    measure: Measure
    estimate: Estimate

    @property
    def value(self) -> str:
        return shown(self.estimate.value, self.measure.unit)

    @property
    def interval(self) -> str:
        low, high = self.estimate.low, self.estimate.high
        if low is None or high is None:
            return ""
        return f"{shown(low, self.measure.unit)} to {shown(high, self.measure.unit)}"

    @property
    def plotted(self) -> bool:
        """Whether it can be drawn on a line from 0 to 1."""
        return self.measure.unit == "share" and self.estimate.low is not None


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the matrix: a group of cases and its figures, in the order of the columns."""

    name: str
    cases: int
    crashed: int
    figures: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Groups by measures; `sections` are a heading and its lines."""

    columns: tuple[Measure, ...]
    whole: Line
    sections: tuple[tuple[str, tuple[Line, ...]], ...]


@dataclass(frozen=True, slots=True)
class CaseView:
    """One case, ready to be shown."""

    row: Row
    anchor: str
    outcome: str  # "right", "wrong" or "crashed"
    why: str
    prose: tuple[str | int, ...]  # the answer's words, and the quote numbers among them
    wanted: tuple[str, ...]  # what was expected, a sentence each
    articles: tuple[Shown, ...]
    figures: tuple[tuple[str, str], ...]


def overview(document: Document) -> list[tuple[str, list[Figure]]]:
    """All measures of the whole run under their headings."""
    measures = document["overall"]["measures"]
    return [
        (heading, [Figure(m, _estimate(measures, m.name)) for m in some])
        for heading, some in grouped(measures)
    ]


def _estimate(measures: Mapping[str, Any], name: str) -> Estimate:
    found = measures.get(name)
    if found is None:
        return Estimate(None, None, None, 0)
    return Estimate(found["value"], found["low"], found["high"], found["n"])


_WAYS = {
    "kind": "Kind of question",
    "language": "Language of the question",
    "direction": "From the question to its evidence",
    "difficulty": "Difficulty",
    "split": "Half of the cases",
    "review": "Review",
    "article": "Article with the evidence",
}


def matrix(document: Document) -> Matrix:
    """Kinds, languages and directions by the measures that matter most."""
    known = document["overall"]["measures"]
    columns = [measure(name) for name in COLUMNS if known.get(name, {}).get("n")]
    sections = []
    for way, groups in document["groups"].items():
        if len(groups) > 1 or way == "kind":
            lines = tuple(_line(way, name, group, columns) for name, group in groups.items())
            sections.append((_WAYS.get(way, way.replace("_", " ").capitalize()), lines))
    whole = _line("", "All cases", document["overall"], columns)
    return Matrix(tuple(columns), whole, tuple(sections))


def _line(way: str, name: str, group: Mapping[str, Any], columns: Sequence[Measure]) -> Line:
    figures = tuple(Figure(m, _estimate(group["measures"], m.name)) for m in columns)
    return Line(readable(name, way), group["cases"], group["crashed"], figures)


_LANGUAGES = {"en": "English", "sv": "Swedish"}


def readable(name: str, way: str = "") -> str:
    """A group's name for people: `en->sv` is `English → Swedish`."""
    if way == "language":
        return _LANGUAGES.get(name, name)
    if way == "direction" and "->" in name:
        return " → ".join(_LANGUAGES.get(part, part) for part in name.split("->"))
    return name if way == "article" else name.replace("_", " ")


def lead(document: Document) -> list[str]:
    """The outcome in a few sentences, the limits of faithfulness included."""
    rows = document["results"]
    right = sum(passed(row) for row in rows)
    scores = [row["score"] for row in rows if row["score"] is not None]
    quotes, exact = sum(s["quotes"] for s in scores), sum(s["exact"] for s in scores)
    said = [f"{right} of {len(rows)} cases came out as expected."]
    if quotes and exact == quotes:
        said.append(f"Every one of {quotes:,} quotes is, to the character, what its article says.")
    elif quotes:
        said.append(f"{quotes - exact} of {quotes:,} quotes are not what their articles say.")
    measures = document["overall"]["measures"]
    rate, match = _estimate(measures, "answer_rate"), _estimate(measures, "answer_match")
    if rate.value is not None and match.value is not None:
        said.append(
            f"Of the {rate.n} questions that the articles answer, {shown(rate.value)} were "
            f"answered and {shown(match.value)} rightly."
        )
    recall = _estimate(measures, "refusal_recall")
    if recall.value is not None:
        said.append(f"Of {recall.n} that they do not answer, {shown(recall.value)} were refused.")
    return said


def warnings(document: Document) -> list[str]:
    """What a reader must know before believing a figure."""
    rows = document["results"]
    out = []
    crashed = [row["id"] for row in rows if row["error"] is not None]
    if crashed:
        out.append(
            f"{_cases(len(crashed))} crashed and {'is' if len(crashed) == 1 else 'are'} in no "
            f"figure: {_some(crashed)}."
        )
    inexact = [row["id"] for row in rows if row["score"] and row["score"]["quote_faults"]]
    if inexact:
        out.append(f"{_cases(len(inexact))} misquoted: {_some(inexact)}.")
    drafted = [row["id"] for row in rows if row.get("review") == "unreviewed"]
    if drafted:
        out.append(f"{_cases(len(drafted))} drafted by a machine that nobody has reviewed.")
    if document.get("dirty"):
        out.append("The code differed from its commit, so this run cannot be repeated exactly.")
    if len(rows) < 30:
        out.append(f"{_cases(len(rows))} are too few to tell small differences from luck.")
    return out


def _cases(n: int) -> str:
    return "1 case" if n == 1 else f"{n} cases"


def _some(ids: Sequence[str], most: int = 8) -> str:
    return ", ".join(ids[:most]) + (", …" if len(ids) > most else "")


def when(document: Document) -> str:
    """`22 November 2026, 11:27 UTC`; the text as it is where it is no time."""
    try:
        at = datetime.fromisoformat(document["finished"])
    except (KeyError, TypeError, ValueError):
        return str(document.get("finished") or "at an unknown time")
    return f"{at.day} {at:%B %Y, %H:%M} UTC"


# What rows of schema 1 do not have.
_LATER: Row = {"history": (), "tags": (), "review": "reviewed", "as_of": None}


def cases(document: Document, text_of: TextOf) -> list[CaseView]:
    """Every case in the order of the run."""
    return [
        CaseView(
            row={**_LATER, **row},
            anchor=f"case-{i}",
            outcome="crashed" if row["score"] is None else "right" if passed(row) else "wrong",
            why=why(row),
            prose=tuple(prose(row["answer"]["answer"])) if row["answer"] is not None else (),
            wanted=tuple(wanted(row["expected"])),
            articles=tuple(of_case(row, text_of)),
            figures=tuple(_flat(row["score"] or {})),
        )
        for i, row in enumerate(document["results"], start=1)
    ]


def prose(answer: str) -> Iterable[str | int]:
    """An answer cut at its `[n]` marks: words, and the numbers between them."""
    for i, part in enumerate(_MARK.split(answer)):
        if i % 2:
            yield int(part)
        elif part:
            yield part


def wanted(expected: Mapping[str, Any]) -> Iterable[str]:
    """What would have been right, in sentences."""
    if expected["refuse"] is True:
        yield "A refusal: the articles do not answer this."
        return
    if expected["refuse"] == "allowed":
        yield "A refusal, or an answer that puts the question right: it rests on something untrue."
    for group in expected["accept"]:
        yield f"It says {_either(group)}."
    if expected.get("attribution"):
        yield f"It names {_either(expected['attribution'])} as the source."
    if expected.get("conflict"):
        yield "It shows that the sources disagree."
    if expected["must_not_say"]:
        yield f"It does not say {_either(expected['must_not_say'])}."
    groups = len(expected["evidence"])
    if groups:
        yield f"It quotes {'a passage' if groups == 1 else f'{groups} passages'} marked below."
    if expected.get("reference"):
        yield f"A right answer would be: {expected['reference']}"


def _either(forms: Sequence[str]) -> str:
    return " or ".join(f"“{form}”" for form in forms)


def _flat(score: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, str]]:
    """Every figure of a score as name and words, nested ones by `outer: inner`."""
    for name, value in score.items():
        label = prefix + name.replace("_", " ")
        if isinstance(value, Mapping):
            yield from _flat(value, f"{label}: ")
        elif isinstance(value, bool):
            yield label, "yes" if value else "no"
        elif isinstance(value, (list, tuple)):
            if value:
                yield label, "; ".join(str(one) for one in value)
        elif isinstance(value, float):
            yield label, f"{value:.3f}".rstrip("0").rstrip(".")
        elif value is not None:
            yield label, str(value)
