"""Numbers and dates of a statement against those of its quotes."""

from __future__ import annotations

import math
import re
from dataclasses import replace

from rag.answering.checks.case import Case, Check, Finding, Reading
from rag.answering.checks.dates import When, supported
from rag.answering.checks.quantities import Quantity
from rag.answering.reasons import Reason, why

_CODE = re.compile(r"(?<![\w-])([^\W\d_]+)[-\u2011]?(\d+)(?![\w.,]\d)")
_LOOSE = {"bare", "count", "ordinal"}
# What an approximate number may differ by: "about 50" for 48.
_ABOUT = 0.1
# Months and years are means, so 90 days may stand for three months.
_TIME = 0.02


def check_numbers(case: Case) -> list[Finding]:
    """Each number must be in a quote with its unit, and at the same end of a change."""
    findings: list[Finding] = []
    for stated in case.statement.quantities:
        matching = [q for quote in case.quotes for q in quote.quantities if matches(stated, q)]
        if not matching:
            if not (stated.weak or _is_year(stated, case) or _echoes(stated, case)):
                weak = _countable(stated) and not _competing(stated, case)
                kind: Check = "unsaid" if weak else "number"
                findings.append(Finding(kind, why("missing", what=stated.text)))
            elif stated.kind == "ordinal" and (other := _other_ordinal(stated, case)):
                reason = why("instead", other=other.text, what=stated.text)
                findings.append(Finding("number", reason))
            continue
        findings.extend(_direction(stated, matching))
        findings.extend(_bound(stated, matching))
    return findings


def check_codes(case: Case) -> list[Finding]:
    """The number of a name (PDP-11, COVID-19) must be the one that the quote gives that name."""
    stated = {m.groups() for m in _CODE.finditer(case.statement.text.raw)}
    quoted = {m.groups() for source in case.sources() for m in _CODE.finditer(source.text.raw)}
    letters = {name for name, _ in quoted}
    return [
        Finding("number", why("missing", what=f"{name}-{number}"))
        for name, number in sorted(stated - quoted)
        if name in letters
    ]


def check_dates(case: Case) -> list[Finding]:
    """Each date must follow from a quote, read on its article's publication date."""
    known = [when for source in case.sources() for when in source.dates]
    findings = []
    for stated in case.statement.dates:
        if supported(stated, known, case.published):
            continue
        if stated.bare_year and _number_anywhere(float(stated.year or 0), case):
            continue
        if _echoed_date(stated, known, case) or _year_elsewhere(stated, known, case):
            continue
        kind: Check = "date" if _contradicted(stated, known, case) else "unsaid"
        findings.append(Finding(kind, why("missing", what=stated.text)))
    return findings


def _contradicted(stated: When, known: list[When], case: Case) -> bool:
    """Whether a quote gives another date of the kind, which the statement has not.

    Where publication dates are known they would have told.
    """
    if case.published:
        return True
    parts = [p for p in ("year", "month", "day", "weekday") if getattr(stated, p) is not None]
    others = [w for w in known if not supported(w, case.statement.dates, ())]
    if stated.year is not None and _another_year(case):
        return True
    return any(
        getattr(other, part) not in {None, getattr(stated, part)}
        for other in others
        for part in parts
    ) or any(w.relative or w.decade for w in (stated, *others))


def _another_year(case: Case) -> bool:
    """A plain number of a quote that may be a year, and that the statement has not."""
    mine = {when.year for when in case.statement.dates}
    return any(
        q.kind in _LOOSE and 1_000 <= value <= 2_100 and value not in mine
        for quote in case.quotes
        for q in quote.quantities
        for value in q.values
    )


def _year_elsewhere(stated: When, known: list[When], case: Case) -> bool:
    """`30 March 2020` of "as of 30 March", where the year stands elsewhere in the evidence."""
    if stated.year is None or stated.month is None:
        return False
    years = {when.year for when in known}
    said = stated.year in years or _number_anywhere(float(stated.year), case)
    yearless = [when for when in known if when.year is None]
    return said and supported(replace(stated, year=None), yearless, ())


def matches(stated: Quantity, quoted: Quantity) -> bool:
    """Whether the quoted number bears out the stated one: unit, value and bound."""
    if not compatible(stated, quoted):
        return False
    pairs = [(a, b) for a in _comparable(stated, quoted) for b in _comparable(quoted, stated)]
    time = stated.kind == quoted.kind == "duration"
    if any(_equal(a, b, time) for a, b in pairs):
        return True
    likeliest = zip(_comparable(stated, quoted), _comparable(quoted, stated), strict=False)
    if stated.op in {"gt", "ge"}:
        return quoted.op not in {"lt", "le"} and any(b > a for a, b in likeliest)
    if stated.op in {"lt", "le"}:
        return quoted.op not in {"gt", "ge"} and any(b < a for a, b in likeliest)
    if stated.op == "about":
        return any(math.isclose(a, b, rel_tol=_ABOUT) for a, b in pairs)
    return False


def compatible(a: Quantity, b: Quantity) -> bool:
    """Whether two numbers can be of the same kind of thing."""
    kinds = {a.kind, b.kind}
    if a.kind == b.kind:
        named = a.kind in {"money", "measure"}
        return not named or a.unit == b.unit or None in {a.unit, b.unit}
    if kinds <= _LOOSE or kinds == {"percent", "fraction"} or kinds == {"fraction", "bare"}:
        return True
    if "percent" in kinds or "points" in kinds or "time" in kinds or "fraction" in kinds:
        return kinds == {"multiple", "bare"}
    return bool(kinds & {"bare", "count"})


def _comparable(a: Quantity, other: Quantity) -> tuple[float, ...]:
    """The values of `a` on a scale that `other` shares."""
    if a.kind == "duration" and other.kind != "duration":
        return a.raw
    if a.kind == "fraction" and other.kind == "percent":
        return tuple(100 * value for value in a.values)
    return a.values


def _equal(a: float, b: float, time: bool) -> bool:
    tolerance = _TIME if time else 1e-6
    if min(abs(a), abs(b)) < 1 and not time:
        return math.isclose(a, b, abs_tol=1e-4, rel_tol=1e-3)
    # A third is 33 or 33.3 per cent.
    return (
        math.isclose(a, b, rel_tol=tolerance)
        or (33 <= a <= 33.4 and 33 <= b <= 33.4)
        or (66 <= a <= 67 and 66 <= b <= 67 and abs(a - b) < 0.7)
    )


def _countable(stated: Quantity) -> bool:
    """Few enough that a quote may list them and leave the counting to its reader."""
    return stated.kind in {"bare", "count"} and stated.values[0] in {2, 3, 4, 5}


def _competing(stated: Quantity, case: Case) -> bool:
    """Whether a quote has a number of this kind, where most about it, that the statement has
    not. Two names that it lists may be "two", but not where it says "three"."""
    return any(
        compatible(stated, quoted)
        and not any(matches(s, quoted) for s in case.statement.quantities)
        for quote, first, last in case.focus()
        for quoted in quote.quantities
        if first <= quoted.first < last
    )


def _direction(stated: Quantity, matching: list[Quantity]) -> list[Finding]:
    roles = {q.role for q in matching}
    if stated.role is None or None in roles or stated.role in roles:
        return []
    role = next(iter(role for role in roles if role))
    return [Finding("direction", why("change", what=stated.text, end=why(role)))]


def _bound(stated: Quantity, matching: list[Quantity]) -> list[Finding]:
    """`more than 30` against `less than 30`, or against just 30."""
    low, high = {"gt", "ge"}, {"lt", "le"}
    for quoted in matching:
        pairs = [(a, b) for a in _comparable(stated, quoted) for b in _comparable(quoted, stated)]
        if not any(_equal(a, b, False) for a, b in pairs):
            return []
        opposed = (stated.op in low and quoted.op in high) or (
            stated.op in high and quoted.op in low
        )
        strict = stated.op in {"gt", "lt"} and quoted.op == "eq"
        if not opposed and not strict:
            return []
    return [Finding("number", why("not_said", what=_with_op(stated)))]


def _with_op(stated: Quantity) -> str | Reason:
    bounded = stated.op in {"gt", "ge", "lt", "le"}
    return why(stated.op, what=stated.text) if bounded else stated.text


def _echoes(stated: Quantity, case: Case) -> bool:
    """The number only repeats the question, and no quote gives another of its kind."""
    if case.question is None:
        return False
    if not any(matches(stated, asked) for asked in case.question.quantities):
        return False
    return not any(
        compatible(stated, q) and stated.kind == q.kind
        for quote in case.quotes
        for q in quote.quantities
    )


def _echoed_date(stated: When, known: list[When], case: Case) -> bool:
    if case.question is None or not supported(stated, case.question.dates, ()):
        return False
    parts = [p for p in ("year", "month", "day", "weekday") if getattr(stated, p) is not None]
    return not any(getattr(when, part) is not None for when in known for part in parts)


def _is_year(stated: Quantity, case: Case) -> bool:
    """A plain number that a quote gives as part of a date."""
    if stated.kind not in _LOOSE:
        return False
    years = {
        value
        for quote in case.quotes
        for when in quote.dates
        for value in (when.year, when.day, when.decade)
    }
    return any(value in years for value in stated.values)


def _number_anywhere(value: float, case: Case) -> bool:
    return any(value in q.values for quote in case.quotes for q in quote.quantities)


def _following(reading: Reading, quantity: Quantity) -> str | None:
    tokens = reading.tokens
    return tokens[quantity.last].stem if quantity.last < len(tokens) else None


def _other_ordinal(stated: Quantity, case: Case) -> Quantity | None:
    """Another place in the same order: `the second meeting` against `their first meeting`."""
    noun = _following(case.statement, stated)
    for quote in case.quotes:
        for q in quote.quantities:
            if q.kind == "ordinal" and noun is not None and _following(quote, q) == noun:
                return q
    return None
