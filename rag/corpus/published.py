"""When an article was published, and how that is known.

In this order: what its file states; a date line or dateline of its own; its address; what its
file suggests; a full date in its first sentences or its file name. Otherwise unknown: a date
guessed from anywhere in the text is wrong more often than it is close.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from rag.corpus.dates import find_dates
from rag.corpus.formats import as_date
from rag.corpus.raw import RawArticle
from rag.types import Mask, Published

_OPENING_CHARS = 500
_URL_DATE = re.compile(r"/((?:19|20)\d\d)[/-](\d{1,2})[/-](\d{1,2})(?=[/-]|$)")
_NAME_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)([-_.]?)(\d\d)\2(\d\d)(?!\d)")
_UPDATED = re.compile(r"updated|uppdater|modified", re.IGNORECASE)


def find_published(raw: RawArticle, masks: Sequence[Mask], language: str) -> Published:
    """The publication date of a raw article, with the reason it is believed."""
    if raw.published.on and raw.published.how == "stated":
        return raw.published
    if found := _date_line(raw.text, masks, language):
        return found
    if "://" in raw.source and (match := _URL_DATE.search(raw.source)):
        day = as_date("-".join(match.groups()))
        if day:
            return Published(day, "stated", "the date in its address")
    if raw.published.on:
        return raw.published
    return _opening(raw.text, masks, language) or _file_name(raw) or Published()


def _date_line(text: str, masks: Sequence[Mask], language: str) -> Published | None:
    """The first date of the article's own date lines, one that says "published" preferred."""
    found: list[tuple[bool, int, date]] = []
    for mask in masks:
        if mask.reason not in ("date line", "dateline", "byline"):
            continue
        for line in text[mask.start : mask.end].split("\n"):
            for mention in find_dates(line, language) or find_dates(line, "en"):
                if mention.date:
                    # "June 3, 2025 Updated June 5, 2025": what stands before "updated".
                    updated = bool(_UPDATED.search(line[: mention.start]))
                    found.append((updated, mask.start, mention.date))
    if not found:
        return None
    return Published(min(found)[2], "stated", "its own date line")


def _opening(text: str, masks: Sequence[Mask], language: str) -> Published | None:
    start = next((m.end for m in masks if not text[: m.start].strip()), 0)
    opening = text[start : start + _OPENING_CHARS]
    days = [m.date for m in find_dates(opening, language) if m.date]
    if not days:
        return None
    latest = max(days)
    return Published(latest, "inferred", "the latest date in its first sentences")


def _file_name(raw: RawArticle) -> Published | None:
    if raw.media == "jsonl" or not (match := _NAME_DATE.search(raw.id)):
        return None
    day = as_date(f"{match[1]}-{match[3]}-{match[4]}")
    return Published(day, "inferred", "the date in its file name") if day else None
