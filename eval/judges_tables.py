"""Tables for the terminal: who notices planted faults, what judges say and how good they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from eval.mutate import PLANTS

Figure = Mapping[str, Any]


def mutations(side: Mapping[str, Any]) -> Table:
    """A line for each watcher: the share of each fault that it notices, and its false alarms."""
    table = _table(
        f"Planted faults · {side['of']}",
        f"{side['answers']} right answers of {side['statements']} statements, seed {side['seed']}. "
        "A metric notices a fault when its figure falls; – where it measures nothing.",
    )
    faults = [fault for fault in PLANTS if side["planted"][fault]["all"]]
    table.add_column("")
    for fault in faults:
        count = side["planted"][fault]["all"]
        table.add_column(f"{fault.replace('_', ' ')}\n{count}", justify="right")
    table.add_column("false\nalarms", justify="right")
    caught = {(r["by"], r["fault"], r["language"]): r for r in side["caught"]}
    alarms = {(r["by"], r["language"]): r for r in side["alarms"]}
    languages = sorted({r["language"] for r in side["caught"]} - {"all"})
    for watcher in side["watchers"]:
        name, kind = watcher["name"], watcher["type"]
        for language in ("all", *(languages if kind != "metric" else ())):
            whole = language == "all"
            table.add_row(
                Text(name.replace("_", " ") if whole else f"  {language}"),
                *(_percent(caught.get((name, fault, language))) for fault in faults),
                _percent(alarms.get((name, language))),
                style="bold" if whole and kind == "suite" else None if whole else "dim",
            )
        if kind != "metric":
            table.add_section()
    return table


def judged(side: Mapping[str, Any]) -> Table:
    """A line for each judge and aspect, with its spread and its record against people."""
    beside = ", ".join(f"{n.replace('_', ' ')} {_percent(f)}" for n, f in side["beside"].items())
    table = _table(f"Judged · {side['of']}", f"To be read with: {beside}.")
    for heading in ("judge", "aspect", "holds", "interval", "n", "unjudged", "spread of runs",
                    "runs disagree", "balanced accuracy against labels"):  # fmt: skip
        table.add_column(heading, justify="left" if heading in ("judge", "aspect") else "right")
    for judge in side["judges"]:
        for aspect, found in judge["aspects"].items():
            swing = found["spread"] or {}
            table.add_row(
                Text(judge["name"]), aspect, _percent(found), _interval(found), str(found["n"]),
                str(found["unjudged"]), _range(swing.get("low"), swing.get("high")),
                _share(swing.get("flipped")), _record(judge["against_people"].get(aspect, ())),
            )  # fmt: skip
    return table


def calibrated(name: str, entries: Mapping[str, Any]) -> Table:
    """A line for each set, its parts and kinds of error."""
    table = _table(
        f"The judge {name} against labels",
        "Balanced accuracy with 95% intervals. (seen): the judge was fitted on these rows.",
    )
    for heading in (
        "set",
        "",
        "balanced",
        "interval",
        "n",
        "true kept",
        "false caught",
        "unjudged",
    ):
        table.add_column(heading, justify="left" if heading in ("set", "") else "right")
    for name_of_set, entry in entries.items():
        balanced = entry["balanced"]
        table.add_section()
        table.add_row(
            name_of_set + (" (seen)" if entry["seen"] else ""), entry["aspect"],
            _percent(balanced), _interval(balanced), str(balanced["n"]), _percent(entry["kept"]),
            _percent(entry["caught"]), str(entry["unjudged"]), style="bold",
        )  # fmt: skip
        for part, found in {**entry["parts"], **entry["errors"]}.items():
            table.add_row("", part, _percent(found), _interval(found), str(found["n"]))
    return table


def _table(title: str, caption: str) -> Table:
    return Table(
        title=Text(title), caption=Text(caption), title_justify="left", caption_justify="left"
    )


def _percent(figure: Figure | None) -> str:
    return "–" if figure is None else _share(figure["value"])


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"


def _interval(figure: Figure) -> str:
    return _range(figure["low"], figure["high"])


def _range(low: float | None, high: float | None) -> str:
    return "–" if low is None or high is None else f"{100 * low:.0f}–{100 * high:.0f}"


def _record(measured: Sequence[Mapping[str, Any]]) -> str:
    if not measured:
        return "not measured"
    return "\n".join(
        f"{m['set']}{' (seen)' if m['seen'] else ''} {_percent(m['balanced'])}" for m in measured
    )
