"""Words that this room shares: dates, single lines, a text's bare letters."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

MONTHS = {
    "en": (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
    "sv": (
        "januari",
        "februari",
        "mars",
        "april",
        "maj",
        "juni",
        "juli",
        "augusti",
        "september",
        "oktober",
        "november",
        "december",
    ),
}
_SPACE = re.compile(r"\s+")


def day(on: date, language: str) -> str:
    """`23 April 2025` or `23 april 2025`: the same order in both languages."""
    months = MONTHS.get(language, MONTHS["en"])
    return f"{on.day} {months[on.month - 1]} {on.year}"


def one_line(text: str) -> str:
    """`text` on one line: an article must not be able to begin a numbered line of its own.

    Bidirectional and zero-width characters are left out; control characters and all white
    space are one space.
    """
    kept = (
        " " if c.isspace() or unicodedata.category(c) in ("Cc", "Zl", "Zp") else c
        for c in text
        if unicodedata.category(c) not in ("Cf", "Cs")
    )
    return _SPACE.sub(" ", "".join(kept)).strip()


def plain(text: str) -> str:
    """Letters and digits only, in one case: equal for texts that differ in nothing else."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())
