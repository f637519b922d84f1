"""Figures for the reader: AUC and span F1, hand-checkable."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_WORD = re.compile(r"\w+")


def auc(truth: Sequence[bool], scores: Sequence[float]) -> float:
    """The chance that a true one scores above a false one (ties count half); NaN without both."""
    order = sorted(range(len(scores)), key=lambda i: scores[i])
    ranks = [0.0] * len(scores)
    at = 0
    while at < len(order):
        end = at
        while end < len(order) and scores[order[end]] == scores[order[at]]:
            end += 1
        for i in order[at:end]:
            ranks[i] = (at + end + 1) / 2
        at = end
    positive = sum(truth)
    negative = len(truth) - positive
    if not positive or not negative:
        return float("nan")
    total = sum(rank for rank, yes in zip(ranks, truth, strict=True) if yes)
    return (total - positive * (positive + 1) / 2) / (positive * negative)


def span_f1(predicted: str, gold: str) -> float:
    """Overlap of the two texts' words, as in SQuAD (articles kept: Swedish has none to drop)."""
    a, b = (Counter(_WORD.findall(text.lower())) for text in (predicted, gold))
    common = sum((a & b).values())
    if not common:
        return float(a == b)
    precision, recall = common / sum(a.values()), common / sum(b.values())
    return 2 * precision * recall / (precision + recall)
