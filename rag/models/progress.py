"""How long work tells its door how far it has come."""

from __future__ import annotations

from collections.abc import Callable

# (what is being done, done, total); total 0 means that the end is not known.
Progress = Callable[[str, int, int], None]


def silent(what: str, done: int, total: int) -> None:
    """A `Progress` that tells nobody."""
