"""Whether Swedish and English are served alike, as a table for the report.

The share of one language's figure that the other gets comes from the document; where an older
result has none, the two figures stand side by side without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from eval.report_measures import COLUMNS, measure, shown
from eval.report_read import Document

_LANGUAGES = (("en", "English"), ("sv", "Swedish"))


@dataclass(frozen=True, slots=True)
class ParityView:
    """The section on languages; each row is a measure's name and its cells."""

    lead: str
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def parity(document: Document) -> ParityView | None:
    """None where the questions are not in both languages."""
    groups = document["groups"].get("language", {})
    if not all(code in groups for code, _ in _LANGUAGES):
        return None
    known: Mapping[str, Any] = document.get("parity") or {}
    names = [n for n in COLUMNS if all(n in groups[code]["measures"] for code, _ in _LANGUAGES)]
    rows = tuple(_row(name, groups, known.get(name)) for name in names)
    headings = ("Measure", *(label for _, label in _LANGUAGES), "Parity", "Interval")
    return ParityView(_lead(known.get("correct")), headings, rows)


def _lead(of: Mapping[str, Any] | None) -> str:
    told = (
        "It is the smaller of the two languages’ figures over the larger: 100% is alike. "
        "Languages are those of the questions; the questions are not translations of each other."
    )
    if not of or of["value"] is None:
        return f"Parity is how alike the languages are served. {told}"
    between = f"{shown(of['low'])} to {shown(of['high'])}"
    return f"Parity over all cases is {shown(of['value'])} ({between}). {told}"


def _row(name: str, groups: Mapping[str, Any], of: Mapping[str, Any] | None) -> tuple[str, ...]:
    figures = [groups[code]["measures"][name] for code, _ in _LANGUAGES]
    cells = [f"{shown(f['value'])}, n {f['n']}" for f in figures]
    if not of or of["value"] is None:
        return (measure(name).label, *cells, "–", "")
    between = f"{shown(of['low'])} to {shown(of['high'])}"
    return (measure(name).label, *cells, shown(of["value"]), between)
