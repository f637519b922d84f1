"""`--help` prints every word that was written for it: brackets, stars and underscores too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from bench.run import app as bench
from eval.__main__ import app as evaluation
from rag.cli import app as ordagrant

APPS = {"ordagrant": ordagrant, "eval": evaluation, "bench": bench}


def commands(command: Any, *path: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, *path, name)


def plain(text: str) -> str:
    """As the page can be compared: without boxes, code marks and the breaks of its lines."""
    return re.sub(r"[\s│`]+", "", text)


@pytest.mark.parametrize(
    ("app", "path", "command"),
    [
        pytest.param(APPS[name], path, command, id=" ".join((name, *path)))
        for name in APPS
        for path, command in commands(typer.main.get_command(APPS[name]))
    ],
)
def test_the_help_is_shown_whole(app: typer.Typer, path: tuple[str, ...], command: Any) -> None:
    page = CliRunner().invoke(app, [*path, "--help"], env={"COLUMNS": "200"})
    assert page.exit_code == 0
    shown = plain(page.output)
    assert plain(command.help) in shown
    for param in command.params:
        assert plain(param.help or "") in shown
