"""Uploaded files kept in the data folder under their own names, which become article ids.

An upload lies in a temporary folder that is emptied; an article's source must stay. So each
file is copied to `uploads/` in the data folder and read from there.
"""

from __future__ import annotations

import filecmp
import re
import shutil
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from rag.corpus.load import is_rows

_MOST_NAME = 180  # bytes; most file systems allow 255, and a suffix must still fit


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that a visitor sent. `path` is None where it did not arrive: see `problem`."""

    name: str  # as the visitor's computer calls it, untrusted
    path: Path | None
    problem: str = ""  # why it did not arrive: what is said after its name
    size: int = 0  # bytes, as the browser says


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a file is kept; `new` unless the same file was there already.

    `taken` is the id of an article of another file that the file's own name would have given
    it. `before` is the file that it replaced, to be put back when it cannot be read.
    """

    path: Path
    new: bool
    taken: str | None = None
    before: Path | None = None


def own_name(name: str) -> str:
    """`name` as the name of a file that is not hidden and lies in no folder."""
    base = PurePosixPath(name.replace("\\", "/")).name
    base = "".join(c for c in base if unicodedata.category(c) not in ("Cc", "Cf", "Cs"))
    base = unicodedata.normalize("NFC", base).strip().lstrip(".") or "file"
    stem, ending = _parts(base)
    while len((stem + ending).encode()) > _MOST_NAME and stem:
        stem = stem[:-1]
    return stem + ending


def keep(folder: Path, upload: Path, name: str, known: Callable[[str], bool]) -> Kept:
    """Copy `upload` into `folder` as `name`; `known` tells whether an article has an id.

    Another file of that name stays, and this one gets a number ("ferry-2.txt"); a file of rows
    replaces its namesake, since its articles have ids of their own and are read as changed.
    Raises `OSError`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    taken: str | None = None
    for candidate in _names(own_name(name)):
        target = folder / candidate
        rows = is_rows(target)
        if target.exists():
            if filecmp.cmp(upload, target, shallow=False):
                return Kept(target, new=False, taken=taken)
            if rows:
                before = target.with_name(f".{target.name}.before")
                target.replace(before)
                shutil.copyfile(upload, target)
                return Kept(target, new=True, before=before)
            continue
        if not rows and known(target.stem):
            taken = taken or target.stem
            continue
        shutil.copyfile(upload, target)
        return Kept(target, new=True, taken=taken)
    raise AssertionError("there is always another number")


def forget(kept: Kept) -> None:
    """Undo `keep`, for a file that gave no article."""
    if not kept.new:
        return
    if kept.before is not None:
        kept.before.replace(kept.path)
    else:
        kept.path.unlink(missing_ok=True)


def settle(kept: Kept) -> None:
    """The file was read: what it replaced is not needed any more."""
    if kept.before is not None:
        kept.before.unlink(missing_ok=True)


def _names(name: str) -> Iterator[str]:
    yield name
    stem, ending = _parts(name)
    number = 2
    while True:
        yield f"{stem}-{number}{ending}"
        number += 1


def _parts(name: str) -> tuple[str, str]:
    """Stem and ending; ".jsonl.gz" is one ending."""
    match = re.fullmatch(r"(.+?)((?:\.jsonl)?\.[^.]{1,10})", name, re.IGNORECASE | re.DOTALL)
    return (match[1], match[2]) if match else (name, "")
