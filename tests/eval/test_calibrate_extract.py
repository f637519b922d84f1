from __future__ import annotations

from dataclasses import replace

from eval.calibrate_extract import Asked, calibration, held
from eval.cases import Gold, GoldCase
from rag.calibration import Extracting
from rag.types import EvidenceSet, Sentence
from tests.answering.evidence import item
from tests.eval.conftest import case


def asked(*scores: float, gold: tuple[int, ...]) -> Asked:
    """A question whose n-th best sentence has the n-th score; `gold`: those it needs."""
    items = tuple(
        replace(
            item(n + 1, "a", f"Sentence {n}.", score=score),
            sentence=Sentence("a", n, 100 * n, 100 * n + 50, f"Sentence {n}."),
        )
        for n, score in enumerate(scores)
    )
    groups = tuple((Gold("a", 100 * n, 100 * n + 50, f"Sentence {n}."),) for n in gold)
    return Asked(GoldCase(case(), groups, (), None), EvidenceSet(items, 0.9, True))


def test_what_is_held_and_what_is_beside_the_point() -> None:
    one = asked(0.9, 0.8, 0.7, gold=(0, 2))
    got = held([one], Extracting(most=2, ratio=0.1))
    assert (got.recall, got.precision) == (0.5, 0.5)
    assert held([one], Extracting(most=3, ratio=0.1)).recall == 1.0


def test_a_gap_in_the_scores_is_found() -> None:
    many = [asked(0.9, 0.85, 0.2, 0.15, gold=(0, 1)) for _ in range(4)]
    fitted = calibration(many)
    assert fitted["at"] == {"recall": 1.0, "precision": 1.0}
    assert fitted["most"] >= 2
    assert held(many, Extracting(fitted["most"], fitted["ratio"])).f2 == 1.0
    assert fitted["questions"] == 4 and len(fitted["table"]) > 10


def test_nothing_found_holds_nothing() -> None:
    assert held([asked(gold=(0,))], Extracting()).f2 == 0.0
