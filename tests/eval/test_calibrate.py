from __future__ import annotations

import json
import math
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from eval.calibrate import Seen, SentenceSeen, calibration, choose, curve, look
from eval.cases import Gold, GoldCase
from rag.errors import SettingsError
from rag.types import Candidate, EvidenceSet, Filters, Hit, Sentence
from tests.eval.conftest import case


def pairs(yes: list[float], no: list[float]) -> list[tuple[float, bool]]:
    return [(p, True) for p in yes] + [(p, False) for p in no]


def test_a_clean_gap_is_cut_in_its_middle() -> None:
    got = choose(curve(pairs([0.8, 0.9], [0.2, 0.4])), answer_rate=1.0)
    assert (got.answer_rate, got.refusal_recall) == (1.0, 1.0)
    assert got.threshold == pytest.approx(0.6, abs=0.01)


def test_the_answer_rate_is_kept() -> None:
    mixed = curve(pairs([0.1, 0.6, 0.7, 0.8], [0.05, 0.3, 0.65]))
    strict = choose(mixed, answer_rate=1.0)
    loose = choose(mixed, answer_rate=0.75)
    assert (strict.answer_rate, strict.refusal_recall) == (1.0, pytest.approx(1 / 3))
    assert (loose.answer_rate, loose.refusal_recall) == (0.75, pytest.approx(2 / 3))


@pytest.mark.parametrize("data", [[], pairs([0.5], []), pairs([], [0.5])])
def test_one_sided_data_cannot_calibrate(data: list[tuple[float, bool]]) -> None:
    with pytest.raises(SettingsError, match="nothing to calibrate on"):
        curve(data)


def seen(
    has_answer: bool, reader: float, unnamed: float = 0.0, declines: float | None = None
) -> Seen:
    sentences = (SentenceSeen(2.0, 0.5, 0.0, True, 1.0), SentenceSeen(-2.0, 0.1, 0.7, False, -1.0))
    return Seen(has_answer, "en", reader, reader / 2, unnamed, declines, sentences)


SURE = [seen(True, 1.0 + n / 10, 0.0, -6.0) for n in range(10)]
LOST = [seen(False, -1.0 - n / 10, float(n % 2), -1.0) for n in range(10)]


def test_what_separates_is_weighed_with_the_right_sign() -> None:
    entry = calibration(SURE + LOST, answer_rate=0.9, outright_rate=1.0)
    assert entry["sentence"]["weights"]["reader"] > 0
    assert entry["sentence"]["weights"]["cosine"] > 0
    assert entry["question"]["weights"]["reader"] > 0
    assert entry["question"]["weights"]["unnamed"] < 0
    assert entry["declining"]["en"]["weights"]["llm"] < 0
    assert entry["at"]["with_llm_en"]["refusal_recall"] == 1.0
    assert entry["data"]["answerable"] == entry["data"]["unanswerable"] == 10
    json.dumps(entry, allow_nan=False)


def test_without_an_llm_nothing_is_said_of_one() -> None:
    quiet = [seen(s.has_answer, s.reader, s.unnamed) for s in SURE + LOST]
    entry = calibration(quiet, answer_rate=0.9, outright_rate=1.0)
    assert "declining" not in entry and "with_llm_en" not in entry["at"]


def test_an_llm_that_doubts_at_random_is_not_heard() -> None:
    random = [seen(s.has_answer, s.reader, s.unnamed, -float(n % 2)) for n, s in enumerate(SURE)]
    random += [seen(s.has_answer, s.reader, s.unnamed, -float(n % 2)) for n, s in enumerate(LOST)]
    assert "declining" not in calibration(random, answer_rate=0.9, outright_rate=1.0)


GOLD = Sentence("a", 0, 0, 10, "It rained.")
OTHER = Sentence("a", 1, 11, 20, "It dried.")


class FakeBot:
    """Finds the same two sentences for every question, and remembers what it was asked."""

    chat = None
    settings = SimpleNamespace(hits=2)

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.retriever = self.finder = self

    def search(self, question: str, language: str, k: int, filters: Filters | None = None) -> Any:
        self.asked.append(question)
        return []

    def find(self, question: str, language: str, hits: Sequence[Hit]) -> EvidenceSet:
        candidates = (Candidate(GOLD, 1.5, 0.4, 1), Candidate(OTHER, -1.5, 0.2, 2))
        return EvidenceSet((), 0.75, False, candidates)


def test_the_held_out_half_and_false_premises_are_never_asked() -> None:
    groups = ((Gold("a", 0, 10, "It rained."),),)
    made = [
        GoldCase(case(id="a", question="dev?"), groups, (), None),
        GoldCase(case(id="b", question="test?", split="test"), groups, (), None),
        GoldCase(case(id="c", question="untrue?", refuse="allowed"), (), (), None),
        GoldCase(case(id="d", question="silent?", refuse=True, accept=[]), (), (), None),
    ]
    bot: Any = FakeBot()
    got = look(made, bot, lambda *_: None)
    assert bot.asked == ["dev?", "silent?"]
    assert [s.has_answer for s in got] == [True, False]
    assert got[0].reader == pytest.approx(math.log(3))
    assert [s.gold for s in got[0].sentences] == [True, False]
