"""The words for each measure: its label, its heading, and how its figures are written.

What a measure means comes from `metrics_about`. A measure of an older result that is not known
there is shown all the same, under its own name: the figures come from the document.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from eval.metrics_about import ABOUT

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
    source: str = ""


# In the order of the page. An answer made of pasted sentences is always faithful, so no page
# shows the first groups without the next ones.
_HEADINGS = {
    "answer": "Does it answer, and rightly?",
    "evidence": "Does it stand on the right words?",
    "faithfulness": "Does it say only what they say?",
    "refusal": "Does it refuse, and rightly?",
    "shown": "Does it show what a reader must know?",
    "retrieval": "Does it find what is there?",
    "cost": "How long is it?",
}
_OTHER = "Other figures"

# Labels, in the order in which the measures stand under their headings.
_LABELS = {
    "correct": "All right",
    "answer_rate": "Answer rate",
    "answer_match": "Answer match",
    "token_f1": "Token F1",
    "token_recall": "Token recall",
    "quote_exactness": "Quotes exact",
    "evidence_recall": "Evidence recall",
    "evidence_precision": "Evidence precision",
    "number_faithfulness": "Numbers borne out",
    "name_faithfulness": "Names borne out",
    "attribution": "Attribution",
    "not_said": "Nothing forbidden",
    "refusal_recall": "Refusal recall",
    "refusal_precision": "Refusal precision",
    "refusal_balanced": "Refusal, balanced",
    "false_premise": "False premise",
    "speaker_named": "Source named",
    "date_shown": "Date shown",
    "conflict_shown": "Conflict shown",
    "no_false_conflict": "No false conflict",
    "mrr@10": "MRR@10",
    "ndcg@10": "nDCG@10",
}
# Shown where the question "does it answer?" is put, though it is what refusing costs.
_PUT = {"answer_rate": "answer"}

# Columns of the matrix of kinds: what stands for the rest.
COLUMNS = (
    "correct",
    "answer_rate",
    "answer_match",
    "refusal_recall",
    "false_premise",
    "quote_exactness",
    "evidence_recall",
    "evidence_precision",
    "number_faithfulness",
    "name_faithfulness",
    "attribution",
    "hit@10",
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


def measure(name: str) -> Measure:
    """The words for a measure; its own name, made readable, where there are none."""
    if name == MILLISECONDS.name:
        return MILLISECONDS
    label = _LABELS.get(name) or _readable(name)
    about = ABOUT.get(name)
    if about is None:
        return Measure(name, label, "")
    return Measure(name, label, about.meaning, about.unit, about.better, about.source)


def _readable(name: str) -> str:
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


def grouped(names: Iterable[str]) -> list[tuple[str, list[Measure]]]:
    """The measures under their headings; the unknown ones last, under `Other figures`."""
    order = list(_LABELS)
    known = sorted(names, key=lambda name: order.index(name) if name in order else len(order))
    out: dict[str, list[Measure]] = {heading: [] for heading in (*_HEADINGS.values(), _OTHER)}
    for name in known:
        about = ABOUT.get(name)
        group = _PUT.get(name) or (about.group if about else "")
        out[_HEADINGS.get(group, _OTHER)].append(measure(name))
    return [(heading, some) for heading, some in out.items() if some]


def shown(value: float | None, unit: Unit = "share", *, signed: bool = False) -> str:
    """A figure for people: `86%`, `+4 points`, `0.42`, `830 ms`; a dash for none."""
    if value is None:
        return "–"
    sign = "+" if signed and value > 0 else "−" if value < 0 else "±" if signed else ""
    size = abs(value)
    if unit == "share":
        return f"{sign}{100 * size:.1f} points" if signed else f"{sign}{_percent(size)}"
    if unit == "ms":
        return f"{sign}{size:,.0f} ms" if size < 1000 else f"{sign}{size / 1000:,.1f} s"
    return f"{sign}{size:,.2f}"


def between(low: float | None, high: float | None, unit: Unit) -> str:
    """The interval of a difference, its unit said once; empty for none."""
    if low is None or high is None:
        return ""
    first, second = shown(low, unit, signed=True), shown(high, unit, signed=True)
    if unit == "share":
        first = first.removesuffix(" points")
    return f"{first} to {second}"


def _percent(share: float) -> str:
    """Whole per cent, but never 100% or 0% for what is not quite."""
    whole = round(100 * share)
    if whole in (0, 100) and share not in (0.0, 1.0):
        return f"{100 * share:.1f}%" if 0.0005 <= share < 0.9995 else ("<0.1%", ">99.9%")[whole > 0]
    return f"{whole}%"
