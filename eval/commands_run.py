"""`python -m eval run`: a case file is asked."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from eval import report
from eval.cases import Suite, find_case_file, load_suite
from eval.runner import open_bot, run_cases, texts_for
from eval.terminal import progress, say

if TYPE_CHECKING:
    from rag.store.store import Store

CasesOption = Annotated[str, typer.Option("--cases", help="a case file, or a name in eval/cases/")]
DataOption = Annotated[
    Path | None, typer.Option("--data", help="an ingested data folder, instead of a fresh one")
]


class SplitChoice(StrEnum):
    """Which half of the cases."""

    dev = "dev"
    test = "test"
    all = "all"


def register(app: typer.Typer) -> None:
    """Adds this module's command."""
    app.command()(run)


def run(
    cases: CasesOption = "seeds",
    data: DataOption = None,
    llm: Annotated[str | None, typer.Option(help="as `ordagrant --llm`")] = None,
    only: Annotated[str | None, typer.Option(help="only cases of this kind")] = None,
    split: Annotated[SplitChoice, typer.Option(help="which half of the cases")] = SplitChoice.all,
    limit: Annotated[int | None, typer.Option(min=1, help="at most this many cases")] = None,
    jobs: Annotated[int, typer.Option(min=1, max=32, help="questions at once")] = 1,
    out: Annotated[Path, typer.Option(help="folder for the JSON file")] = report.RESULTS,
) -> None:
    """Ask every case, print the table, write the JSON.

    Exit status 1 when a quote is not exact or a case crashed.
    """
    path = find_case_file(cases)
    # A file without its own corpus is checked against the store, once that is open.
    suite = None if data is not None else load_suite(path)
    with progress() as show, open_bot(suite.corpus if suite else None, data, llm, show) as bot:
        suite = suite or _suite_over(path, bot.store)
        chosen = suite.select(kind=only, split=split.value, limit=limit)
        results = run_cases(chosen, bot, texts_for(suite, bot), jobs=jobs, report=show)
        document = report.document(
            results,
            cases=suite.name,
            llm=bot.llm_label,
            settings=bot.settings,
            threshold={x: bot.threshold(x) for x in ("en", "sv")},
            selection={"kind": only, "split": split.value, "limit": limit},
        )
    name = report.file_name(suite.name, document["llm"], document["commit"])
    written = report.write_json(out / name, document)
    Console(width=None if sys.stdout.isatty() else 160).print(report.table(document))
    for line in report.wrong([r for r in results if r.gold.case.split == "dev"]):
        say(line, "yellow")
    fatal = report.failures(results)
    for line in fatal:
        say(line, "red")
    say(f"Written to {written}")
    raise typer.Exit(1 if fatal else 0)


def _suite_over(path: Path, store: Store) -> Suite:
    def text_of(article_id: str) -> str | None:
        article = store.article(article_id)
        return None if article is None else article.text

    return load_suite(path, text_of)
