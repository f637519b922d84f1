"""`python -m eval`: the eval suite. Without a command it runs with the defaults."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from eval import (
    calibrate,
    calibrate_extract,
    commands_bench,
    commands_cases,
    commands_drafting,
    commands_feedback,
    commands_judges,
    commands_report,
    commands_run,
    report,
)
from eval.cases import find_case_file, load_suite
from eval.runner import open_bot
from eval.terminal import progress, say
from rag.errors import OrdagrantError

CALIBRATION = Path(__file__).parent.parent / "rag" / "calibration.json"

app = typer.Typer(
    help=__doc__,
    no_args_is_help=False,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",  # by default `[default: …]` would be taken for a style
)
commands_run.register(app)
commands_report.register(app)
commands_cases.register(app)
commands_drafting.register(app)
commands_bench.register(app)
commands_feedback.register(app)
commands_judges.register(app)


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
    with progress() as show:
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
    say(f"Written to {written}")


@app.command("calibrate-extract")
def calibrate_extracting(
    out: Annotated[Path, typer.Option(help="the JSON file")] = CALIBRATION,
) -> None:
    """Fit how many sentences an answer without an LLM says; after `calibrate-refusal`."""
    asked: list[calibrate_extract.Asked] = []
    reader = ""
    with progress() as show:
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
    say(f"Written to {written}")


def main(arguments: list[str] | None = None) -> int:
    """Runs a command; `run` when none is named. Returns the exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if not words or (words[0].startswith("-") and words[0] not in ("-h", "--help")):
        words.insert(0, "run")
    try:
        app(words, standalone_mode=True, prog_name="python -m eval")
    except OrdagrantError as error:
        say(str(error), "red")
        return error.exit_status
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
