"""`python -m eval mutate`, `judge`, `calibrate`, `export`: is the judge any good?"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from eval import export, judge_calibration, judges_tables, mutate, mutate_watch
from eval.cases import GoldCase, Suite, TextOf, corpus_texts, find_case_file, load_suite
from eval.judges import ASPECTS, Aspect, Judge, open_judge
from eval.judges_items import Articles, answered
from eval.judges_run import judged_document
from eval.report import write_json
from eval.report_read import load
from eval.terminal import progress, say
from rag.errors import SettingsError
from rag.settings import load_settings

ResultFile = Annotated[
    Path, typer.Argument(help="a JSON file that `run` wrote", show_default=False)
]
CasesOption = Annotated[
    str | None, typer.Option("--cases", help="the run's case file, where its name does not tell")
]
DataOption = Annotated[
    Path | None, typer.Option("--data", help="the run's data folder, for a file without a corpus")
]
JudgeOption = Annotated[
    list[str] | None,
    typer.Option("--judge", help="verifier, rules or an LLM as for `ordagrant --llm`; repeatable"),
]
RepeatsOption = Annotated[
    int, typer.Option(min=1, max=20, help="how often an LLM is asked about each item")
]
DEFAULT_JUDGES = ["verifier"]


def register(app: typer.Typer) -> None:
    """Adds this module's commands."""
    app.command("mutate")(mutate_run)
    app.command("judge")(judge_run)
    app.command("calibrate")(calibrate_judges)
    app.command("export")(export_run)


def mutate_run(
    result: ResultFile,
    judge: JudgeOption = None,
    repeats: RepeatsOption = 1,
    cases: CasesOption = None,
    data: DataOption = None,
    seed: Annotated[int, typer.Option(help="of every draw")] = mutate.SEED,
    most: Annotated[
        int | None, typer.Option(min=1, help="at most this many of a fault and language")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="the JSON file")] = None,
) -> None:
    """Plant faults into a run's right answers and report who notices them.

    Writes NAME.mutations.json beside the result, where `report` finds it.
    """
    document = load(result)
    with _corpus(document, cases, data) as (suite, text_of), progress() as show:
        gold = _gold(suite, document)
        clean = mutate.untouched(answered(document), text_of)
        if not clean:
            raise SettingsError(f"{result} holds no right answer that could be corrupted.")
        planted = mutate.mutations(clean, text_of, seed=seed, most=most)
        watched = mutate_watch.watch(
            planted, clean, gold, text_of, _judges(judge, repeats), most=most, report=show
        )
    side = mutate_watch.document(document, result.name, clean, watched, seed)
    written = write_json(out or _beside(result, "mutations"), side)
    _out().print(judges_tables.mutations(side))
    for line in side["blind"]:
        say(line, "yellow")
    say(f"Written to {written}")


def judge_run(
    result: ResultFile,
    judge: JudgeOption = None,
    repeats: RepeatsOption = 1,
    aspect: Annotated[
        list[str] | None, typer.Option(help=f"{', '.join(ASPECTS)}; repeatable")
    ] = None,
    cases: CasesOption = None,
    data: DataOption = None,
    out: Annotated[Path | None, typer.Option(help="the JSON file")] = None,
) -> None:
    """Have a run's answers judged; each judge's own record stands beside its score.

    Writes NAME.judged.json beside the result, where `report` finds it.
    """
    document = load(result)
    chosen = _aspects(aspect)
    with _corpus(document, cases, data) as (_, text_of), progress() as show:
        side = judged_document(
            document,
            result.name,
            answered(document),
            Articles(text_of),
            _judges(judge, repeats),
            judge_calibration.load_table(),
            aspects=chosen,
            report=show,
        )
    written = write_json(out or _beside(result, "judged"), side)
    _out().print(judges_tables.judged(side))
    say(f"Written to {written}")


def calibrate_judges(
    bench: Annotated[Path, typer.Option(help="the folder with the labelled sets")],
    judge: JudgeOption = None,
    repeats: RepeatsOption = 1,
    only: Annotated[
        list[str] | None, typer.Option("--set", help="only this labelled set; repeatable")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="at most this many rows of a label and part")
    ] = None,
    out: Annotated[Path, typer.Option(help="the JSON file")] = judge_calibration.TABLE,
) -> None:
    """Measure judges against labels: balanced accuracy, in all and by kind of error."""
    table = judge_calibration.load_table(out)
    with progress() as show:
        for one in _judges(judge, repeats):
            entries, skipped = judge_calibration.calibrate(
                bench, one, only=only or (), most=limit, report=show
            )
            for line in skipped:
                say(line, "yellow")
            if entries:
                table = judge_calibration.merged(table, one.name, entries)
                write_json(out, table)
                _out().print(judges_tables.calibrated(one.name, entries))
            for entry in entries.values():
                for part, line in entry.get("out_of_fold", {}).items():
                    say(f"{part}, of rows that the fit had not seen: {line}")
    say(f"Written to {out}" if table else "Nothing was measured.")


def export_run(
    result: ResultFile,
    form: Annotated[export.Format, typer.Option("--format", help="whose records")],
    out: Annotated[Path, typer.Option(help="the file to write")],
    refusals: Annotated[
        bool, typer.Option("--refusals", help="with refusals, which those suites score as 0")
    ] = False,
) -> None:
    """Write a run as records of ragas (JSON lines) or deepeval (JSON)."""
    made = export.records(load(result), form, refusals=refusals)
    written = export.write(out, made, form)
    say(f"{len(made)} records written to {written}")


def _judges(names: list[str] | None, repeats: int) -> list[Judge]:
    return [open_judge(name, repeats) for name in dict.fromkeys(names or DEFAULT_JUDGES)]


def _aspects(names: list[str] | None) -> tuple[Aspect, ...]:
    if unknown := sorted(set(names or ()) - set(ASPECTS)):
        raise SettingsError(f"There is no aspect {unknown[0]}: use {', '.join(ASPECTS)}.")
    return tuple(aspect for aspect in ASPECTS if not names or aspect in names)


@contextmanager
def _corpus(
    document: Mapping[str, Any], cases: str | None, data: Path | None
) -> Iterator[tuple[Suite, TextOf]]:
    """The run's cases and the texts that they, and its quotes, are of."""
    path = find_case_file(cases or document["cases"])
    if data is None:
        suite = load_suite(path)
        yield suite, corpus_texts(suite.corpus).get if suite.corpus else lambda _: None
        return
    from rag.store.store import Store

    with Store.open(load_settings(data=data)) as store:

        def text_of(article_id: str) -> str | None:
            article = store.article(article_id)
            return None if article is None else article.text

        yield load_suite(path, text_of), text_of


def _gold(suite: Suite, document: Mapping[str, Any]) -> dict[str, GoldCase]:
    gold = {g.case.id: g for g in suite.cases}
    for row in document["results"]:
        known = gold.get(row["id"])
        if known is None or known.case.question != row["question"]:
            raise SettingsError(
                f"{suite.path} does not hold the case {row['id']} as it was asked: run it anew, "
                "or name the run's own case file with --cases."
            )
    return gold


def _beside(result: Path, what: str) -> Path:
    """`seeds-none-0123.json` -> `seeds-none-0123.mutations.json`."""
    return result.with_name(f"{result.stem}.{what}.json")


def _out() -> Console:
    return Console(width=None if sys.stdout.isatty() else 140)
