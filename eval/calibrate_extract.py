"""How many of the best sentences an answer without an LLM should say, fitted on the dev cases.

More sentences hold more of what an answer needs and more that is beside the point. What is missing
makes an answer wrong, what is beside the point only longer: so the pair of numbers with the best
F2 is taken (van Rijsbergen 1979; recall counts twice), and the whole table is kept beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import product
from typing import Any

from eval.cases import GoldCase
from eval.metrics import covers
from eval.runner import Report
from rag.answering.extract import chosen
from rag.bot import Bot
from rag.calibration import Extracting
from rag.corpus.language import detect_question
from rag.types import Evidence, EvidenceSet

# The case files whose dev half is used.
CASES = ("seeds", "seeds2")
MOST = range(1, 6)
RATIOS = tuple(n / 20 for n in range(1, 19))


@dataclass(frozen=True, slots=True)
class Asked:
    """An answerable question with the evidence found for it."""

    gold: GoldCase
    evidence: EvidenceSet


@dataclass(frozen=True, slots=True)
class Held:
    """What answers made by `extracting` hold: shares from 0 to 1."""

    extracting: Extracting
    recall: float  # of what an answer needs, the mean over the questions
    precision: float  # of all sentences said, those to the point

    @property
    def f2(self) -> float:
        both = 4 * self.precision + self.recall
        return 5 * self.recall * self.precision / both if both else 0.0


def ask(cases: Sequence[GoldCase], bot: Bot, report: Report) -> list[Asked]:
    """The evidence of the answerable dev cases, whether or not they would be refused."""
    wanted = [g for g in cases if g.case.split == "dev" and g.case.refuse is False and g.groups]
    asked = []
    for n, gold in enumerate(wanted, start=1):
        question = gold.case.question
        language = detect_question(question)
        hits = bot.retriever.search(question, language, bot.settings.hits)
        asked.append(Asked(gold, bot.finder.find(question, language, hits)))
        report(gold.case.id, n, len(wanted))
    return asked


def held(asked: Sequence[Asked], extracting: Extracting) -> Held:
    """What answers of the first sentences alone would hold."""
    recalls, said, relevant = [], 0, 0
    for one in asked:
        items = chosen(one.evidence.items, extracting)
        groups = one.gold.groups
        met = sum(any(covers(e.sentence, g) for e in items for g in group) for group in groups)
        recalls.append(met / len(groups))
        said += len(items)
        relevant += sum(_to_the_point(e, one.gold) for e in items)
    return Held(
        extracting,
        sum(recalls) / len(recalls) if recalls else 0.0,
        relevant / said if said else 0.0,
    )


def calibration(asked: Sequence[Asked]) -> dict[str, Any]:
    """The `extract` part of a reader's entry in `calibration.json`."""
    table = [held(asked, Extracting(most, ratio)) for most, ratio in product(MOST, RATIOS)]
    best = max(table, key=lambda h: h.f2)
    return {
        **asdict(best.extracting),
        "at": {"recall": round(best.recall, 4), "precision": round(best.precision, 4)},
        "questions": len(asked),
        "table": [
            [h.extracting.most, h.extracting.ratio, round(h.recall, 3), round(h.precision, 3)]
            for h in table
            if round(h.extracting.ratio * 20) % 2 == 0
        ],
    }


def _to_the_point(item: Evidence, gold: GoldCase) -> bool:
    return any(covers(item.sentence, g) for group in (*gold.groups, gold.also) for g in group)
