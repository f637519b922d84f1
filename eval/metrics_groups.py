"""Results by kind, language, direction, article, split and difficulty; and whether Swedish and
English are served alike. Pure functions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from eval.bootstrap import Estimate, Part, parity
from eval.cases import hard
from eval.metrics import MEASURES, Score
from eval.metrics_about import ABOUT

if TYPE_CHECKING:
    from eval.runner import CaseResult

LANGUAGES = ("en", "sv")

# A result may belong to several groups of one way: a case stands on several articles.
WAYS: Mapping[str, Callable[[CaseResult], Sequence[str]]] = MappingProxyType(
    {
        "kind": lambda r: [r.gold.case.kind],
        "language": lambda r: [r.gold.case.language],
        "direction": lambda r: [r.gold.direction] if r.gold.direction else [],
        "article": lambda r: r.gold.articles,
        "split": lambda r: [r.gold.case.split],
        "difficulty": lambda r: ["hard" if hard(r.gold) else "plain"],
        "review": lambda r: [r.gold.case.review],
    }
)


def grouped(results: Sequence[CaseResult]) -> dict[str, dict[str, list[CaseResult]]]:
    """Results by each way and name, names sorted."""
    out: dict[str, dict[str, list[CaseResult]]] = {}
    for way, of in WAYS.items():
        groups: dict[str, list[CaseResult]] = {}
        for result in results:
            for name in of(result):
                groups.setdefault(name, []).append(result)
        out[way] = dict(sorted(groups.items()))
    return out


def language_parity(results: Sequence[CaseResult]) -> dict[str, Estimate]:
    """For each measure of shares, the smaller of the two languages' figures over the larger.

    1 is alike, 0.5 is that one language gets half of what the other gets. Languages are those
    of the questions; each is drawn from by itself.
    """
    english, swedish = (
        [r.score for r in results if r.score and r.gold.case.language == language]
        for language in LANGUAGES
    )
    return {
        name: parity(_added(parts, english), _added(parts, swedish))
        for name, parts in MEASURES.items()
        if ABOUT[name].unit == "share"
    }


def _added(parts: Sequence[Callable[[Score], Part]], scores: Sequence[Score]) -> list[list[Part]]:
    return [[part(score) for score in scores] for part in parts]
