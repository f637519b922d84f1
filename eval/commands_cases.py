"""`python -m eval check-cases` and `case-schema`: what case files hold and may hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from eval.case_schema import SCHEMA_FILE, schema_text
from eval.cases import GoldCase, Suite, TextOf, find_case_file, hard, load_suite
from eval.terminal import say
from rag.errors import SettingsError

if TYPE_CHECKING:
    from rag.store.store import Store


def register(app: typer.Typer) -> None:
    """Adds this module's commands."""
    app.command("check-cases")(check_cases)
    app.command("case-schema")(case_schema)


def check_cases(
    cases: Annotated[
        list[str] | None,
        typer.Option("--cases", help="a case file, or a name in eval/cases/; repeatable"),
    ] = None,
    data: Annotated[
        Path | None, typer.Option("--data", help="the ingested folder that the cases are about")
    ] = None,
) -> None:
    """Check case files and count their cases, the hard ones apart; nothing is asked."""
    suites = []
    for name in cases or ["seeds"]:
        suite = _loaded(find_case_file(name), data)
        suites.append(suite)
        where = suite.corpus if data is None else data
        typer.echo(f"{suite.path}: {len(suite.cases)} cases, all excerpts found in {where}.")
        typer.echo(f"  {counted(suite.cases)}")
    if len(suites) > 1:
        every = [gold for suite in suites for gold in suite.cases]
        typer.echo(f"together: {len(every)} cases\n  {counted(every)}")


def case_schema(
    write: Annotated[bool, typer.Option("--write", help="renew eval/cases/schema.json")] = False,
    check: Annotated[bool, typer.Option("--check", help="fail if that file is outdated")] = False,
) -> None:
    """The JSON Schema of case files, for editors and other programs."""
    if write:
        SCHEMA_FILE.write_text(schema_text(), "utf-8")
        say(f"Written to {SCHEMA_FILE}")
    elif check:
        if not SCHEMA_FILE.is_file() or SCHEMA_FILE.read_text("utf-8") != schema_text():
            raise SettingsError(
                f"{SCHEMA_FILE} is outdated: run `python -m eval case-schema --write`."
            )
        say("The schema is up to date.")
    else:
        typer.echo(schema_text(), nl=False)


def counted(cases: Iterable[GoldCase]) -> str:
    """`73 hard (49%); en 80, sv 68; dev 74, test 74; not reviewed 3`."""
    every = list(cases)
    difficult = sum(hard(gold) for gold in every)
    parts = [f"{difficult} hard ({difficult / max(1, len(every)):.0%})"]
    for values in (
        Counter(gold.case.language for gold in every),
        Counter(gold.case.split for gold in every),
        Counter(gold.case.kind.replace("_", " ") for gold in every),
    ):
        parts.append(", ".join(f"{name} {n}" for name, n in sorted(values.items())))
    unreviewed = sum(gold.case.review == "unreviewed" for gold in every)
    return "; ".join([*parts, *([f"not reviewed {unreviewed}"] if unreviewed else [])])


def _loaded(path: Path, data: Path | None) -> Suite:
    if data is None:
        return load_suite(path)
    from rag.settings import load_settings
    from rag.store.store import Store

    if not data.is_dir():
        raise SettingsError(f"The data folder {data} does not exist: run `ordagrant ingest`.")
    with Store.open(load_settings(data=data)) as store:
        return load_suite(path, stored(store))


def stored(store: Store) -> TextOf:
    """The texts of a store's articles by id."""

    def text_of(article_id: str) -> str | None:
        article = store.article(article_id)
        return None if article is None else article.text

    return text_of
