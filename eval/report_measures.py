"""What each measure is called, what it means and which way is better, for people to read.

A measure that is not named here is still shown, under its own name: the words are a courtesy,
the figures come from the document.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Unit = Literal["share", "number", "ms"]
Better = Literal["higher", "lower"]


@dataclass(frozen=True, slots=True)
class Measure:
    """A measure's words. `better` is None where neither way is a fault in itself."""

    name: str
    label: str
    meaning: str
    unit: Unit = "share"
    better: Better | None = "higher"


# An answer made of pasted sentences is always faithful, so no figure of the first group is shown
# without those of the next two.
GROUPS: tuple[tuple[str, tuple[Measure, ...]], ...] = (
    (
        "Does it stand on the articles?",
        (
            Measure(
                "quote_exactness",
                "Quotes exact",
                "Quotes that are, character for character, what the article has at that place.",
            ),
            Measure(
                "evidence_precision",
                "Evidence precision",
                "Cited quotes that stand on a passage marked as carrying the answer.",
            ),
            Measure(
                "evidence_recall",
                "Evidence recall",
                "Passages an answer needs that are quoted; a refusal counts as none.",
            ),
        ),
    ),
    (
        "Does it answer, and rightly?",
        (
            Measure(
                "answer_rate",
                "Answer rate",
                "Of the questions that the articles answer, those that were answered at all.",
            ),
            Measure(
                "answer_match",
                "Answer match",
                "Of the same questions, those whose answer holds all it must and nothing it must "
                "not; a refusal does not match.",
            ),
            Measure("correct", "All right", "Cases of every kind that came out as expected."),
            Measure(
                "not_said", "Nothing forbidden", "Answers without a word that they must not say."
            ),
        ),
    ),
    (
        "Does it refuse, and rightly?",
        (
            Measure(
                "refusal_recall",
                "Refusal recall",
                "Of the questions that the articles do not answer, those that were refused.",
            ),
            Measure(
                "refusal_precision",
                "Refusal precision",
                "Of all refusals, those of a question without an answer or on a false premise.",
            ),
            Measure(
                "refusal_balanced",
                "Refusal, balanced",
                "The mean of refusal recall and answer rate: 50% is what guessing gives.",
            ),
            Measure(
                "false_premise",
                "False premise",
                "Questions resting on something untrue that were refused or put right.",
            ),
        ),
    ),
)

MILLISECONDS = Measure(
    "milliseconds", "Time to answer", "Mean milliseconds from question to answer.", "ms", None
)

# What a comparison watches unless told otherwise. Few, so that chance rarely sounds an alarm.
WATCHED = (
    "quote_exactness",
    "evidence_recall",
    "answer_rate",
    "answer_match",
    "refusal_balanced",
    "correct",
)

_KNOWN = {m.name: m for _, measures in GROUPS for m in measures} | {"milliseconds": MILLISECONDS}
_AT = re.compile(r"(.+?)_?(?:@|_at_)(\d+)$")


def measure(name: str) -> Measure:
    """The words for a measure; its own name, made readable, where there are none."""
    return _KNOWN.get(name) or Measure(name, _readable(name), "")


def _readable(name: str) -> str:
    at = _AT.match(name)
    if at:
        return f"{_readable(at[1])}@{at[2]}"
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def grouped(names: Iterable[str]) -> list[tuple[str, list[Measure]]]:
    """The measures under their headings; the unknown ones last, under `Other figures`."""
    left = list(dict.fromkeys(names))
    out = []
    for heading, measures in GROUPS:
        here = [m for m in measures if m.name in left]
        left = [name for name in left if name not in {m.name for m in here}]
        if here:
            out.append((heading, here))
    if left:
        out.append(("Other figures", [measure(name) for name in left]))
    return out


def shown(value: float | None, unit: Unit = "share", *, signed: bool = False) -> str:
    """A figure for people: `86%`, `+4 points`, `0.42`, `830 ms`; a dash for none."""
    if value is None:
        return "–"
    sign = "+" if signed and value > 0 else "−" if value < 0 else "±" if signed else ""
    size = abs(value)
    if unit == "share":
        return f"{sign}{100 * size:.1f} points" if signed else f"{sign}{_percent(size)}"
    if unit == "ms":
        return f"{sign}{size:,.0f} ms"
    return f"{sign}{size:,.2f}"


def _percent(share: float) -> str:
    """Whole per cent, but never 100% or 0% for what is not quite."""
    whole = round(100 * share)
    if whole in (0, 100) and share not in (0.0, 1.0):
        return f"{100 * share:.1f}%" if 0.0005 <= share < 0.9995 else ("<0.1%", ">99.9%")[whole > 0]
    return f"{whole}%"
