"""manifest.yaml: what a person knows of articles that their files don't say.

    articles:
      000_a574084f86699ec9:          # the article's id
        title: …
        outlet: SVT
        url: https://…
        language: sv
        published: 2025-04-23
        published_is: inferred       # stated (default) or inferred
        published_reason: why we believe it
        authors: [Tilde Lewin]

Every field is optional and wins over the file. The file lies in a folder that is ingested, or
up to three folders above; it speaks for the articles at and below its own folder.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from rag.corpus.formats import as_date, as_language, as_names, as_text
from rag.corpus.load import MANIFEST, READERS, display_path, is_rows
from rag.corpus.raw import RawArticle
from rag.errors import InputError, SettingsError
from rag.types import Published, PublishedIs

_UP = 3


@dataclass(frozen=True, slots=True)
class Override:
    """What a manifest says of one article; None (or nothing) leaves what the file says."""

    title: str | None = None
    outlet: str | None = None
    url: str | None = None
    language: str | None = None
    published: Published | None = None
    authors: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class _File:
    name: str
    folder: str
    entries: dict[str, Override]
    lines: dict[str, int]


@dataclass(frozen=True, slots=True)
class Manifest:
    """All manifests of an ingest; the deepest one that names an article speaks for it."""

    files: tuple[_File, ...] = ()

    def override(self, raw: RawArticle) -> Override | None:
        """What is said of an article, or None."""
        for file in self.files:
            entry = file.entries.get(raw.id)
            if entry is not None and _below(raw.origin, file.folder):
                return entry
        return None

    @property
    def unmatched(self) -> tuple[str, ...]:
        """A sentence for each entry whose article is not there, as far as names tell.

        Folders with .jsonl files are not judged: their ids are inside.
        """
        return tuple(
            f"{file.name}, line {file.lines[article]}, names the article {article!r}, which is "
            "not in that folder: mend the name or remove the entry."
            for file in self.files
            if (names := _names_below(file.folder)) is not None
            for article in file.entries
            if article not in names
        )

    def require_all(self) -> None:
        """Raises `InputError` for the first entry without an article."""
        if problems := self.unmatched:
            raise InputError(problems[0])


def load_manifests(paths: Sequence[str | Path]) -> Manifest:
    """The manifests in and above the folders that `paths` name.

    Raises `SettingsError` naming file and line for what is no valid manifest.
    """
    found = {os.path.realpath(p): p for given in paths for p in _candidates(str(given))}
    files = [f for f in map(_read, found.values()) if f is not None]
    return Manifest(tuple(sorted(files, key=lambda f: (-f.folder.count(os.sep), f.name))))


def _candidates(given: str) -> Iterator[Path]:
    paths = [Path(given).expanduser()]
    if not os.path.lexists(paths[0]) and glob.has_magic(given):
        # pathlib globs no absolute pattern.
        found = glob.glob(str(paths[0]), recursive=True)  # noqa: PTH207
        paths = [Path(p) for p in sorted(found)]
    for path in paths:
        if path.is_dir():
            for root, folders, names in os.walk(path):
                folders[:] = sorted(f for f in folders if not f.startswith("."))
                if MANIFEST in names:
                    yield Path(root, MANIFEST)
        folder = Path(os.path.normpath((path if path.is_dir() else path.parent).absolute()))
        above = [folder, *folder.parents][: _UP + 1]
        nearest = next((f / MANIFEST for f in above if (f / MANIFEST).is_file()), None)
        # A file of this common name further up may be some other program's.
        if nearest and (nearest.parent == folder or _is_ours(nearest)):
            yield nearest


def _is_ours(path: Path) -> bool:
    try:
        node = yaml.compose(path.read_text(encoding="utf-8-sig"), Loader=yaml.SafeLoader)
    except (OSError, ValueError, yaml.YAMLError):
        return False
    return isinstance(node, yaml.MappingNode) and [k.value for k, _ in node.value] == ["articles"]


def _read(path: Path) -> _File | None:
    name = display_path(path)
    try:
        root = yaml.compose(path.read_text(encoding="utf-8-sig"), Loader=yaml.SafeLoader)
    except OSError as error:
        raise SettingsError(f"{name} cannot be read ({error.strerror}): check it.") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{name} is not UTF-8 text: save it as UTF-8.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}," if mark else ""
        problem = getattr(error, "problem", None) or "something unexpected"
        raise SettingsError(f"{name}{where} is not YAML ({problem}): mend it.") from None
    if root is None:
        return None
    top = _mapping(root, name, "the manifest")
    for key, (line, _) in top.items():
        if key != "articles":
            raise _error(name, line, f"has the unknown key {key!r}: only `articles:` is known")
    if "articles" not in top:
        raise _error(name, 1, "has no `articles:`: list the articles by id under it")
    entries, lines = {}, {}
    for article, (line, node) in _mapping(top["articles"][1], name, "articles").items():
        entries[article] = _override(node, name, article)
        lines[article] = line
    return _File(name, os.path.realpath(path.parent), entries, lines)


def _override(node: yaml.Node, name: str, article: str) -> Override:
    values: dict[str, tuple[int, Any]] = {}
    known = [*(f.name for f in fields(Override)), "published_is", "published_reason"]
    for key, (line, child) in _mapping(node, name, f"the entry {article!r}").items():
        if key not in known:
            raise _error(name, line, f"has the unknown key {key!r}: use {', '.join(known)}")
        values[key] = (line, _value(child))
    given = {k: (line, v) for k, (line, v) in values.items() if v is not None}
    return Override(
        title=_text(given, "title", name),
        outlet=_text(given, "outlet", name),
        url=_text(given, "url", name),
        language=_language(given, name),
        published=_published(given, name),
        authors=as_names(given["authors"][1]) if "authors" in given else None,
    )


def _text(given: dict[str, tuple[int, Any]], key: str, name: str) -> str | None:
    if key not in given:
        return None
    line, value = given[key]
    text = as_text(value)
    if text is None:
        raise _error(name, line, f"has a `{key}` that is no text: write it in quotes")
    return text


def _language(given: dict[str, tuple[int, Any]], name: str) -> str | None:
    if "language" not in given:
        return None
    line, value = given["language"]
    code = as_language("no" if value is False else value)  # YAML reads a bare `no` as false
    if code is None:
        raise _error(name, line, f"has the language {value!r}: write a code such as en or sv")
    return code


def _published(given: dict[str, tuple[int, Any]], name: str) -> Published | None:
    how_line, how = given.get("published_is", (0, "stated"))
    if how not in ("stated", "inferred"):
        raise _error(name, how_line, f"has published_is {how!r}: write stated or inferred")
    if "published" not in given:
        for key in ("published_is", "published_reason"):
            if key in given:
                raise _error(name, given[key][0], f"has {key} without `published`: add the date")
        return None
    line, value = given["published"]
    day = as_date(value) if isinstance(value, date | str) else None
    if day is None:
        raise _error(name, line, f"has the date {value!r}: write year-month-day, as 2025-04-23")
    reason = _text(given, "published_reason", name)
    kind: PublishedIs = "inferred" if how == "inferred" else "stated"
    return Published(day, kind, reason or "the manifest")


def _mapping(node: yaml.Node, name: str, what: str) -> dict[str, tuple[int, yaml.Node]]:
    """Keys with their line (from 1) and value."""
    line = node.start_mark.line + 1
    if not isinstance(node, yaml.MappingNode):
        if isinstance(node, yaml.ScalarNode) and node.tag.endswith(":null"):
            return {}
        raise _error(name, line, f"should hold `key: value` pairs for {what}")
    out: dict[str, tuple[int, yaml.Node]] = {}
    for key, value in node.value:
        at = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise _error(name, at, "has a key that is no plain text")
        if key.value in out:
            raise _error(name, at, f"has {key.value!r} twice: keep one")
        out[key.value] = (at, value)
    return out


def _value(node: yaml.Node) -> Any:
    constructor = yaml.constructor.SafeConstructor()
    try:
        return constructor.construct_document(node)
    except (yaml.YAMLError, ValueError):
        return node.value


def _error(name: str, line: int, problem: str) -> SettingsError:
    return SettingsError(f"{name}, line {line}, {problem}.")


def _below(origin: str, folder: str) -> bool:
    real = os.path.realpath(origin)
    return real == folder or real.startswith(folder.rstrip(os.sep) + os.sep)


def _names_below(folder: str) -> set[str] | None:
    names: set[str] = set()
    for _, folders, files in os.walk(folder):
        folders[:] = [f for f in folders if not f.startswith(".")]
        for file in files:
            path = Path(file)
            if is_rows(path):
                return None
            if path.suffix.lower() in READERS:
                names.add(path.stem)
    return names
