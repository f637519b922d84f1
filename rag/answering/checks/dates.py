"""Dates in English and Swedish: stated ones, weekdays, and those relative to publication.

A date of a statement is supported when some date of its evidence says at least as much:
"5 June 2025" by "on Thursday" in an article published on Friday 6 June 2025.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

from rag.answering.checks.lexicon import table
from rag.answering.checks.text import Text, joined

_ISO = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_YEAR = re.compile(r"^(?:1\d{3}|20\d{2}|21\d{2})$")
_BEFORE_YEAR = frozenset(
    [
        "in",
        "since",
        "by",
        "of",
        "from",
        "until",
        "till",
        "to",
        "year",
        "during",
        "before",
        "after",
        "between",
        "and",
        "early",
        "late",
        "mid",
        "år",
        "sedan",
        "från",
        "under",
        "före",
        "efter",
        "mellan",
        "och",
        "hösten",
        "våren",
        "sommaren",
        "vintern",
        "året",
    ]
)
_BEFORE_MONTH = frozenset(
    [
        "in",
        "early",
        "late",
        "mid",
        "since",
        "of",
        "last",
        "this",
        "until",
        "by",
        "during",
        "from",
        "next",
        "to",
        "before",
        "after",
        "and",
        "on",
        "i",
        "sedan",
        "från",
        "till",
        "under",
        "efter",
        "före",
    ]
)
# Names of months that are also common words: they need a day, a year or a preposition.
_AMBIGUOUS = frozenset({"may", "march", "mars", "jan", "dec", "sep", "sept", "mar", "jun", "nov"})


@dataclass(frozen=True, slots=True)
class When:
    """A date as far as it is said; `first`/`last` are its tokens, last exclusive."""

    first: int
    last: int
    text: str
    year: int | None = None
    month: int | None = None
    day: int | None = None
    weekday: int | None = None
    relative: tuple[str, int] | None = None  # ("week", -1)
    decade: int | None = None
    bound: Literal["before", "after"] | None = None

    @property
    def bare_year(self) -> bool:
        return self.year is not None and self.month is None and self.weekday is None


def find_dates(text: Text) -> list[When]:
    """Every date of the text, in order; each token belongs to one date at most."""
    found: list[When] = [*_iso_dates(text)]
    taken = {i for when in found for i in range(when.first, when.last)}
    for find in (_century, _month_date, _relative, _weekday, _year):
        i = 0
        while i < len(text.tokens):
            when = None if i in taken else find(text, i, taken)
            if when is not None:
                found.append(when)
                taken.update(range(when.first, when.last))
            i = i + 1 if when is None else max(i + 1, when.last)
    merged = _merge_weekdays(sorted(found, key=lambda when: when.first))
    return [replace(when, bound=_bound(text, when.first)) for when in merged]


def _bound(text: Text, first: int) -> Literal["before", "after"] | None:
    word = text.tokens[first - 1].lower if first else ""
    if word in {"before", "före", "innan"}:
        return "before"
    return "after" if word in {"after", "efter"} else None


def _iso_dates(text: Text) -> Iterable[When]:
    for match in _ISO.finditer(text.raw):
        inside = [i for i, t in enumerate(text.tokens) if match.start() <= t.start < match.end()]
        year, month, day = (int(part) for part in match.groups())
        if inside and 1 <= month <= 12 and 1 <= day <= 31:
            yield When(inside[0], inside[-1] + 1, match.group(), year, month, day)


def _number(text: Text, i: int) -> int | None:
    if not 0 <= i < len(text.tokens):
        return None
    digits = re.fullmatch(r"(\d{1,4})(?::[ae]|st|nd|rd|th)?", text.tokens[i].text)
    return int(digits.group(1)) if digits else None


def _as_day(text: Text, i: int) -> int | None:
    value = _number(text, i)
    return value if value is not None and 1 <= value <= 31 else None


def _as_year(text: Text, i: int) -> int | None:
    if 0 <= i < len(text.tokens) and _YEAR.match(text.tokens[i].text):
        return int(text.tokens[i].text)
    return None


def _unclear(month: str) -> bool:
    return month in _AMBIGUOUS or len(month) < 4


def _month_date(text: Text, i: int, taken: set[int]) -> When | None:
    token = text.tokens[i]
    month = table("months").get(token.lower)
    # Swedish months are not capitalised, and short texts may be taken for the other language.
    if month is None or (not token.capital and text.language != "sv" and _unclear(token.lower)):
        return None
    first, last, day, year = i, i + 1, None, None
    back = i - 2 if i >= 2 and text.tokens[i - 1].lower == "of" else i - 1
    if (day := _as_day(text, back)) is not None and back not in taken:
        first = back
    elif (day := _as_day(text, i + 1)) is not None:
        last = i + 2
    if (year := _as_year(text, last)) is not None:
        last += 1
    before = text.tokens[i - 1].lower if i else ""
    lone = day is None and year is None
    if token.lower in _AMBIGUOUS and lone and (before not in _BEFORE_MONTH or token.initial):
        return None
    return When(first, last, joined(text, first, last), year, month, day)


def _century(text: Text, i: int, taken: set[int]) -> When | None:
    """`the 20th century` is `1900-talet`."""
    digits = re.fullmatch(r"(\d{1,2})(?:st|nd|rd|th)", text.tokens[i].text)
    number = int(digits.group(1)) if digits else table("ordinals_en").get(text.tokens[i].lower)
    following = [t.lower for t in text.tokens[i + 1 : i + 4]]
    listed = len(following) == 3 and following[0] in {"and", "or", "to", "through"}
    named = following[2] if listed else "".join(following[:1])
    if number is None or named not in {"century", "centuries"}:
        return None
    if listed:
        return When(i, i + 1, text.tokens[i].text, decade=100 * (int(number) - 1))
    return When(i, i + 2, joined(text, i, i + 2), decade=100 * (int(number) - 1))


def _relative(text: Text, i: int, taken: set[int]) -> When | None:
    for length in (3, 2, 1):
        words = " ".join(t.lower for t in text.tokens[i : i + length])
        if words in table("relative") and i + length <= len(text.tokens):
            unit, offset = table("relative")[words]
            return When(
                i, i + length, joined(text, i, i + length), relative=(str(unit), int(offset))
            )
    return None


def _weekday(text: Text, i: int, taken: set[int]) -> When | None:
    token = text.tokens[i]
    stripped = re.sub(r"(?<=dag)(?:en|ens|s|ar|arna)$|(?<=day)s$", "", token.lower)
    weekday = table("weekdays").get(stripped)
    if weekday is None:
        return None
    return When(i, i + 1, token.text, weekday=weekday)


def _year(text: Text, i: int, taken: set[int]) -> When | None:
    year = _as_year(text, i)
    if year is None:
        return None
    after = text.tokens[i + 1] if i + 1 < len(text.tokens) else None
    if after is not None and after.lower in {"s", "talet", "talets", "tal"}:
        return When(i, i + 2, joined(text, i, i + 2), decade=year)
    if after is not None and after.lower in {"och", "till"} and _decade_follows(text, i + 2):
        return When(i, i + 1, text.tokens[i].text, decade=year)
    if after is not None and after.lower == "års":
        return When(i, i + 2, joined(text, i, i + 2), year)
    before = text.tokens[i - 1].lower if i else ""
    counts = after is not None and after.text.islower() and before not in _BEFORE_YEAR
    adjacent = after is not None and text.raw[text.tokens[i].end : after.start] == " "
    if not 1900 <= year <= 2100 and before not in _BEFORE_YEAR:
        return None
    if counts and adjacent and after is not None and after.lower.endswith(("s", "er", "ar", "or")):
        return None
    return When(i, i + 1, text.tokens[i].text, year)


def _decade_follows(text: Text, i: int) -> bool:
    """The rest of `1960- och 1970-talet`."""
    last = text.tokens[i + 1].lower if i + 1 < len(text.tokens) else ""
    return _as_year(text, i) is not None and last in {"talet", "talets"}


def _merge_weekdays(found: list[When]) -> list[When]:
    merged: list[When] = []
    for when in found:
        last = merged[-1] if merged else None
        day_first = last is not None and last.weekday is not None and last.month is None
        if last is not None and day_first and when.day is not None and when.first - last.last <= 1:
            merged[-1] = replace(
                when, first=last.first, weekday=last.weekday, text=f"{last.text} {when.text}"
            )
        else:
            merged.append(when)
    return merged


def resolve(when: When, published: date | None) -> list[When]:
    """The date with what publication adds: a weekday's neighbours, a missing year."""
    if published is None:
        return [when]
    if when.relative is not None:
        return [when, *_resolve_relative(when, published)]
    if when.weekday is not None and when.month is None:
        back = (published.weekday() - when.weekday) % 7
        nearest = [published - timedelta(back), published + timedelta(7 - back)]
        nearest.append(published - timedelta(back + 7))
        return [when, *(_on(when, day) for day in nearest)]
    if when.month is not None and when.year is None:
        # A month without a year is the nearest one: last December, in January.
        years = [published.year]
        if when.month - published.month > 6:
            years.append(published.year - 1)
        if published.month - when.month > 6:
            years.append(published.year + 1)
        return [when, *(replace(when, year=year) for year in years)]
    return [when]


def _on(when: When, day: date) -> When:
    return replace(when, year=day.year, month=day.month, day=day.day, weekday=day.weekday())


def _resolve_relative(when: When, published: date) -> list[When]:
    unit, offset = when.relative or ("day", 0)
    if unit == "day":
        return [_on(when, published + timedelta(offset))]
    if unit == "week":
        monday = published + timedelta(7 * offset - published.weekday())
        return [_on(when, monday + timedelta(i)) for i in range(7)]
    if unit == "month":
        months = published.year * 12 + published.month - 1 + offset
        return [replace(when, year=months // 12, month=months % 12 + 1)]
    return [replace(when, year=published.year + offset)]


def entails(evidence: When, stated: When) -> bool:
    """Every part of the stated date is said by the evidence's."""
    if stated.relative is not None and stated.relative == evidence.relative:
        return True
    if stated.relative is not None or stated.decade is not None:
        return stated.decade is not None and _in_decade(evidence, stated.decade)
    parts = ("year", "month", "day", "weekday")
    wanted = {part: getattr(stated, part) for part in parts}
    known = {part: getattr(evidence, part) for part in parts}
    if known["weekday"] is None and None not in (evidence.year, evidence.month, evidence.day):
        known["weekday"] = _weekday_of(evidence)
    return all(value is None or value == known[part] for part, value in wanted.items())


def _in_decade(evidence: When, decade: int) -> bool:
    """1635 is in the 1600s, and 1952 in the 1950s; a full hundred may mean the century."""
    if evidence.decade is not None:
        return evidence.decade == decade
    span = 10 if decade % 100 else 100
    return evidence.year is not None and decade <= evidence.year < decade + span


def _within(evidence: When, stated: When) -> bool:
    """`before 2002` of 2001, `after March 5` of March 6."""
    if stated.bound is None:
        return False
    ours, theirs = _sortable(stated), _sortable(evidence)
    shared = min(len(ours), len(theirs))
    if not shared or (stated.year is None) != (evidence.year is None):
        return False
    before = theirs[:shared] < ours[:shared]
    after = theirs[:shared] > ours[:shared]
    return before if stated.bound == "before" else after


def _sortable(when: When) -> tuple[int, ...]:
    parts = [when.year, when.month, when.day] if when.year else [when.month, when.day]
    known: list[int] = []
    for part in parts:
        if part is None:
            break
        known.append(part)
    return tuple(known)


def _weekday_of(when: When) -> int | None:
    try:
        return date(when.year or 1, when.month or 1, when.day or 1).weekday()
    except ValueError:
        return None


def supported(stated: When, evidence: Iterable[When], published: Sequence[date]) -> bool:
    """Whether the evidence, read on its publication dates, says the stated date.

    A date relative in the statement is read as of publication too.
    """
    known: list[When] = []
    days: list[date | None] = list(published) or [None]
    for when in evidence:
        for day in days:
            known.extend(resolve(when, day))
    if stated.weekday is None or stated.day is not None:
        known.extend(When(0, 0, "", d.year, d.month, d.day, d.weekday()) for d in published)
    if any(entails(when, stated) or _within(when, stated) for when in known):
        return True
    readings = [
        reading for day in published for reading in resolve(stated, day)[1:] if stated.relative
    ]
    return any(entails(when, reading) for when in known for reading in readings)
