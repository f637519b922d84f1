"""Finding and reading articles: files, folders and globs.

What cannot be used becomes an `IngestFailure` of one sentence; the rest goes on.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from rag.corpus.formats import READERS
from rag.corpus.raw import RawArticle, UnusableError, article_text
from rag.corpus.rows import read_rows
from rag.types import IngestFailure

__all__ = [
    "MANIFEST",
    "READERS",
    "RawArticle",
    "discover",
    "display_path",
    "is_rows",
    "load_all",
    "load_file",
]

MANIFEST = "manifest.yaml"
_ROWS = (".jsonl", ".jsonl.gz")
_ENDINGS = ", ".join((*READERS, *_ROWS))


def discover(paths: Sequence[str | Path], max_bytes: int) -> Iterator[Path | IngestFailure]:
    """The files meant by `paths` (files, folders, globs), in order, each once.

    Folders are walked recursively; hidden files, unknown endings and the manifest are passed
    over there, while an unknown ending that is named directly is a failure.
    """
    seen: set[str] = set()
    for given in paths:
        for found in _expand(str(given)):
            if isinstance(found, IngestFailure):
                yield found
                continue
            real = os.path.realpath(found)
            if real in seen:
                continue
            seen.add(real)
            yield _fit(found, max_bytes)


def load_file(path: Path, max_bytes: int) -> Iterator[RawArticle | IngestFailure]:
    """The article of a file, or the articles of its rows."""
    name = display_path(path)
    try:
        if is_rows(path):
            yield from read_rows(path, name, max_bytes)
        else:
            yield _load_one(path, name, max_bytes)
    except UnusableError as problem:
        yield IngestFailure(name, f"{name} {problem}.")
    except PermissionError:
        yield IngestFailure(name, f"{name} may not be read: give yourself permission to read it.")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        yield IngestFailure(name, f"{name} cannot be read ({reason}): check the file and disk.")
    except MemoryError:
        yield IngestFailure(name, f"{name} does not fit into memory: split it.")


def load_all(paths: Sequence[str | Path], max_bytes: int) -> Iterator[RawArticle | IngestFailure]:
    """Every article under `paths`; an id that an earlier file has taken is a failure."""
    owner: dict[str, str] = {}
    for found in discover(paths, max_bytes):
        if isinstance(found, IngestFailure):
            yield found
            continue
        for item in load_file(found, max_bytes):
            if isinstance(item, RawArticle):
                first = owner.setdefault(item.id, item.origin)
                if first != item.origin:
                    yield IngestFailure(
                        item.origin,
                        f"{item.origin} has an article with the id {item.id!r}, which {first} "
                        "has too: rename one of them.",
                    )
                    continue
            yield item


def display_path(path: Path) -> str:
    """The absolute path as text that can be printed and stored, whatever bytes it holds."""
    return os.fsencode(os.path.normpath(path.absolute())).decode("utf-8", "replace")


def _expand(given: str) -> Iterator[Path | IngestFailure]:
    path = Path(given).expanduser()
    try:
        if path.is_dir():
            yield from _walk(path)
            return
        exists = os.path.lexists(path)
    except (OSError, ValueError):
        exists = False
    name = os.fsencode(given).decode("utf-8", "replace") if "\x00" not in given else repr(given)
    if exists:
        if path.name == MANIFEST:
            return
        if _known(path):
            yield path
        else:
            yield IngestFailure(
                name, f"{name} has an ending that is not read: use one of {_ENDINGS}."
            )
    elif glob.has_magic(given):
        yield from _expand_glob(path, name)
    else:
        yield IngestFailure(name, f"{name} does not exist: check the path.")


def _expand_glob(pattern: Path, name: str) -> Iterator[Path | IngestFailure]:
    found = False
    # pathlib globs no absolute pattern.
    for match in sorted(glob.glob(str(pattern), recursive=True)):  # noqa: PTH207
        path = Path(match)
        for item in _walk(path) if path.is_dir() else [path]:
            if isinstance(item, IngestFailure):
                yield item
            elif _known(item):
                found = True
                yield item
    if not found:
        yield IngestFailure(name, f"{name} matches no file of a known kind: check the pattern.")


def _walk(folder: Path) -> Iterator[Path | IngestFailure]:
    """Known files below a folder, sorted; links are followed, but never round in a circle."""
    failures: list[IngestFailure] = []

    def refuse(error: OSError) -> None:
        name = display_path(Path(error.filename or folder))
        failures.append(
            IngestFailure(name, f"{name} cannot be opened ({error.strerror}): check permissions.")
        )

    visited = {os.path.realpath(folder)}
    for root, folders, files in os.walk(folder, onerror=refuse, followlinks=True):
        fresh = []
        for child in sorted(folders):
            real = os.path.realpath(Path(root, child))
            if not child.startswith(".") and real not in visited:
                visited.add(real)
                fresh.append(child)
        folders[:] = fresh
        yield from (
            Path(root, file)
            for file in sorted(files)
            if not file.startswith(".") and _known(Path(file))
        )
    yield from failures


def _known(path: Path) -> bool:
    return path.suffix.lower() in READERS or is_rows(path)


def is_rows(path: Path) -> bool:
    """Whether a file holds a row an article."""
    return path.name.lower().endswith(_ROWS)


def _fit(path: Path, max_bytes: int) -> Path | IngestFailure:
    name = display_path(path)
    try:
        size = path.stat().st_size
    except OSError as error:
        reason = "a link that leads nowhere" if path.is_symlink() else error.strerror
        return IngestFailure(name, f"{name} cannot be read ({reason}): check the path.")
    if not path.is_file():
        return IngestFailure(name, f"{name} is not a file: name files or folders.")
    if size > max_bytes and not is_rows(path):
        return IngestFailure(
            name,
            f"{name} has {size / 1e6:,.0f} MB, more than the {max_bytes / 1e6:,.0f} MB allowed: "
            "split it or raise ORDAGRANT_MAX_FILE_MB.",
        )
    return path


def _load_one(path: Path, name: str, max_bytes: int) -> RawArticle:
    if path.stat().st_size == 0:
        raise UnusableError("is empty: put text in it or leave it out")
    media, read = READERS[path.suffix.lower()]
    content = read(path, max_bytes)
    return RawArticle(
        id=os.fsencode(path.name[: -len(path.suffix)]).decode("utf-8", "replace"),
        text=article_text(content.text),
        source=content.url or name,
        origin=name,
        media=media,
        title=content.title,
        outlet=content.outlet,
        language=content.language,
        published=content.published,
        authors=content.authors,
    )
