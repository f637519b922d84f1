"""`python -m eval new` and `review`: cases are drafted from a corpus, and looked at by a person."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from eval.cases import Suite, corpus_texts, find_case_file, load_suite
from eval.drafting import Drafter, names_of
from eval.drafting_desk import Desk, Draft, Plan, Tally
from eval.drafting_file import render, write_text
from eval.drafting_variants import Variants
from eval.drafting_write import Writer
from eval.review import review_file
from eval.runner import Report, open_bot
from eval.terminal import progress, say
from rag.errors import SettingsError

if TYPE_CHECKING:
    from rag.bot import Bot
    from rag.store.store import Store

DataOption = Annotated[
    Path | None, typer.Option("--data", help="an ingested data folder with the articles")
]
LlmOption = Annotated[str | None, typer.Option("--llm", help="as `ordagrant --llm`")]


class LanguageChoice(StrEnum):
    """In which languages to ask."""

    en = "en"
    sv = "sv"
    both = "both"


def register(app: typer.Typer) -> None:
    """Adds this module's commands."""
    app.command("new")(new)
    app.command("review")(review)


def new(
    out: Annotated[Path, typer.Option("--out", help="the case file (.yaml) to write")],
    data: DataOption = None,
    corpus: Annotated[
        Path | None, typer.Option("--corpus", help="a folder of articles, ingested for this run")
    ] = None,
    variants_of: Annotated[
        str | None,
        typer.Option("--from", help="a case file: make variants of its cases by rule, without LLM"),
    ] = None,
    n: Annotated[int, typer.Option("--n", min=1, max=2_000, help="cases to keep at most")] = 40,
    language: Annotated[
        LanguageChoice, typer.Option(help="of the questions")
    ] = LanguageChoice.both,
    llm: LlmOption = None,
    seed: Annotated[int, typer.Option(help="another seed picks other sentences")] = 0,
    hard: Annotated[
        bool, typer.Option("--hard", help="keep also what the search or the reader misses")
    ] = False,
) -> None:
    """Draft cases from a corpus: an LLM asks about picked sentences, checks decide what is kept.

    Every case is marked as unreviewed: `review` walks a person through them. Ctrl-C keeps what
    was made so far.
    """
    if out.exists():
        raise SettingsError(f"{out} exists already: give another name, or move it away.")
    if data is not None and corpus is not None:
        raise SettingsError("Give the articles by --data or by --corpus, not by both.")
    if out.suffix.lower() not in (".yaml", ".yml"):
        raise SettingsError(f"The case file {out} must end in .yaml.")
    suite = _given(variants_of, data)
    folder = corpus or (suite.corpus if suite is not None else None)
    languages = frozenset({"en", "sv"} if language == "both" else {language.value})
    plan = Plan(n, languages, seed, hard)
    with (
        progress() as show,
        open_bot(
            None if data is not None else folder, data, "none" if variants_of else llm, show
        ) as bot,
    ):
        if suite is None and variants_of is not None:
            suite = load_suite(find_case_file(variants_of), _texts(bot.store))
        sheet = _Sheet(out, None if data is not None else folder, _how(bot, plan, suite))
        asked = [g.case.question for g in suite.cases] if suite is not None else []
        desk = Desk(plan, bot, sheet.keep, asked)
        stopped = _work(bot, desk, suite, show)
    _tell(desk.tally, out, plan.n, stopped)
    raise typer.Exit(0 if desk.tally.kept else 1)


def _given(name: str | None, data: Path | None) -> Suite | None:
    """The case file to vary, if it names its own corpus; one that doesn't waits for the store."""
    if name is None or data is not None:
        return None
    return load_suite(find_case_file(name))


def _texts(store: Store) -> Callable[[str], str | None]:
    def text_of(article_id: str) -> str | None:
        article = store.article(article_id)
        return None if article is None else article.text

    return text_of


def _work(bot: Bot, desk: Desk, suite: Suite | None, show: Report) -> bool:
    """Drafts; whether a person stopped it."""
    try:
        if suite is not None:
            names = names_of(bot.store, desk.plan.seed)
            Variants(bot.store, names, desk).run(suite.cases, show)
        elif bot.chat is None:
            raise SettingsError(
                "Questions are written by an LLM and there is none here: name one with `--llm`, "
                "or make variants of cases that exist, by rule, with `--from CASES`."
            )
        else:
            Drafter(bot.store, Writer(bot.chat), desk).run(show)
    except KeyboardInterrupt:
        return True
    return False


def _how(bot: Bot, plan: Plan, suite: Suite | None) -> str:
    by = f"as variants of {suite.name}" if suite is not None else f"with {bot.llm_label}"
    return f"{by}, seed {plan.seed}, reader {bot.reader.name}"


class _Sheet:
    """The file that grows by each kept draft."""

    def __init__(self, path: Path, corpus: Path | None, how: str) -> None:
        self._path = path
        self._how = how
        self._drafts: list[Draft] = []
        self._corpus = corpus
        self._files = corpus_texts(corpus) if corpus is not None and corpus.is_dir() else {}

    def keep(self, draft: Draft) -> None:
        self._drafts.append(draft)
        write_text(
            self._path,
            render(self._drafts, name=self._path.name, how=self._how, corpus=self._where()),
        )

    def _where(self) -> str | None:
        """The corpus as seen from the case file, where its .txt files are all that is quoted."""
        quoted = {d.article.id for d in self._drafts if d.article is not None}
        if self._corpus is None or not self._files or not quoted <= self._files.keys():
            return None
        return Path(os.path.relpath(self._corpus.resolve(), self._path.parent.resolve())).as_posix()


def _tell(tally: Tally, out: Path, wanted: int, stopped: bool) -> None:
    table = Table(title="drafts", title_justify="left")
    for column in ("kind", "drafted", "kept", "dropped because"):
        table.add_column(column, justify="right" if column in ("drafted", "kept") else "left")
    for kind, number in sorted(tally.drafted.items()):
        why = tally.dropped.get(kind)
        reasons = "; ".join(f"{n} {w.value}" for w, n in why.most_common()) if why else ""
        table.add_row(kind, str(number), str(tally.kept[kind]), reasons)
    Console(width=None if sys.stdout.isatty() else 160).print(table)
    kept = sum(tally.kept.values())
    if stopped:
        say("Stopped: what was made so far is kept.")
    elif kept < wanted:
        say(
            f"Only {kept} of {wanted} survived: try another --seed, another --llm or more articles."
        )
    if kept:
        say(f"{kept} unreviewed cases written to {out}: go on with `python -m eval review {out}`.")
    else:
        say("Nothing survived, so no file was written.")


def review(
    cases: Annotated[Path, typer.Argument(metavar="FILE.yaml", help="the case file")],
    data: DataOption = None,
    again: Annotated[
        bool, typer.Option("--all", help="also the cases that were reviewed before")
    ] = False,
) -> None:
    """Look at unreviewed cases one by one: keep, edit, drop or skip. Each step is saved at once."""
    if not sys.stdin.isatty():
        raise SettingsError("A review needs a terminal to ask in: run it in one, without a pipe.")
    if data is None:
        review_file(cases, Console(), _asked, again=again)
        return
    from rag.settings import load_settings
    from rag.store.store import Store

    if not data.is_dir():
        raise SettingsError(f"The data folder {data} does not exist: run `ordagrant ingest`.")
    with Store.open(load_settings(data=data)) as store:
        review_file(cases, Console(), _asked, text_of=_texts(store), again=again)


def _asked(prompt: str, given: str) -> str:
    """A line from the terminal, with `given` there to be edited where the terminal can do so."""
    try:
        import readline
    except ImportError:  # Windows: an empty line then leaves things as they are
        return input(f"{prompt}({given}) " if given else prompt) or given
    readline.set_startup_hook(lambda: readline.insert_text(given))
    try:
        return input(prompt)
    finally:
        readline.set_startup_hook(None)
