"""Dates in English and Swedish text: where they stand, and which days they mean.

An explicit date says itself; "on Thursday" or "i fredags" needs the day the article appeared.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Literal

DateKind = Literal["date", "partial", "weekday", "relative"]
Direction = Literal["past", "future", "this"]


def _list(words: str) -> list[str]:
    return words.split()


_MONTHS = {
    "en": _list(
        "january february march april may june july august september october november december"
    ),
    "sv": _list(
        "januari februari mars april maj juni juli augusti september oktober november december"
    ),
}
_DAYS = {
    "en": _list("monday tuesday wednesday thursday friday saturday sunday"),
    "sv": _list("måndag tisdag onsdag torsdag fredag lördag söndag"),
}
_UNITS = {
    "day": "day", "week": "week", "month": "month", "year": "year",
    "dag": "day", "dagar": "day", "vecka": "week", "veckor": "week", "veckan": "week",
    "månad": "month", "månader": "month", "månaden": "month", "år": "year", "året": "year",
}  # fmt: skip
_NUMBERS = {
    word: n
    for words in (
        _list("a one two three four five six seven eight nine ten"),
        _list("en en två tre fyra fem sex sju åtta nio tio"),
    )
    for n, word in enumerate(words)
    if n
} | {"a": 1, "an": 1, "ett": 1}
_PLAIN = {"today": 0, "yesterday": -1, "tomorrow": 1, "idag": 0, "igår": -1, "imorgon": 1,
          "i dag": 0, "i går": -1, "i morgon": 1, "förrgår": -2, "i förrgår": -2}  # fmt: skip


@dataclass(frozen=True, slots=True)
class DateMention:
    """A date as written: the fields that it names, the rest None.

    `weekday` is 0 for Monday; `days`/`unit` give a distance ("two days ago" is -2, "day");
    `direction` tells which of several Thursdays or weeks is meant.
    """

    start: int
    end: int
    text: str
    kind: DateKind
    year: int | None = None
    month: int | None = None
    day: int | None = None
    weekday: int | None = None
    unit: str | None = None
    distance: int | None = None
    direction: Direction = "past"

    @property
    def date(self) -> date | None:
        """The day itself, when year, month and day are all named."""
        if self.year and self.month and self.day:
            return date(self.year, self.month, self.day)
        return None


def find_dates(text: str, language: str) -> list[DateMention]:
    """All dates of a text in order, the longest reading of each; overlaps never returned.

    Swedish text is read with Swedish words, any other with English ones.
    """
    lang = "sv" if language == "sv" else "en"
    mentions: list[DateMention] = []
    at = 0
    for match in _pattern(lang).finditer(text):
        if match.start() >= at and (mention := _mention(match, lang)):
            mentions.append(mention)
            at = match.end()
    return mentions


def resolve_relative(mention: DateMention, published: date) -> tuple[date, date] | None:
    """First and last day that a mention means in an article published on `published`.

    A weekday without more is the latest one not after publication, as news has it; a month
    and day without a year is the one nearest to publication.
    """
    if mention.date:
        return mention.date, mention.date
    if mention.weekday is not None and mention.kind == "weekday":
        day = _weekday(mention.weekday, mention.direction, published)
        return day, day
    if mention.unit is not None:
        return _unit(mention, published)
    if mention.month and mention.day:
        return _nearest(mention.month, mention.day, published)
    if mention.month:
        return _month(mention, published)
    if mention.year:
        return date(mention.year, 1, 1), date(mention.year, 12, 31)
    return None


@cache
def _pattern(lang: str) -> re.Pattern[str]:
    months = "|".join([*_MONTHS[lang], *_short_months(lang)])
    whole = "|".join(_MONTHS[lang])  # "i jul" is this Christmas
    days = "|".join(_DAYS[lang])
    numbers = "|".join([r"\d{1,3}", *sorted(_NUMBERS, key=len, reverse=True)])
    plain = "|".join(sorted(_PLAIN, key=len, reverse=True))
    common = [
        r"(?P<iso>(?P<iy>\d{4})-(?P<im>\d\d)-(?P<id>\d\d))(?!\d)",
        rf"(?P<plain>{plain})",
    ]
    if lang == "en":
        parts = [
            rf"(?:(?:{days}),?\s+)?(?P<m1>{months})\.?\s+(?P<d1>\d{{1,2}})(?:st|nd|rd|th)?"
            r"(?!\d|[:.,]\d)(?:,?\s+(?P<y1>(?:1[6-9]|20)\d\d))?",
            rf"(?:(?:{days}),?\s+)?(?:the\s+)?(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?(?:\s+of)?\s+"
            rf"(?P<m2>{months})\b\.?(?:,?\s+(?P<y2>(?:1[6-9]|20)\d\d))?",
            rf"(?P<mdir>last|next|this|early|mid|late|in)[\s-]+(?P<m3>{whole})\b"
            r"(?:,?\s+(?P<y3>(?:1[6-9]|20)\d\d))?",
            rf"(?P<m4>{whole})\s+(?P<y4>(?:1[6-9]|20)\d\d)",
            rf"(?:(?P<wdir>last|next|this|on)\s+)?(?P<w>{days})(?=\b|['’]s)",
            r"(?P<udir>last|next|this|past)\s+(?P<u>week|month|year)(?!end)",
            rf"(?P<n>{numbers})\s+(?P<nu>day|week|month|year)s?\s+(?P<ago>ago|earlier)",
            r"(?:in|since|during|of)\s+(?P<y5>(?:1[6-9]|20)\d\d)(?![\d.,]\d)",
        ]
    else:
        parts = [
            rf"(?:(?:{days})(?:en)?\s+)?(?:den\s+)?(?P<d1>\d{{1,2}})(?::?e|\.)?\s+"
            rf"(?P<m1>{months})\b\.?(?:\s+(?P<y1>(?:1[6-9]|20)\d\d))?",
            rf"(?P<mdir>i|under)\s+(?:(?:början|slutet|mitten)\s+av\s+)?(?P<m3>{whole})\b"
            r"(?:\s+(?P<y3>(?:1[6-9]|20)\d\d))?",
            rf"(?P<m4>{whole})\s+(?P<y4>(?:1[6-9]|20)\d\d)",
            rf"(?P<wdir>i|på|nästa|förra|om|under)?\s*\b(?P<w>{days})(?P<wend>en|s|ens)?",
            r"(?P<udir>förra|nästa|denna|den här|i)\s+"
            r"(?P<u>veckan?|månaden?|år(?:et)?)",
            rf"för\s+(?P<n>{numbers})\s+(?P<nu>dag(?:ar)?|veck(?:a|or)|månad(?:er)?|år)\s+"
            r"(?P<ago>sedan)",
            r"(?:sedan|under|år|från)\s+(?P<y5>(?:1[6-9]|20)\d\d)(?![\d.,]\d)",
        ]
    return re.compile(rf"\b(?:{'|'.join([*common, *parts])})(?!\w)", re.IGNORECASE)


def _short_months(lang: str) -> Iterator[str]:
    for name in _MONTHS[lang]:
        if len(name) > 4:
            yield name[:3]
    yield "sept"


def _mention(match: re.Match[str], lang: str) -> DateMention | None:
    groups = {k: v.lower() for k, v in match.groupdict().items() if v}
    at = (match.start(), match.end(), match[0])
    if "iso" in groups:
        return _explicit(at, groups["iy"], groups["im"], groups["id"])
    if "plain" in groups:
        distance = _PLAIN[groups["plain"]]
        return DateMention(*at, "relative", unit="day", distance=distance)
    for i in "1234":
        if name := groups.get(f"m{i}"):
            if lang == "en" and not match[f"m{i}"][0].isupper():
                return None  # "may 5 people", "in march formation"
            return _explicit(
                at,
                groups.get(f"y{i}"),
                str(_month_number(name, lang)),
                groups.get(f"d{i}"),
                "future" if groups.get("mdir") == "next" else "past",
            )
    if "y5" in groups:
        return _explicit(at, groups["y5"], None, None)
    if "w" in groups:
        number = _DAYS[lang].index(groups["w"])
        return DateMention(*at, "weekday", weekday=number, direction=_week_direction(groups))
    if "n" in groups:
        count = int(groups["n"]) if groups["n"].isdigit() else _NUMBERS[groups["n"]]
        return DateMention(*at, "relative", unit=_UNITS[groups["nu"]], distance=-count)
    step = {"last": -1, "past": -1, "förra": -1, "next": 1, "nästa": 1}.get(groups["udir"], 0)
    if groups["udir"] == "i" and groups["u"] != "år":
        return None  # "i veckan" may be this week or each week
    return DateMention(*at, "relative", unit=_UNITS[groups["u"]], distance=step)


def _week_direction(groups: dict[str, str]) -> Direction:
    """Swedish tells by form: "på torsdag" is to come, "på torsdagen" and "i torsdags" are past."""
    word, ending = groups.get("wdir", ""), groups.get("wend", "")
    if word in ("next", "nästa") or (word == "på" and not ending):
        return "future"
    return "past"


def _month_number(name: str, lang: str) -> int:
    return next(i for i, month in enumerate(_MONTHS[lang], 1) if month.startswith(name[:3]))


def _explicit(
    at: tuple[int, int, str],
    year: str | None,
    month: str | None,
    day: str | None,
    direction: Direction = "past",
) -> DateMention | None:
    y, m, d = (int(part) if part else None for part in (year, month, day))
    if m is not None and not 1 <= m <= 12:
        return None
    # 2024 stands for an unknown year: it has a 29 February.
    if d is not None and m is not None and not 1 <= d <= monthrange(y or 2024, m)[1]:
        return None
    kind: DateKind = "date" if y and m and d else "partial"
    return DateMention(*at, kind, year=y, month=m, day=d, direction=direction)


def _weekday(weekday: int, direction: Direction, published: date) -> date:
    if direction == "future":
        return published + timedelta(days=(weekday - published.weekday() - 1) % 7 + 1)
    return published - timedelta(days=(published.weekday() - weekday) % 7)


def _unit(mention: DateMention, published: date) -> tuple[date, date]:
    distance = mention.distance or 0
    if mention.unit == "day":
        day = published + timedelta(days=distance)
        return day, day
    if mention.unit == "week":
        monday = published - timedelta(days=published.weekday()) + timedelta(weeks=distance)
        return monday, monday + timedelta(days=6)
    if mention.unit == "month":
        index = published.year * 12 + published.month - 1 + distance
        return _whole_month(index // 12, index % 12 + 1)
    year = published.year + distance
    return date(year, 1, 1), date(year, 12, 31)


def _nearest(month: int, day: int, published: date) -> tuple[date, date] | None:
    found = [
        date(year, month, day)
        for year in (published.year - 1, published.year, published.year + 1)
        if day <= monthrange(year, month)[1]
    ]
    if not found:
        return None
    best = min(found, key=lambda d: abs((d - published).days))
    return best, best


def _month(mention: DateMention, published: date) -> tuple[date, date]:
    month, year = mention.month or 1, mention.year
    if year is None:
        year = published.year
        if mention.direction == "future":
            year += month <= published.month
        elif mention.text.lower().startswith("last"):
            year -= month >= published.month
        elif (date(year, month, 1) - published).days > 180:
            year -= 1
    return _whole_month(year, month)


def _whole_month(year: int, month: int) -> tuple[date, date]:
    return date(year, month, 1), date(year, month, monthrange(year, month)[1])
