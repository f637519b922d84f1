"""Where the gold excerpts stand among the chunks that a search proposes.

Measured with ir-measures (MacAvaney, Macdonald and Ounis, "Streamlining Evaluation with
ir-measures", ECIR 2022) over pytrec_eval. What is sought is not a chunk but a group of excerpts
of which any one will do: the first chunk that covers one finds the group, and a later chunk
that covers it again finds nothing new. So no search gains by finding one thing twice, and none
loses by finding it in two articles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from eval.cases import Gold
from eval.metrics_evidence import covers

K = 10


@dataclass(frozen=True, slots=True)
class HitSpan:
    """A proposed chunk at its address; `score` orders the hits of one search."""

    article_id: str
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class RetrievalScore:
    """Figures from 0 to 1 of one search's best ten chunks."""

    hits: int  # how many chunks were proposed
    rank: int | None  # of the first chunk that finds anything, from 1
    hit_1: float
    hit_3: float
    hit_10: float
    recall_10: float  # share of the groups that are found
    mrr_10: float  # 1 / rank of the first chunk that finds a group
    ndcg_10: float


def retrieval_score(
    hits: Sequence[HitSpan], groups: Sequence[Sequence[Gold]]
) -> RetrievalScore | None:
    """Of hits in order, best first; None where nothing is to be found."""
    if not groups:
        return None
    found = _found(hits[:K], groups)
    values = _measured([name for names in found for name in names], len(groups))
    rank = next((n for n, names in enumerate(found, start=1) if _is_group(names[0])), None)
    return RetrievalScore(hits=len(hits), rank=rank, **values)


def _found(hits: Sequence[HitSpan], groups: Sequence[Sequence[Gold]]) -> list[list[str]]:
    """For each hit the groups that it is the first to find, or a name that is no group's."""
    left = dict(enumerate(groups))
    out = []
    for place, hit in enumerate(hits):
        new = [n for n, group in left.items() if any(covers(hit, gold) for gold in group)]
        for n in new:
            del left[n]
        out.append([_group(n) for n in new] or [f"other{place}"])
    return out


def _group(n: int) -> str:
    return f"group{n}"


def _is_group(name: str) -> bool:
    return name.startswith("group")


def _measured(ranking: Sequence[str], groups: int) -> dict[str, float]:
    import ir_measures

    measures = _measures(ir_measures)
    values = dict.fromkeys(measures, 0.0)
    if not ranking:
        return values  # ir-measures leaves out a question for which nothing was proposed
    names = {str(measure): name for name, measure in measures.items()}
    qrels = [ir_measures.Qrel("q", _group(n), 1) for n in range(groups)]
    run = [
        ir_measures.ScoredDoc("q", name, float(len(ranking) - place))
        for place, name in enumerate(ranking)
    ]
    for metric in ir_measures.iter_calc(list(measures.values()), qrels, run):
        values[names[str(metric.measure)]] = float(metric.value)
    return values


def _measures(library: Any) -> Mapping[str, Any]:
    return MappingProxyType(
        {
            "hit_1": library.Success @ 1,
            "hit_3": library.Success @ 3,
            "hit_10": library.Success @ K,
            "recall_10": library.R @ K,
            "mrr_10": library.RR @ K,
            "ndcg_10": library.nDCG @ K,
        }
    )
