"""Which articles are gone: their file lay under the paths of this ingest and is not there."""

from __future__ import annotations

import glob
import os
from collections.abc import Collection, Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePath


def gone_articles(
    unseen: Iterable[tuple[str, str]],
    paths: Sequence[str | Path],
    *,
    read: Collection[str],
    troubled: Collection[str],
) -> list[str]:
    """Ids of the articles that `--prune` may remove.

    `unseen` are (id, origin) of stored articles that this ingest did not meet. One is gone
    when its origin is covered by `paths` and either was read without it (a row taken out of a
    .jsonl file) or does not exist. What lies in, under or is itself a path with a failure
    stays: a disk that is not mounted must not empty the store.
    """
    gone = []
    for article_id, origin in unseen:
        if any(_under(origin, place) for place in troubled):
            continue
        if not any(_covers(given, origin) for given in paths):
            continue
        if origin in read or not os.path.lexists(origin):
            gone.append(article_id)
    return gone


def _covers(given: str | Path, origin: str) -> bool:
    path = Path(given).expanduser()
    if os.path.lexists(path) or not glob.has_magic(str(given)):
        return _under(origin, str(path))
    pattern = PurePath(_absolute(path)).parts
    return _fits(PurePath(origin).parts, pattern)


def _under(origin: str, place: str) -> bool:
    """Is `origin` the place itself or below it, by name or by what the links lead to?"""
    spellings = {_absolute(place), os.path.realpath(place)}
    targets = {origin, os.path.realpath(origin)}
    return any(
        target == spelling or target.startswith(spelling.rstrip(os.sep) + os.sep)
        for spelling in spellings
        for target in targets
    )


def _fits(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Does a path fit a glob, part by part? A folder that fits covers what is below it."""
    if not pattern:
        return True
    if pattern[0] == "**":
        return any(_fits(parts[start:], pattern[1:]) for start in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], pattern[0]) and _fits(parts[1:], pattern[1:])


def _absolute(path: str | Path) -> str:
    return os.path.abspath(path)  # noqa: PTH100 - Path.absolute() would keep ".."
