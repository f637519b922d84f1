"""`python -m eval report` and `compare`: what was measured, made readable and held together."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from eval import html_report
from eval.cases import TextOf, corpus_texts, find_case_file, load_suite
from eval.commands_cases import stored
from eval.compare import TOLERANCE, Comparison, Flip, compare
from eval.report_compare import compare_values, run_name, verdict
from eval.report_measures import between, shown
from eval.report_read import Document, load
from eval.terminal import say
from rag.errors import SettingsError

_STYLES = {"regression": "red", "worse": "yellow", "better": "green"}

ResultFile = Annotated[
    Path, typer.Argument(help="a JSON file that `run` wrote", show_default=False)
]


def register(app: typer.Typer) -> None:
    """Adds this module's commands."""
    app.command("report")(report_again)
    app.command("compare")(compare_results)


def report_again(
    result: ResultFile,
    data: Annotated[
        Path | None, typer.Option("--data", help="the ingested folder that the run asked")
    ] = None,
    cases: Annotated[
        str | None, typer.Option("--cases", help="the run's case file, if it is not where it was")
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", help="the file to write, instead of one beside it")
    ] = None,
) -> None:
    """Make a result's HTML report anew, with the judges and planted faults beside it.

    Quotes are shown in their articles: those of `--data`, else of the case file's corpus. Where
    an article is not at hand, its quotes stand alone.
    """
    document = load(result)
    with texts(document, data, cases) as text_of:
        page = html_report.html(document, text_of, html_report.read_side(result, document))
    written = html_report.write_html(html or result.with_suffix(".html"), page)
    say(f"Written to {written}")


@contextmanager
def texts(document: Document, data: Path | None, cases: str | None) -> Iterator[TextOf]:
    """The articles that a result's quotes are from, as far as they are at hand."""
    if data is not None:
        from rag.settings import load_settings
        from rag.store.store import Store

        if not data.is_dir():
            raise SettingsError(f"The data folder {data} does not exist: run `ordagrant ingest`.")
        with Store.open(load_settings(data=data)) as store:
            yield stored(store)
        return
    corpus = None
    try:
        corpus = load_suite(find_case_file(cases or str(document["cases"]))).corpus
    except SettingsError as error:
        if cases is not None:
            raise
        say(f"The articles are not at hand, so quotes stand alone: {error}", "yellow")
    yield corpus_texts(corpus).get if corpus is not None else lambda _: None


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
    html: Annotated[
        Path | None, typer.Option("--html", help="write the comparison to this file too")
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
    if html is not None:
        page = html_report.render("compare.html", **compare_values(a, b, found))
        say(f"Written to {html_report.write_html(html, page)}")
    for note in found.notes:
        say(note, "yellow")
    for line in found.regressions:
        say(f"Regression: {line}", "red")
    if not found.regressions:
        say(f"No regression in {found.pairs} cases.", "green")
    raise typer.Exit(1 if found.regressions else 0)


def _changes(a: Document, b: Document, found: Comparison) -> Table:
    table = Table(
        title=Text(f"{run_name(a)} → {run_name(b)}"),
        caption="Watched measures are marked *. Differences over pairs, with 95% intervals.",
        title_justify="left",
        caption_justify="left",
    )
    for heading in ("", "first", "second", "difference", "interval", "n", ""):
        table.add_column(heading, justify="left" if not heading else "right")
    for change in found.changes:
        unit, d = change.measure.unit, change.difference
        table.add_row(
            Text(change.measure.label + (" *" if change.watched else "")),
            shown(change.before, unit),
            shown(change.after, unit),
            shown(d.value, unit, signed=True),
            between(d.low, d.high, unit) or "–",
            str(d.n),
            Text(verdict(change), _STYLES.get(verdict(change), "")),
        )
    return table


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
