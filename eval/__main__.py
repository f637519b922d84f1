"""`python -m eval`: the eval suite. Without a command it runs with the defaults."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from eval import calibrate, calibrate_extract, report
from eval.cases import Suite, find_case_file, load_suite
from eval.runner import Report, open_bot, run_cases, texts_for
from rag.errors import OrdagrantError

if TYPE_CHECKING:
    from rag.store.store import Store

CALIBRATION = Path(__file__).parent.parent / "rag" / "calibration.json"

app = typer.Typer(
    help=__doc__, no_args_is_help=False, add_completion=False, pretty_exceptions_enable=False
)
_err = Console(stderr=True)

CasesOption = Annotated[str, typer.Option("--cases", help="a case file, or a name in eval/cases/")]
DataOption = Annotated[
    Path | None, typer.Option("--data", help="an ingested data folder, instead of a fresh one")
]


class SplitChoice(StrEnum):
    """Which half of the cases."""

    dev = "dev"
    test = "test"
    all = "all"


@contextmanager
def _progress() -> Iterator[Report]:
    """A bar on stderr that follows whatever is being done."""
    columns = (
        TextColumn("{task.description:32.32}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=_err, transient=True) as bar:
        task = bar.add_task("starting", total=None)

        def show(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total or None)

        yield show


@app.command()
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
    with _progress() as show, open_bot(suite.corpus if suite else None, data, llm, show) as bot:
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
        _err.print(line, style="yellow", markup=False, highlight=False, soft_wrap=True)
    fatal = report.failures(results)
    for line in fatal:
        _err.print(line, style="red", markup=False, highlight=False, soft_wrap=True)
    _err.print(f"Written to {written}", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(1 if fatal else 0)


def _suite_over(path: Path, store: Store) -> Suite:
    def text_of(article_id: str) -> str | None:
        article = store.article(article_id)
        return None if article is None else article.text

    return load_suite(path, text_of)


@app.command("check-cases")
def check_cases(cases: CasesOption = "seeds") -> None:
    """Check a case file and count its cases; nothing is asked."""
    suite = load_suite(find_case_file(cases))
    typer.echo(f"{suite.path}: {len(suite.cases)} cases, all excerpts found in {suite.corpus}.")


@app.command("calibrate-refusal")
def calibrate_refusal(
    llm: Annotated[str | None, typer.Option(help="as `ordagrant --llm`")] = None,
    answer_rate: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="least share of answerable to be answered")
    ] = 0.93,
    outright_rate: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="the same, before an LLM is asked at all")
    ] = 0.98,
    hear: Annotated[
        list[str] | None, typer.Option(help="ask the LLM in this language only; repeatable")
    ] = None,
    out: Annotated[Path, typer.Option(help="the JSON file")] = CALIBRATION,
) -> None:
    """Fit evidence and refusal anew on the dev cases (never on the test half)."""
    seen: list[calibrate.Seen] = []
    reader = ""
    with _progress() as show:
        for name in calibrate.CASES:
            suite = load_suite(find_case_file(name))
            with open_bot(suite.corpus, None, llm, show) as bot:
                reader, label = bot.reader.name, bot.llm_label
                seen += calibrate.look(suite.cases, bot, show, hear)
    observed = [asdict(s) for s in seen]
    report.write_json(report.RESULTS / "calibration-data.json", {reader: observed})
    entry = calibrate.calibration(seen, answer_rate, outright_rate)
    at = report.commit()
    entry |= {"llm": label, "commit": at.sha, "dirty": at.dirty}
    table = json.loads(out.read_text("utf-8")) if out.exists() else {}
    if (extract := table.get(reader, {}).get("extract")) is not None:
        entry["extract"] = extract  # made by another command
    written = report.write_json(out, table | {reader: entry})
    for mode, point in entry["at"].items():
        if isinstance(point, dict):
            typer.echo(
                f"{reader}, {mode.replace('_', ' ')}: below {point['threshold']:.2f} answers "
                f"{point['answer_rate']:.0%} of the answerable, refuses "
                f"{point['refusal_recall']:.0%} of the unanswerable."
            )
    _err.print(f"Written to {written}", markup=False, highlight=False, soft_wrap=True)


@app.command("calibrate-extract")
def calibrate_extracting(
    out: Annotated[Path, typer.Option(help="the JSON file")] = CALIBRATION,
) -> None:
    """Fit how many sentences an answer without an LLM says; after `calibrate-refusal`."""
    asked: list[calibrate_extract.Asked] = []
    reader = ""
    with _progress() as show:
        for name in calibrate_extract.CASES:
            suite = load_suite(find_case_file(name))
            with open_bot(suite.corpus, None, "none", show) as bot:
                reader = bot.reader.name
                asked += calibrate_extract.ask(suite.cases, bot, show)
    table = json.loads(out.read_text("utf-8"))
    fitted = calibrate_extract.calibration(asked)
    written = report.write_json(out, table | {reader: table[reader] | {"extract": fitted}})
    typer.echo(
        f"{reader}: at most {fitted['most']} sentences, of at least {fitted['ratio']:.2f} of the "
        f"best one's score, hold {fitted['at']['recall']:.0%} of what an answer needs; "
        f"{fitted['at']['precision']:.0%} of them are to the point."
    )
    _err.print(f"Written to {written}", markup=False, highlight=False, soft_wrap=True)


def main(arguments: list[str] | None = None) -> int:
    """Runs a command; `run` when none is named. Returns the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or (words[0].startswith("-") and words[0] not in ("-h", "--help")):
        words.insert(0, "run")
    try:
        app(words, standalone_mode=True, prog_name="python -m eval")
    except OrdagrantError as error:
        _err.print(str(error), style="red", markup=False, highlight=False, soft_wrap=True)
        return error.exit_status
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
