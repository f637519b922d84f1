"""`python -m eval bench news`: a benchmark over public articles that lie outside the project."""

from __future__ import annotations

import sys
from datetime import date, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from eval import bench_news, report
from eval.bench_news_data import SINCE
from eval.terminal import progress, say


def register(app: typer.Typer) -> None:
    """Adds this module's commands."""
    bench = typer.Typer(help="Benchmarks over public sets, which lie outside the project.")
    bench.callback()(_named)
    bench.command("news")(news)
    app.add_typer(bench, name="bench")


def _named() -> None:
    """Benchmarks over public sets, which lie outside the project."""


def news(
    bench: Annotated[Path, typer.Option("--bench", help="folder of the sets; news/ is in it")],
    data: Annotated[
        Path | None, typer.Option("--data", help="folder to keep the ingest in, and to go on from")
    ] = None,
    llm: Annotated[
        str, typer.Option(help="as `ordagrant --llm`; with one, some seconds a question")
    ] = "none",
    articles: Annotated[
        int | None, typer.Option(min=1, help="at most this many, a fixed sample [default: all]")
    ] = None,
    questions: Annotated[
        int | None, typer.Option(min=1, help="of each part at most this many [default: all]")
    ] = None,
    since: Annotated[
        datetime, typer.Option(formats=["%Y-%m-%d"], help="where the corpus begins for refusals")
    ] = datetime(SINCE.year, SINCE.month, SINCE.day),
    out: Annotated[Path, typer.Option(help="folder for the JSON file")] = report.RESULTS,
) -> None:
    """BM25, dense search and Ordagrant on thousands of news pages, side by side in one table."""
    try:
        with progress() as step:
            document = bench_news.run(
                bench,
                data=data,
                llm=llm,
                most_articles=articles,
                most_questions=questions,
                since=date(since.year, since.month, since.day),
                say=say,
                step=step,
            )
    except KeyboardInterrupt:
        kept = f"what was ingested is kept in {data}" if data else "without --data nothing is kept"
        say(f"Stopped: {kept}.")
        raise typer.Exit(130) from None
    Console(width=None if sys.stdout.isatty() else 140).print(bench_news.table(document))
    part = "".join(
        f"-{n}{what}" for n, what in ((articles, "a"), (questions, "q")) if n is not None
    )
    name = report.file_name(f"news{part}", document["llm"], document["commit"])
    say(f"Written to {report.write_json(out / name, document)}")
