"""`python -m eval report` and `compare`: what was measured, made readable and held together."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from eval.compare import TOLERANCE, Change, Comparison, Flip, compare
from eval.report_measures import shown
from eval.report_read import Document, load
from eval.terminal import say

ResultFile = Annotated[
    Path, typer.Argument(help="a JSON file that `run` wrote", show_default=False)
]


def register(app: typer.Typer) -> None:
    """Adds this module's commands."""
    app.command("compare")(compare_results)


def compare_results(
    first: ResultFile,
    second: ResultFile,
    tolerance: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="how far a measure may fall")
    ] = TOLERANCE,
    metric: Annotated[
        list[str] | None,
        typer.Option(help="a measure that must not fall; repeatable; `all`: every one"),
    ] = None,
) -> None:
    """Show what changed from the first result to the second, case by case.

    Exit status 1 on a regression: a watched measure fell by more than the tolerance and the 95%
    interval of the paired difference excludes 0, a quote is newly inexact, or a case newly
    crashes. Exit status 2 when the results cannot be compared.
    """
    a, b = load(first), load(second)
    found = compare(a, b, tolerance, metric or None)
    out = Console(width=None if sys.stdout.isatty() else 140)
    out.print(_changes(a, b, found))
    if found.flips:
        out.print(_flips(found.flips))
    if found.made:
        out.print(_made(found))
    for note in found.notes:
        say(note, "yellow")
    for line in found.regressions:
        say(f"Regression: {line}", "red")
    if not found.regressions:
        say(f"No regression in {found.pairs} cases.", "green")
    raise typer.Exit(1 if found.regressions else 0)


def _changes(a: Document, b: Document, found: Comparison) -> Table:
    table = Table(
        title=Text(f"{_name(a)} → {_name(b)}"),
        caption="Watched measures are marked *. Differences over pairs, with 95% intervals.",
        title_justify="left",
        caption_justify="left",
    )
    for heading in ("", "first", "second", "difference", "interval", "n", ""):
        table.add_column(heading, justify="left" if not heading else "right")
    for change in found.changes:
        unit, d = change.measure.unit, change.difference
        low, high = shown(d.low, unit, signed=True), shown(d.high, unit, signed=True)
        table.add_row(
            Text(change.measure.label + (" *" if change.watched else "")),
            shown(change.before, unit),
            shown(change.after, unit),
            shown(d.value, unit, signed=True),
            "–" if d.low is None else f"{low} to {high}",
            str(d.n),
            _mark(change),
        )
    return table


def _mark(change: Change) -> Text:
    if change.regressed:
        return Text("regression", "red")
    if not change.sure or change.measure.better is None or not change.difference.value:
        return Text("")
    up = (change.difference.value > 0) == (change.measure.better == "higher")
    return Text("better", "green") if up else Text("worse", "yellow")


def _name(document: Document) -> str:
    dirty = "+" if document.get("dirty") else ""
    return f"{document['cases']} · {document['llm']} · {document['commit'][:12]}{dirty}"


def _flips(flips: Iterable[Flip]) -> Table:
    table = Table(title="Cases that changed sides", title_justify="left")
    for heading in ("", "case", "kind", "first", "second"):
        table.add_column(heading)
    for f in sorted(flips, key=lambda flip: flip.better):
        mark = Text("now right", "green") if f.better else Text("now wrong", "red")
        table.add_row(mark, Text(f.id), Text(f.kind), Text(f.before), Text(f.after))
    return table


def _made(found: Comparison) -> Table:
    table = Table(title="What they were made with", title_justify="left")
    for heading in ("", "first", "second"):
        table.add_column(heading)
    for row in found.made:
        table.add_row(*(Text(cell) for cell in row))
    return table
