"""What `python -m eval mutate` found, as the report shows it: who caught which planted fault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eval.report_measures import measure, shown
from eval.report_read import ResultFileError


@dataclass(frozen=True, slots=True)
class Cell:
    """A share caught, of `n` faults; `share` None where nothing was judged."""

    text: str
    n: int
    share: float | None


@dataclass(frozen=True, slots=True)
class Row:
    """A planted fault, how often the suite caught it, and each single watcher."""

    name: str
    whole: Cell
    low: float | None
    high: float | None
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Missed:
    """A planted fault that nothing noticed."""

    case: str
    fault: str
    where: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class MutationsView:
    """The section on planted faults. `warnings` belong on the report's front page."""

    warnings: tuple[str, ...]
    watchers: tuple[str, ...]  # the columns after the whole suite
    rows: tuple[Row, ...]
    alarms: Row | None  # objections to answers that were right
    aims: str
    missed: tuple[Missed, ...]


def mutations_view(found: Mapping[str, Any]) -> MutationsView:
    """Raises `ResultFileError` when `found` is not what `mutate` writes."""
    try:
        caught = _table(found["caught"])
        alarms = {row["by"]: row for row in found["alarms"] if row["language"] == "all"}
        watchers = [w for w in found["watchers"] if w["type"] != "suite"]
        suite = next(w["name"] for w in found["watchers"] if w["type"] == "suite")
        names = [w["name"] for w in watchers if any(_caught(caught, w["name"]))]
        aims = found["aims"]
        return MutationsView(
            warnings=tuple(str(line) for line in found["blind"]),
            watchers=tuple(measure(n).label if n in _metrics(watchers) else n for n in names),
            rows=tuple(
                _row(fault.replace("_", " "), caught.get(fault, {}), suite, names)
                for fault in found["planted"]
                if suite in caught.get(fault, {})
            ),
            alarms=_row("Right answers objected to", alarms, suite, names),
            aims=(
                f"The aim: at least {shown(aims['caught'])} of each kind caught, and at most "
                f"{shown(aims['alarms'])} of right answers objected to."
            ),
            missed=tuple(
                Missed(m["case"], m["fault"].replace("_", " "), m["where"], m["before"], m["after"])
                for m in found["mutations"]
                if suite in m["missed_by"]
            ),
        )
    except (KeyError, TypeError, StopIteration) as error:
        raise ResultFileError(
            f"The mutation figures are damaged ({error!r}): run `python -m eval mutate` again."
        ) from None


def _metrics(watchers: Sequence[Mapping[str, Any]]) -> set[str]:
    return {w["name"] for w in watchers if w["type"] == "metric"}


def _table(rows: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Mapping[str, Any]]]:
    """Rows over all languages by fault and watcher."""
    out: dict[str, dict[str, Mapping[str, Any]]] = {}
    for row in rows:
        if row["language"] == "all":
            out.setdefault(row["fault"], {})[row["by"]] = row
    return out


def _caught(table: Mapping[str, Mapping[str, Mapping[str, Any]]], by: str) -> Sequence[float]:
    """What a watcher caught, fault by fault: one that caught nothing needs no column."""
    return [row[by]["value"] for row in table.values() if by in row and row[by]["value"]]


def _row(
    name: str, by: Mapping[str, Mapping[str, Any]], suite: str, watchers: Sequence[str]
) -> Row:
    whole = by.get(suite, {})
    cells = tuple(_cell(by.get(watcher, {})) for watcher in watchers)
    return Row(name, _cell(whole), whole.get("low"), whole.get("high"), cells)


def _cell(found: Mapping[str, Any]) -> Cell:
    value = found.get("value")
    return Cell(shown(value), int(found.get("n", 0)), value)
