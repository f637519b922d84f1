"""What the commands share: JSON lines in and out, progress on stderr, errors as sentences."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from rag.errors import InputError, OrdagrantError
from rag.models.progress import Progress
from rag.types import Turn


@dataclass(frozen=True, slots=True)
class Row:
    """One JSON line: where it stood, its id, and its fields."""

    line: int
    id: object
    fields: dict[str, Any]

    def text(self, name: str) -> str:
        """The field `name`, which must be a string."""
        value = self.fields.get(name)
        if not isinstance(value, str):
            raise InputError(f"line {self.line}: the field {name!r} must be a string, add it.")
        return value


def complain(message: object) -> None:
    """One line on stderr."""
    print(f"ordagrant: {message}", file=sys.stderr, flush=True)


def emit(value: object, indent: int | None = None) -> None:
    """One JSON value on stdout."""
    print(json.dumps(value, ensure_ascii=False, indent=indent), flush=True)


def run_rows(stream: TextIO, handle: Callable[[Row], dict[str, Any]]) -> int:
    """`handle` for every JSON line of `stream`, answers in order on stdout.

    A row that fails is named on stderr and the rest goes on. Returns the exit status: 0, or 1
    if some row failed.
    """
    failed = False
    for number, line in enumerate(stream, start=1):
        if not line.strip():
            continue
        try:
            row = _parse(number, line)
            emit({"id": row.id, **handle(row)})
        except OrdagrantError as error:
            complain(error if str(error).startswith("line ") else f"line {number}: {error}")
            failed = True
    return 1 if failed else 0


def _parse(number: int, line: str) -> Row:
    try:
        fields = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        raise InputError(f"line {number}: this is not JSON ({error}), correct the row.") from None
    if not isinstance(fields, dict):
        raise InputError(f'line {number}: a row must be a JSON object, for example {{"id": 1}}.')
    return Row(number, fields.get("id"), fields)


def parse_history(row: Row) -> list[Turn]:
    """The row's `history`, checked."""
    turns = row.fields.get("history") or []
    wrong = InputError(
        f"line {row.line}: `history` must be a list of "
        '{"role": "user" or "assistant", "content": "..."}.'
    )
    if not isinstance(turns, list):
        raise wrong
    history = []
    for turn in turns:
        if not isinstance(turn, dict) or not isinstance(turn.get("content"), str):
            raise wrong
        if turn.get("role") not in ("user", "assistant"):
            raise wrong
        history.append(Turn(turn["role"], turn["content"]))
    return history


@contextmanager
def progress_on_stderr() -> Iterator[Progress | None]:
    """A progress bar where stderr is a terminal, else nothing but the result is printed."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
    )
    with Bar(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, Any] = {}

        def report(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bar.add_task(what, total=total or None)
            bar.update(tasks[what], completed=done, total=total or None)

        yield report


def sample_articles() -> Path:
    """The folder of the sample articles: beside the package in a wheel, else in the checkout."""
    packaged = Path(__file__).parent / "_seeds"
    return packaged if packaged.is_dir() else Path(__file__).parent.parent / "seeds"


def read_utf8(streams: Sequence[TextIO]) -> None:
    """Makes the standard streams UTF-8 whatever the locale: articles are."""
    for stream in streams:
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="replace")
