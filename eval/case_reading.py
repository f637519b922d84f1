"""Case files as plain data, every complaint with its line: YAML and JSONL.

Two steps: syntax (duplicate keys refused), shape (unknown keys and wrong types refused). Whether
a case makes sense over its articles is for `cases`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from eval.case_schema import CaseFile
from rag.errors import SettingsError

# Where each part of a file begins, by its keys and places: ("cases", 0, "question") -> 7.
Lines = dict[tuple[str | int, ...], int]

# A broken file can yield hundreds of complaints; the first ones tell what to do.
_SHOWN = 20
_HEAD = {"corpus", "articles"}


class CaseFileError(SettingsError):
    """A case file cannot be used; the message names every fault with its line."""


@dataclass(slots=True)
class Faults:
    """What is wrong with a file, collected so that all of it is said at once."""

    path: Path
    found: list[tuple[int, str]] = field(default_factory=list)

    def add(self, line: int, text: str) -> None:
        self.found.append((line, text))

    def raise_if_any(self) -> None:
        if not self.found:
            return
        shown = [f"{self.path}:{line}: {text}" for line, text in sorted(self.found)[:_SHOWN]]
        if len(self.found) > _SHOWN:
            shown.append(f"... and {len(self.found) - _SHOWN} more")
        raise CaseFileError("\n".join(shown))


def read_case_file(path: Path) -> tuple[CaseFile, Lines]:
    """A .jsonl file or, under any other ending, YAML. Raises `CaseFileError`."""
    try:
        source = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CaseFileError(f"{path} cannot be read: {error}.") from None
    parse = _parse_rows if path.suffix.lower() == ".jsonl" else _parse_yaml
    data, lines = parse(path, source)
    return _shape(path, data, lines), lines


def line_of(lines: Lines, at: Sequence[str | int]) -> int:
    """The line of the innermost part that exists (a missing field has none of its own)."""
    known = (lines.get(tuple(at[:n])) for n in range(len(at), -1, -1))
    return next(line for line in known if line is not None)


def _parse_yaml(path: Path, source: str) -> tuple[Any, Lines]:
    lines: Lines = {}
    faults = Faults(path)
    try:
        root = yaml.compose(source, Loader=yaml.SafeLoader)
        if root is None:
            raise CaseFileError(f"{path} is empty: it must have `cases`.")
        _walk(root, (), lines, faults)
        data = yaml.safe_load(source)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise CaseFileError(f"{path}:{line}: this is not valid YAML: {error.problem}.") from None
    faults.raise_if_any()
    return data, lines


def _walk(node: yaml.Node, at: tuple[str | int, ...], lines: Lines, faults: Faults) -> None:
    lines[at] = node.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _walk(item, (*at, index), lines, faults)
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name = str(key.value)
            if name in seen:
                faults.add(key.start_mark.line + 1, f"the key `{name}` is given twice.")
            seen.add(name)
            _walk(value, (*at, name), lines, faults)
            lines[(*at, name)] = key.start_mark.line + 1


def _parse_rows(path: Path, source: str) -> tuple[Any, Lines]:
    """The rows as a file's `cases`; a first row of nothing but `corpus` and `articles` is its
    head."""
    data: dict[str, Any] = {"cases": []}
    lines: Lines = {(): 1}
    faults = Faults(path)
    # Only \n ends a row: U+2028 and its like may stand within a text.
    for number, text in enumerate(source.split("\n"), start=1):
        if not text.strip():
            continue
        row = _row(text, number, faults)
        if row is None:
            continue
        if not data["cases"] and len(data) == 1 and row and row.keys() <= _HEAD:
            data |= row
            lines |= {(key,): number for key in row}
            continue
        lines[("cases", len(data["cases"]))] = number
        data["cases"].append(row)
    faults.raise_if_any()
    if not data["cases"]:
        raise CaseFileError(f"{path} is empty: it must have a case a row.")
    return data, lines


def _row(text: str, number: int, faults: Faults) -> dict[str, Any] | None:
    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        for key in sorted({k for k, _ in found if [n for n, _ in found].count(k) > 1}):
            faults.add(number, f"the key `{key}` is given twice.")
        return dict(found)

    try:
        row = json.loads(text, object_pairs_hook=pairs)
    except json.JSONDecodeError as error:
        faults.add(number, f"this is not valid JSON: {error.msg} at column {error.colno}.")
        return None
    if not isinstance(row, dict):
        faults.add(number, "a row must be a JSON object.")
        return None
    return row


def _shape(path: Path, data: Any, lines: Lines) -> CaseFile:
    try:
        return CaseFile.model_validate(data)
    except ValidationError as error:
        faults = Faults(path)
        for fault in error.errors():
            at = fault["loc"]
            said = _complaint(fault["type"], fault["msg"])
            faults.add(line_of(lines, at), f"{_where(at)}: {said}")
        faults.raise_if_any()
        raise AssertionError("a validation error has faults") from error


def _complaint(kind: str, message: str) -> str:
    if kind == "extra_forbidden":
        return "there is no such field."
    if kind == "missing":
        return "this field is required."
    return message + "."


def _where(at: Iterable[str | int]) -> str:
    out = ""
    for part in at:
        out += f"[{part}]" if isinstance(part, int) else f".{part}"
    return out.lstrip(".") or "the file"
