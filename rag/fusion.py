"""Rank fusion: ids and ranks in, scores out, no I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

# Cormack, Clarke and Büttcher, "Reciprocal rank fusion outperforms Condorcet and individual
# rank learning methods", SIGIR 2009, found 60 best and the result flat around it.
RRF_K = 60


def ranks(ids: Sequence[str]) -> dict[str, int]:
    """Rank from 1 of each id in a best-first list; a repeated id keeps its best rank."""
    result: dict[str, int] = {}
    for rank, item in enumerate(ids, start=1):
        result.setdefault(item, rank)
    return result


def reciprocal_rank_fusion(
    rankings: Sequence[tuple[Mapping[str, int], float]], k: int = RRF_K
) -> dict[str, float]:
    """Sum of weight / (k + rank) over `(ranks, weight)` pairs, for every id that occurs."""
    scores: dict[str, float] = {}
    for ranking, weight in rankings:
        for item, rank in ranking.items():
            scores[item] = scores.get(item, 0.0) + weight / (k + rank)
    return scores


def best_first(scores: Mapping[str, float], tie_break: Mapping[str, float]) -> list[str]:
    """Ids by falling score; equal scores by falling `tie_break`, then by id."""
    return sorted(scores, key=lambda item: (-scores[item], -tie_break.get(item, -2.0), item))
