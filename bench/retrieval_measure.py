"""Figures of one way of searching over one corpus: hits, ranks, milliseconds."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.retrieval_sets import Corpus
from eval.cases import Gold
from eval.metrics import COVERED
from rag.settings import Settings
from rag.types import Chunk, Hit

K = 10
# The reader's room, as tokens of hits: eight chunks of 180 tokens, or fifteen of 96.
TOKEN_BUDGET = 1_440

Search = Callable[[str, int], Sequence[Hit]]


@dataclass(slots=True)
class Column:
    """What was found for the questions of one column."""

    ranks: list[int | None] = field(default_factory=list)  # of the first right hit, from 1
    shares: list[float] = field(default_factory=list)  # of gold groups within the budget
    ms: list[float] = field(default_factory=list)

    def values(self) -> dict[str, float]:
        found: dict[str, float] = {"questions": len(self.ms), "ms": statistics.median(self.ms)}
        if self.shares:
            found["hit10"] = statistics.fmean(self.shares)
        if self.ranks:
            number = len(self.ranks)
            found["hit1"] = sum(r == 1 for r in self.ranks) / number
            found["hit10"] = sum(r is not None for r in self.ranks) / number
            found["mrr"] = sum(1 / r for r in self.ranks if r) / number
        return found


@dataclass(slots=True)
class Figures:
    columns: dict[str, Column] = field(default_factory=dict)

    @classmethod
    def together(cls, parts: Sequence[Figures]) -> Figures:
        """Of several corpora, as if all had been asked of one."""
        out = cls()
        for part in parts:
            for name, column in part.columns.items():
                into = out.columns.setdefault(name, Column())
                into.ranks += column.ranks
                into.shares += column.shares
                into.ms += column.ms
        return out

    def values(self) -> dict[str, Any]:
        found: dict[str, Any] = {n: c.values() for n, c in sorted(self.columns.items())}
        ratio = across(found)
        return found if ratio is None else found | {"across": ratio}

    def line(self) -> str:
        return "; ".join(
            f"{n} " + " ".join(f"{k} {v:.3f}" for k, v in c.items() if k not in ("ms", "questions"))
            if isinstance(c, Mapping) else f"{n} {c:.3f}"
            for n, c in self.values().items()
        )  # fmt: skip


def across(found: Mapping[str, Mapping[str, float]]) -> float | None:
    """Hit@1 across the languages as a share of Hit@1 within them."""
    ways = {"across": ("en->sv", "sv->en"), "within": ("en->en", "sv->sv")}
    if any(name not in found for way in ways.values() for name in way):
        return None
    mean = {w: statistics.fmean(found[n]["hit1"] for n in names) for w, names in ways.items()}
    return mean["across"] / mean["within"] if mean["within"] else None


def measure(
    corpus: Corpus,
    search: Search,
    settings: Settings,
    remembered_ms: Callable[[], float],
) -> Figures:
    """Asks every question of `corpus`. `remembered_ms` counts up what the models would have taken
    for what they remembered: a row is told its cost as if it ran by itself."""
    figures = Figures()
    budget = TOKEN_BUDGET // settings.chunk_tokens
    for query in corpus.queries:
        booked, begun = remembered_ms(), time.perf_counter()
        hits = search(query.text, budget if query.spans else K)
        took = 1000 * (time.perf_counter() - begun) + remembered_ms() - booked
        column = figures.columns.setdefault(query.column, Column())
        column.ms.append(took)
        if query.spans:
            column.shares.append(share([hit.chunk for hit in hits], query.spans))
        else:
            column.ranks.append(rank([hit.chunk.article_id for hit in hits], query.articles))
    return figures


def rank(found: Sequence[str], right: Collection[str]) -> int | None:
    """Where the first right article stands, from 1."""
    return next((n for n, article in enumerate(found, start=1) if article in right), None)


def share(chunks: Sequence[Chunk], groups: Sequence[Sequence[Gold]]) -> float:
    """The share of groups of which some chunk holds an excerpt, or most of one."""
    held = [any(_holds(chunk, gold) for gold in group for chunk in chunks) for group in groups]
    return sum(held) / len(held)


def _holds(chunk: Chunk, gold: Gold) -> bool:
    common = min(chunk.end, gold.end) - max(chunk.start, gold.start)
    return chunk.article_id == gold.article_id and common >= COVERED * (gold.end - gold.start)
