"""An article's text cut for reading: paragraphs of plain, masked and highlighted pieces.

Cutting moves no character: the pieces of all paragraphs and the line ends between paragraphs,
joined, are the article's text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Literal

from rag.types import Mask, Span

Kind = Literal["plain", "masked", "other", "current"]


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text shown in one way. `ref` indexes the masks, or the other quotes."""

    text: str
    kind: Kind
    ref: int = 0


Paragraph = tuple[Piece, ...]


def paragraphs(
    text: str, current: Span | None, others: Sequence[Span] = (), masks: Sequence[Mask] = ()
) -> list[Paragraph]:
    """Cut `text` into paragraphs; `current` always stays in one piece.

    Where ranges overlap, `current` wins over `others`, and those over `masks`.
    """
    cuts = [(Span(m.start, m.end), Piece("", "masked", i)) for i, m in enumerate(masks)]
    cuts += [(span, Piece("", "other", i)) for i, span in enumerate(others)]
    if current is not None:
        cuts.append((current, Piece("", "current")))
    return [
        pieces for block in _blocks(text, current) if (pieces := tuple(_pieces(text, block, cuts)))
    ]


def _blocks(text: str, current: Span | None) -> list[Span]:
    """Paragraphs by line ends; by blank lines only where lines are wrapped by hand."""
    lengths = [len(line) for line in text.split("\n") if line.strip()]
    # Wrapped text has lines of 60-80 characters, and blank lines between its paragraphs.
    wrapped = bool(lengths) and median(lengths) < 100 and "\n\n" in text and max(lengths) < 140
    breaks = re.finditer(r"\n\s*\n|\n+\Z" if wrapped else r"\n\s*", text)
    blocks: list[Span] = []
    at = 0
    for found in breaks:
        inside = current is not None and (
            found.start() < current.end and found.end() > current.start
        )
        if not inside:
            blocks.append(Span(at, found.start()))
            at = found.end()
    blocks.append(Span(at, len(text)))
    return [block for block in blocks if len(block)]


def _pieces(text: str, block: Span, cuts: Sequence[tuple[Span, Piece]]) -> list[Piece]:
    edges = {block.start, block.end}
    for span, _ in cuts:
        edges |= {at for at in (span.start, span.end) if block.start < at < block.end}
    pieces: list[Piece] = []
    places = sorted(edges)
    for start, end in pairwise(places):
        look = Piece("", "plain")
        for span, piece in cuts:  # the last that covers wins
            if span.start <= start and end <= span.end:
                look = piece
        if pieces and (pieces[-1].kind, pieces[-1].ref) == (look.kind, look.ref):
            pieces[-1] = Piece(pieces[-1].text + text[start:end], look.kind, look.ref)
        else:
            pieces.append(Piece(text[start:end], look.kind, look.ref))
    return pieces
