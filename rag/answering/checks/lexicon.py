"""The word lists behind the checks: YAML files beside this package, read once.

`words.yaml` holds lists of words (a set each), `concepts.yaml` opposed groups of words,
`names.yaml` names that are written differently in English and Swedish.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml


@cache
def _load(name: str) -> Any:
    text = resources.files("rag.answering").joinpath("lexicon").joinpath(name).read_text("utf-8")
    # The safe loader in C, where PyYAML has it: 8 ms instead of 120 ms.
    return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506


@cache
def words(name: str) -> frozenset[str]:
    """One of the lists in words.yaml."""
    value = _load("words.yaml")[name]
    return frozenset(value.split() if isinstance(value, str) else value)


@cache
def phrases(name: str) -> tuple[tuple[str, ...], ...]:
    """A list of words.yaml whose entries may have several words; longest first."""
    rows = {tuple(str(row).split()) for row in _load("words.yaml")[name]}
    return tuple(sorted(rows, key=lambda row: (-len(row), row)))


@cache
def table(name: str) -> dict[str, Any]:
    """A mapping in words.yaml, such as a number word to its value."""
    return dict(_load("words.yaml")[name])


@cache
def opposites() -> dict[str, frozenset[tuple[str, int]]]:
    """From a word form (or a `stem*` prefix) to the (axis, side) pairs it stands for."""
    found: dict[str, set[tuple[str, int]]] = {}
    for axis, sides in _load("concepts.yaml").items():
        for side, group in ((1, sides["a"]), (-1, sides["b"])):
            for word in group.split():
                found.setdefault(word, set()).add((axis, side))
    return {word: frozenset(pairs) for word, pairs in found.items()}


@dataclass(frozen=True, slots=True)
class NameForm:
    """`seat`: a capital that stands for its country; `word`: may be written in lower case."""

    key: str
    seat: bool = False
    word: bool = False


@cache
def name_forms() -> dict[str, NameForm]:
    """From a lower-cased form (`chinese`, `kinesiska`, `förenta staterna`) to its name."""
    forms: dict[str, NameForm] = {}
    for key, row in _load("names.yaml").items():
        for form in [key, *row["names"]]:
            forms.setdefault(str(form).lower().replace("-", " "), NameForm(str(key)))
        for form in row.get("words", ()):
            forms.setdefault(str(form), NameForm(str(key), word=True))
        for form in row.get("seats", ()):
            forms.setdefault(str(form).lower(), NameForm(str(key), seat=True))
    return forms


@cache
def longest_name() -> int:
    """Most words in any name form."""
    return max(len(form.split()) for form in name_forms())
