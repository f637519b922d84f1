"""What a loader hands on: an article's text and what its file says about it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Literal

from rag.types import Published

Media = Literal["txt", "md", "html", "pdf", "docx", "jsonl"]

# An article longer than this is no news article, and its sentences would take minutes to
# embed: 5 million characters are about 800,000 words, half as much again as War and Peace.
MAX_ARTICLE_CHARS = 5_000_000

_NEWLINES = re.compile(r"\r\n?")


@dataclass(frozen=True, slots=True)
class RawArticle:
    """An article as read, before masks and sentences.

    `source` is the path or URL a reader sees; `origin` is the file it was read from, which is
    what tells whether it is still there.
    """

    id: str
    text: str
    source: str
    origin: str
    media: Media
    title: str | None = None
    outlet: str | None = None
    language: str | None = None
    published: Published = field(default_factory=Published)
    authors: tuple[str, ...] = ()


class UnusableError(Exception):
    """A file or row that cannot be an article; the text says why and what to do."""


def whole_characters(text: str) -> str:
    """The text with lone surrogates replaced by U+FFFD, and split pairs joined.

    JSON may hold half a character (`"\\ud83d"`); such a string cannot be written as UTF-8.
    """
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def normalise_newlines(text: str) -> str:
    return _NEWLINES.sub("\n", text) if "\r" in text else text


def article_text(text: str) -> str:
    """The text as it will be stored, never changed again.

    Raises `UnusableError` when there is nothing to read, too much, or bytes that are no text.
    """
    text = normalise_newlines(whole_characters(text))
    if not text.strip("\ufeff\u200b\u200c\u200d\u2060 \t\n\v\f\x85\xa0"):
        raise UnusableError(
            "is empty: nothing in it can be quoted, so put text in it or leave it out"
        )
    if "\x00" in text:
        raise UnusableError("is not text (it contains NUL bytes): convert it to UTF-8 text")
    if len(text) > MAX_ARTICLE_CHARS:
        raise UnusableError(
            f"is one article of {len(text):,} characters, more than the {MAX_ARTICLE_CHARS:,} "
            "that are allowed: split it into its articles"
        )
    return text
