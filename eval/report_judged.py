"""What judges said of a run, as the report shows it: each score beside the judge's own record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eval.report_measures import measure, shown
from eval.report_read import ResultFileError

_ASPECTS = {
    "faithfulness": "Statements borne out by their quotes",
    "relevance": "Answers to the question",
    "correctness": "Right by the reference",
}
_OBJECTIONS = {
    "faithfulness": "not borne out by its quotes",
    "relevance": "no answer to the question",
    "correctness": "not right by the reference",
}


@dataclass(frozen=True, slots=True)
class JudgedRow:
    """One judge on one aspect. `record` is how it fares against people's labels."""

    judge: str
    aspect: str
    value: str
    interval: str
    n: int
    unjudged: int
    spread: str
    record: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JudgedView:
    """The section on judges. `beside` must be shown with it; `objections` are by case id."""

    rows: tuple[JudgedRow, ...]
    beside: str
    objections: Mapping[str, Sequence[str]]


def judged_view(found: Mapping[str, Any]) -> JudgedView:
    """Raises `ResultFileError` when `found` is not what `judge` writes."""
    try:
        rows = [
            _row(judge, aspect, figure)
            for judge in found["judges"]
            for aspect, figure in judge["aspects"].items()
        ]
        beside = "; ".join(
            f"{measure(name).label} {shown(figure['value'])}"
            for name, figure in found["beside"].items()
        )
        return JudgedView(tuple(rows), beside, _objections(found["items"]))
    except (AttributeError, KeyError, TypeError) as error:
        raise ResultFileError(
            f"The judges' figures are damaged ({error!r}): run `python -m eval judge` again."
        ) from None


def _row(judge: Mapping[str, Any], aspect: str, found: Mapping[str, Any]) -> JudgedRow:
    name = judge["name"] + (f", asked {judge['repeats']} times" if judge["repeats"] > 1 else "")
    return JudgedRow(
        judge=name,
        aspect=_ASPECTS.get(aspect, aspect.replace("_", " ")),
        value=shown(found["value"]),
        interval=_range(found),
        n=found["n"],
        unjudged=found["unjudged"],
        spread=_spread(found["spread"]),
        record=tuple(_record(judge["against_people"].get(aspect, ()))),
    )


def _range(found: Mapping[str, Any]) -> str:
    if found["low"] is None or found["high"] is None:
        return ""
    return f"{shown(found['low'])} to {shown(found['high'])}"


def _spread(found: Mapping[str, Any] | None) -> str:
    if not found or found["low"] is None:
        return "–"
    return f"{_range(found)}; {shown(found['flipped'])} of the items told both ways"


def _record(measured: Sequence[Mapping[str, Any]]) -> Iterable[str]:
    """A line for each labelled set; a judge that was fitted on a set proves little on it."""
    for one in measured:
        fitted = ", fitted on it" if one["seen"] else ""
        yield f"{one['set']} {shown(one['balanced']['value'])} ({_range(one['balanced'])}){fitted}"


def _objections(items: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """What judges found wrong, by case."""
    out: dict[str, list[str]] = {}
    for item in items:
        for judge, verdict in item["verdicts"].items():
            if verdict["holds"] is False:
                what = _OBJECTIONS.get(item["aspect"], "objected to")
                out.setdefault(item["case"], []).append(f"{judge}: {what}: {item['text']}")
    return out
