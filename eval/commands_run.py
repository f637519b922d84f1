"""`python -m eval run`: a case file is asked, and what came of it is written down."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from eval import html_report, report
from eval.cases import GoldCase, Suite, TextOf, find_case_file, load_suite
from eval.listening import Listening
from eval.partial import append_partial, load_partial
from eval.report_read import load
from eval.runner import CaseResult, Report, open_bot, run_cases, texts_for
from eval.terminal import progress, say
from rag.errors import SettingsError

if TYPE_CHECKING:
    from rag.bot import Bot
    from rag.store.store import Store

CasesOption = Annotated[str, typer.Option("--cases", help="a case file, or a name in eval/cases/")]
DataOption = Annotated[
    Path | None, typer.Option("--data", help="an ingested data folder, instead of a fresh one")
]


INTERRUPTED = 130  # as shells tell a program that was stopped by Ctrl-C


class SplitChoice(StrEnum):
    """Which half of the cases."""

    dev = "dev"
    test = "test"
    all = "all"


@dataclass(frozen=True, slots=True)
class _Choice:
    """Which cases of a file, as asked for."""

    kind: str | None
    split: str
    limit: int | None
    skip_unreviewed: bool

    def of(self, suite: Suite) -> tuple[GoldCase, ...]:
        """Raises `SettingsError` when no case is left."""
        if self.skip_unreviewed:
            seen = tuple(g for g in suite.cases if g.case.review == "reviewed")
            if not seen:
                raise SettingsError(f"{suite.path} has no reviewed case: run `eval review` first.")
            suite = replace(suite, cases=seen)
        return suite.select(kind=self.kind, split=self.split, limit=self.limit)

    def told(self) -> dict[str, Any]:
        return {"kind": self.kind, "split": self.split, "limit": self.limit,
                "skip_unreviewed": self.skip_unreviewed}  # fmt: skip


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
    skip_unreviewed: Annotated[
        bool, typer.Option("--skip-unreviewed", help="leave out what nobody has reviewed")
    ] = False,
    jobs: Annotated[int, typer.Option(min=1, max=32, help="questions at once")] = 1,
    resume: Annotated[
        bool, typer.Option("--resume", help="go on where the same run was interrupted")
    ] = False,
    html: Annotated[bool, typer.Option(help="write an HTML report beside the JSON")] = True,
    out: Annotated[Path, typer.Option(help="folder for the files")] = report.RESULTS,
) -> None:
    """Ask every case; print the table, write the JSON and the HTML report.

    Exit status 1 when a quote is not exact or a case crashed.
    """
    choice = _Choice(only, split.value, limit, skip_unreviewed)
    path = find_case_file(cases)
    # A file without its own corpus is checked against the store, once that is open.
    suite = None if data is not None else load_suite(path)
    with progress() as show, open_bot(suite.corpus if suite else None, data, llm, show) as bot:
        suite = suite or _suite_over(path, bot.store)
        text_of = texts_for(suite, bot)
        chosen = choice.of(suite)
        at = report.commit()
        name = report.file_name(suite.name, bot.llm_label, at.sha)
        asker = Listening(bot)
        kept = _kept_in(out / name, bot)
        results = _asked(chosen, asker, text_of, jobs, show, kept, resume)
        document = report.document(
            results,
            cases=suite.name,
            llm=bot.llm_label,
            settings=bot.settings,
            threshold={x: bot.threshold(x) for x in ("en", "sv")},
            selection=choice.told(),
            probabilities=asker.probabilities,
            calibration=report.calibrated(bot.reader.name),
            at=at,
        )
        written = report.write_json(out / name, document)
        kept.unlink(missing_ok=True)
        page = _page(written, text_of) if html else None
    Console(width=None if sys.stdout.isatty() else 160).print(report.table(document))
    _tell(results, written, page)
    raise typer.Exit(1 if report.failures(results) else 0)


def _asked(
    cases: Sequence[GoldCase],
    bot: Listening,
    text_of: TextOf,
    jobs: int,
    show: Report,
    kept: Path,
    resume: bool,
) -> list[CaseResult]:
    """Every case's result; those that an interrupted run left in `kept` are not asked again."""
    done: Mapping[str, CaseResult] = {}
    if resume:
        done = load_partial(kept, cases, text_of)
        say(f"{len(done)} of {len(cases)} cases are taken over from {kept}." if done
            else f"There is nothing to resume in {kept}.")  # fmt: skip
    else:
        kept.unlink(missing_ok=True)
    try:
        return run_cases(
            cases,
            bot,
            text_of,
            jobs=jobs,
            report=show,
            done=done,
            keep=lambda result: append_partial(kept, result),
        )
    except KeyboardInterrupt:
        say(f"Interrupted. What was asked is in {kept}: add --resume to go on.", "yellow")
        raise typer.Exit(INTERRUPTED) from None


def _kept_in(result: Path, bot: Bot) -> Path:
    """Where a run that is under way keeps its cases: a file for each commit, LLM and settings."""
    made = json.dumps(report.public_settings(bot.settings), sort_keys=True) + bot.reader.name
    digest = hashlib.sha256(made.encode()).hexdigest()[:8]
    return result.with_name(f"{result.stem}.{digest}.partial.jsonl")


def _page(written: Path, text_of: TextOf) -> Path:
    """The report of what was written, so that `report` would make the very same."""
    page = html_report.html(load(written), text_of)
    return html_report.write_html(written.with_suffix(".html"), page)


def _tell(results: Sequence[CaseResult], written: Path, page: Path | None) -> None:
    for line in report.wrong([r for r in results if r.gold.case.split == "dev"]):
        say(line, "yellow")
    for line in report.failures(results):
        say(line, "red")
    say(f"Written to {written}" + (f" and {page}" if page else ""))


def _suite_over(path: Path, store: Store) -> Suite:
    def text_of(article_id: str) -> str | None:
        article = store.article(article_id)
        return None if article is None else article.text

    return load_suite(path, text_of)
