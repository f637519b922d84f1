"""Which figure of a sentence answers the question, told by the reader.

Rules can set two figures against each other only where each is alone in its sentence. The
reader says more: the likeliest answer of each sentence, and how sure it is that it is one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

from rag.answering.figures import Figure, other_witness, stating, values_differ
from rag.types import Evidence, Passage, Reading, Span

# (question, passages) -> one reading a passage
Read = Callable[[str, Sequence[Passage]], list[Reading]]

# How sure the reader must be, of each sentence alone, that its figure answers.
SURE = 0.8


def answering_figures(question: str, evidence: Sequence[Evidence], read: Read) -> list[Figure]:
    """The figures with which sentences answer, where the reader is sure and picks just one.

    Only sentences that could disagree are read: with a figure of one kind and another value,
    by another witness.
    """
    stated = [figure for item in evidence for figure in stating(item)]
    rival: dict[int, Evidence] = {}
    for a, b in combinations(stated, 2):
        if other_witness(a, b) and values_differ(a.quantity, b.quantity):
            rival.update({a.evidence.n: a.evidence, b.evidence.n: b.evidence})
    items = [rival[n] for n in sorted(rival)]
    readings = read(question, [_passage(item) for item in items]) if items else []
    found = []
    for item, reading in zip(items, readings, strict=True):
        inside = [f for f in stated if f.evidence.n == item.n and _within(f, reading)]
        if reading.answerable >= SURE and len(inside) == 1:
            found += inside
    return found


def _passage(item: Evidence) -> Passage:
    text = item.sentence.text
    return Passage(text, (Span(0, len(text)),), item.article.title)


def _within(figure: Figure, reading: Reading) -> bool:
    """Whether the number itself is part of the reader's answer."""
    token = figure.reading.tokens[figure.quantity.first]
    return reading.start <= token.start and token.end <= reading.end
