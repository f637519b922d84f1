"""Filters as the browser sends them, as an address carries them, and as the page says them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal
from urllib.parse import urlencode

from rag.types import Filters
from rag.ui.strings import LANGUAGES, Strings

# The names of the fields, in the form and in an address.
FIELDS = ("from", "to", "source", "language")

_MOST_SOURCE = 200  # characters

Part = Literal["dates", "source", "language"]


@dataclass(frozen=True, slots=True)
class Chip:
    """One active filter: what the page says of it, and what taking it away clears."""

    part: Part
    text: str


def read(values: Mapping[str, str], t: Strings) -> Filters | str:
    """The filters that the fields of `values` name, or one sentence saying what is wrong."""
    days: dict[str, date | None] = {}
    for name in ("from", "to"):
        said = values.get(name, "").strip()
        try:
            days[name] = date.fromisoformat(said) if said else None
        except ValueError:
            return t("pick_not_a_day", said=said[:40])
    first, last = days["from"], days["to"]
    if first is not None and last is not None and first > last:
        return t("pick_from_after_to", first=t.day(first.isoformat()), last=t.day(last.isoformat()))
    source = " ".join(values.get("source", "").split())[:_MOST_SOURCE]
    language = values.get("language", "").strip().lower()
    if language and not (language.isascii() and language.isalpha() and len(language) <= 3):
        return t("pick_not_a_language", said=language[:40])
    return Filters(first, last, source or None, language or None)


def fields(filters: Filters) -> dict[str, str]:
    """The values of the fields that make `filters`; what is not restricted is ""."""
    return {
        "from": filters.date_from.isoformat() if filters.date_from else "",
        "to": filters.date_to.isoformat() if filters.date_to else "",
        "source": filters.source or "",
        "language": filters.language or "",
    }


def chips(filters: Filters, t: Strings) -> list[Chip]:
    """The active filters, in words."""
    found: list[Chip] = []
    first, last = filters.date_from, filters.date_to
    if first and last:
        found.append(Chip("dates", f"{first.isoformat()} – {last.isoformat()}"))
    elif first:
        found.append(Chip("dates", t("pick_since", day=first.isoformat())))
    elif last:
        found.append(Chip("dates", t("pick_until", day=last.isoformat())))
    if filters.source:
        found.append(Chip("source", filters.source))
    if filters.language:
        found.append(Chip("language", language_name(filters.language, t)))
    return found


def without(filters: Filters, part: str) -> Filters:
    """`filters` with one part taken away."""
    match part:
        case "dates":
            return replace(filters, date_from=None, date_to=None)
        case "source":
            return replace(filters, source=None)
        case "language":
            return replace(filters, language=None)
    return filters


def language_name(code: str, t: Strings) -> str:
    """A language as people call it; the code itself for one that the page has no name for."""
    return t(f"pick_{code}") if code in LANGUAGES else code


def query(question: str, filters: Filters) -> str:
    """The end of an address that asks `question` under `filters`: "?q=…"."""
    given = {name: value for name, value in fields(filters).items() if value}
    return "?" + urlencode({"q": question, **given})
