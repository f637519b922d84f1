"""JSON lines, plain or gzipped: a row an article, read one by one."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

from rag.corpus.formats import as_date, as_language, as_names, as_text
from rag.corpus.raw import RawArticle, UnusableError, article_text, whole_characters
from rag.types import IngestFailure, Published


def read_rows(path: Path, name: str, max_bytes: int) -> Iterator[RawArticle | IngestFailure]:
    """The articles of a .jsonl or .jsonl.gz file; a broken row is a failure, the rest goes on.

    `max_bytes` bounds a row, not the file: rows are streamed, so a file may be of any size.
    """
    seen: dict[str, int] = {}
    number = 0
    try:
        with _open(path) as stream:
            while line := stream.readline(max_bytes + 1):
                number += 1
                if len(line) > max_bytes:
                    _skip_line(stream, line)
                    yield _failure(name, number, f"is larger than {max_bytes:,} bytes: split it")
                    continue
                if not line.strip(b" \t\r\n\xef\xbb\xbf"):
                    continue
                try:
                    article = _article(line, name)
                    if article.id in seen:
                        raise UnusableError(
                            f"has the id {article.id!r} of line {seen[article.id]}: "
                            "give each row an id of its own"
                        )
                except UnusableError as problem:
                    yield _failure(name, number, str(problem))
                    continue
                seen[article.id] = number
                yield article
    except (EOFError, zlib.error, gzip.BadGzipFile):
        yield IngestFailure(
            name,
            f"{name} is damaged after line {number} (not a whole gzip file): "
            "rows before that were read; fetch or pack it again.",
        )
        return
    if number == 0:
        yield IngestFailure(name, f"{name} is empty: put a JSON object on each line.")


def _open(path: Path) -> BinaryIO:
    if path.suffix.lower() == ".gz":
        return cast(BinaryIO, gzip.open(path, "rb"))
    return path.open("rb")


def _skip_line(stream: BinaryIO, line: bytes) -> None:
    while line and not line.endswith(b"\n"):
        line = stream.readline(1 << 20)


def _failure(name: str, number: int, problem: str) -> IngestFailure:
    return IngestFailure(f"{name}:{number}", f"{name}, line {number}, {problem}.")


def _article(line: bytes, name: str) -> RawArticle:
    row = _parse(line)
    article_id = as_text(row.get("id"))
    if article_id is None:
        raise UnusableError('has no "id": give each row one')
    text = row.get("text")
    if not isinstance(text, str):
        raise UnusableError('has no "text": each row needs its article\'s text')
    url = _string(row, "url")
    day = as_date(row.get("publish_date"))
    outlet = _string(row, "source") or (urlsplit_host(url) if url else None)
    return RawArticle(
        id=whole_characters(article_id),
        text=article_text(text),
        source=url or name,
        origin=name,
        media="jsonl",
        title=_string(row, "title"),
        outlet=outlet,
        language=as_language(row.get("language")),
        published=Published(day, "stated", "the row's publish_date") if day else Published(),
        authors=tuple(whole_characters(a) for a in as_names(row.get("authors"))),
    )


def _parse(line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise UnusableError("is not UTF-8: save the file as UTF-8") from None
    except json.JSONDecodeError as error:
        raise UnusableError(
            f"is not JSON ({error.msg.lower()} at column {error.colno}): mend or remove the line"
        ) from None
    except (RecursionError, ValueError):
        raise UnusableError("is JSON that cannot be read: mend or remove the line") from None
    if not isinstance(row, dict):
        raise UnusableError('is not a JSON object with "id" and "text": mend or remove the line')
    return row


def _string(row: dict[str, Any], key: str) -> str | None:
    value = as_text(row.get(key))
    return whole_characters(value) if value else None


def urlsplit_host(url: str) -> str | None:
    """The host of a URL without `www.`: the outlet when no better name is known."""
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return None
    return host.removeprefix("www.") if host else None
