"""Changes to the text of a case file that leave everything else as it is, comments included.

A YAML file is never written anew: the place of each case and field is taken from the parser, and
only those characters are replaced. A comment inside a value that is replaced goes with it, and so
does one inside a case that is dropped.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

import yaml

from eval.drafting_file import quoted
from rag.errors import SettingsError

Value = str | Sequence[Sequence[str]]


class CaseText(Protocol):
    """The text of a case file. `case` is a place among its cases, from 0."""

    def having(self, case: int, field: str, value: Value) -> str:
        """The text with a field set: a string, or groups of forms."""
        ...

    def without(self, case: int) -> str:
        """The text without the case."""
        ...


def case_text(path: Path, text: str) -> CaseText:
    """The text as what its ending says it is; it must be a valid case file."""
    return _Rows(text) if path.suffix.lower() == ".jsonl" else _Yaml(path, text)


class _Yaml:
    def __init__(self, path: Path, text: str) -> None:
        self._text = text
        root = yaml.compose(text, Loader=yaml.SafeLoader)
        found = _value(root, "cases")
        if not isinstance(found, yaml.SequenceNode) or found.flow_style:
            raise SettingsError(f"{path} has its cases in brackets: write each under a dash first.")
        self._cases: list[yaml.MappingNode] = found.value
        if any(case.flow_style for case in self._cases):
            raise SettingsError(f"{path} has a case in braces: write its fields on lines first.")

    def having(self, case: int, field: str, value: Value) -> str:
        node = self._cases[case]
        column = node.start_mark.column
        told = _told(field, value, column)
        for key, old in node.value:
            if key.value == field:
                start, end = key.start_mark.index, _last(old)
                return self._text[:start] + told + self._text[end:]
        end = _last(node)
        return f"{self._text[:end]}\n{' ' * column}{told}{self._text[end:]}"

    def without(self, case: int) -> str:
        node = self._cases[case]
        start = self._text.rindex("-", 0, node.start_mark.index)
        start = self._text.rfind("\n", 0, start) + 1
        end = self._text.find("\n", _last(node))
        left = self._text[:start] + ("" if end < 0 else self._text[end + 1 :])
        if len(self._cases) > 1:
            return left
        # A key without cases below it would be null, which is no list.
        at = left.rindex("cases:") + len("cases:")
        return f"{left[:at]} []{left[at:]}"


def _value(node: yaml.Node | None, key: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for name, value in node.value if name.value == key), None)


def _last(node: yaml.Node) -> int:
    """Where the last thing written in a node ends; a block's own end lies past what follows."""
    inner = [part for one in _parts(node) for part in one]
    if not inner or getattr(node, "flow_style", False):
        return int(node.end_mark.index)
    return max(_last(part) for part in inner)


def _parts(node: yaml.Node) -> Iterator[tuple[yaml.Node, ...]]:
    if isinstance(node, yaml.SequenceNode):
        yield from ((item,) for item in node.value)
    elif isinstance(node, yaml.MappingNode):
        yield from node.value


def _told(field: str, value: Value, column: int) -> str:
    if isinstance(value, str):
        plain = value.isascii() and value.isalpha()  # `reviewed` needs no quotation marks
        return f"{field}: {value if plain and field == 'review' else quoted(value)}"
    if not value:
        return f"{field}: []"
    lines = [f"{' ' * (column + 2)}- [{', '.join(map(quoted, group))}]" for group in value]
    return "\n".join([f"{field}:", *lines])


class _Rows:
    """A row a case; a first row of nothing but `corpus` and `articles` is the head."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        rows = [n for n, line in enumerate(self._lines) if line.strip()]
        head = json.loads(self._lines[rows[0]]) if rows else {}
        self._cases = rows[1:] if head.keys() <= {"corpus", "articles"} else rows

    def having(self, case: int, field: str, value: Value) -> str:
        lines = list(self._lines)
        row: dict[str, Any] = json.loads(lines[self._cases[case]])
        row[field] = value if isinstance(value, str) else [list(group) for group in value]
        lines[self._cases[case]] = json.dumps(row, ensure_ascii=False)
        return "\n".join(lines)

    def without(self, case: int) -> str:
        at = self._cases[case]
        return "\n".join([*self._lines[:at], *self._lines[at + 1 :]])
