"""Quotes and marked passages shown in the words around them, cut from the articles' texts.

Cutting changes no character: an excerpt's pieces, joined, are a slice of the article.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eval.report_read import Row

TextOf = Callable[[str], str | None]

# Enough around a quote to see what "he" and "it" are, without reading the article.
AROUND = 260


@dataclass(frozen=True, slots=True)
class Mark:
    """A range of an article that a quote (`n`) covers, or that was expected (`n` None)."""

    start: int
    end: int
    n: int | None


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text under the same marks."""

    text: str
    quotes: tuple[int, ...]  # numbers of the quotes that cover it
    wanted: bool  # part of a passage that the case marks as carrying the answer


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A slice of an article; `before` and `after`: whether the article goes on there."""

    start: int
    end: int
    pieces: tuple[Piece, ...]
    before: bool
    after: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """What a case shows of one article. `adrift` are quotes that are not its words there."""

    article_id: str
    about: Mapping[str, Any]  # outlet, title, published, language, source: as the quotes say
    excerpts: tuple[Excerpt, ...]
    adrift: tuple[tuple[int, str], ...]
    known: bool  # whether the article's text was at hand


def of_case(row: Row, text_of: TextOf) -> list[Shown]:
    """The articles a case quotes or expects, quoted ones first, in order of quotation."""
    quotes = row["answer"]["quotes"] if row["answer"] is not None else []
    gold = [g for group in row["expected"]["evidence"] for g in group]
    ids = dict.fromkeys([*(q["article_id"] for q in quotes), *(g["article_id"] for g in gold)])
    return [
        _article(
            article_id,
            [q for q in quotes if q["article_id"] == article_id],
            [g for g in gold if g["article_id"] == article_id],
            text_of(article_id),
        )
        for article_id in ids
    ]


_UNKNOWN: Mapping[str, Any] = dict.fromkeys(
    ("outlet", "title", "published", "published_is", "language", "n")
)


def _article(
    article_id: str,
    quotes: Sequence[Mapping[str, Any]],
    gold: Sequence[Mapping[str, Any]],
    text: str | None,
) -> Shown:
    about = {**_UNKNOWN, **quotes[0]} if quotes else _UNKNOWN
    if text is None:
        # Each quote stands alone, as a slice that starts and ends with itself.
        alone = [Excerpt(q["start"], q["end"], (Piece(q["text"], (q["n"],), False),), True, True)
                 for q in quotes]  # fmt: skip
        alone += [Excerpt(g["start"], g["end"], (Piece(g["text"], (), True),), True, True)
                  for g in gold if not quotes]  # fmt: skip
        return Shown(article_id, about, tuple(alone), (), False)
    exact = [q for q in quotes if _is_slice(q, text)]
    adrift = tuple((q["n"], q["text"]) for q in quotes if not _is_slice(q, text))
    marks = [Mark(q["start"], q["end"], q["n"]) for q in exact]
    marks += [Mark(g["start"], g["end"], None) for g in gold if _is_slice(g, text)]
    return Shown(article_id, about, tuple(excerpts(text, marks)), adrift, True)


def _is_slice(quote: Mapping[str, Any], text: str) -> bool:
    start, end = quote["start"], quote["end"]
    return 0 <= start < end <= len(text) and bool(text[start:end] == quote["text"])


def excerpts(text: str, marks: Iterable[Mark], around: int = AROUND) -> list[Excerpt]:
    """Slices of `text` around the marks, in order; slices that would touch are one."""
    windows: list[tuple[int, int, list[Mark]]] = []
    for mark in sorted(marks, key=lambda m: (m.start, m.end)):
        low, high = _word(text, mark.start - around, -1), _word(text, mark.end + around, 1)
        if windows and low <= windows[-1][1]:
            begun, ended, inside = windows[-1]
            windows[-1] = (begun, max(ended, high), [*inside, mark])
        else:
            windows.append((low, high, [mark]))
    return [
        Excerpt(low, high, tuple(_pieces(text, low, high, inside)), low > 0, high < len(text))
        for low, high, inside in windows
    ]


def _word(text: str, at: int, step: int) -> int:
    """`at`, moved outwards to the next space, within the text."""
    while 0 < at < len(text) and not text[at - (step < 0)].isspace():
        at += step
    return max(0, min(at, len(text)))


def _pieces(text: str, low: int, high: int, marks: Sequence[Mark]) -> Iterable[Piece]:
    edges = {low, high} | {at for m in marks for at in (m.start, m.end)}
    cuts = sorted(edges)
    for start, end in itertools.pairwise(cuts):
        over = [m for m in marks if m.start < end and start < m.end]
        numbers = tuple(sorted(m.n for m in over if m.n is not None))
        yield Piece(text[start:end], numbers, any(m.n is None for m in over))
