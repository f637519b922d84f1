"""What a question asks for, told by its words."""

from __future__ import annotations

import re

_NOW = re.compile(
    r"""\b(?:
        latest|newest|now|current(?:ly)?|recent(?:ly)?|today|so\ far|at\ the\ moment|these\ days
        |this\ (?:week|month|year)
        |senaste|nyaste|nu|just\ nu|för\ närvarande|aktuell[at]?|nuvarande|nyligen|i\ ?dag|hittills
        |den\ här\ (?:veckan|månaden)|det\ här\ året|i\ år
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)


# Phones and chat apps set them by themselves.
_MARKS = str.maketrans({"“": '"', "”": '"', "„": '"', "’": "'", "‘": "'"})


def straight(question: str) -> str:
    """The question with straight quotation marks and apostrophes: as it is typed on a keyboard,
    and with which the models were trained."""
    return question.translate(_MARKS)


def asks_for_now(question: str) -> bool:
    """Whether the newest word counts: "the latest offer", "hur är läget nu?"."""
    return _NOW.search(question) is not None
