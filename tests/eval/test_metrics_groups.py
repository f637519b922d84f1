from __future__ import annotations

from dataclasses import replace

import pytest

from eval.bootstrap import parity
from eval.cases import GoldCase
from eval.metrics import MEASURES
from eval.metrics_about import ABOUT, HONEST
from eval.metrics_groups import grouped, language_parity
from eval.runner import CaseResult, run_case
from tests.eval.conftest import FLOUR, answer, case, quote, refusal, text_of
from tests.eval.test_runner import FakeBot

RIGHT = answer("30 % [1]", [quote(1, "mill", FLOUR)])


def result(gold: GoldCase, language: str, right: bool) -> CaseResult:
    gold = replace(gold, case=case(language=language))
    return run_case(gold, FakeBot([RIGHT if right else refusal()]), text_of)


def test_every_measure_is_told_about_and_nothing_else() -> None:
    assert ABOUT.keys() == MEASURES.keys()


def test_what_a_paster_gets_for_nothing_is_never_shown_alone() -> None:
    free = {"quote_exactness", "evidence_precision", "not_said", "number_faithfulness"}
    free |= {"name_faithfulness", "attribution"}
    assert all(ABOUT[name].beside == HONEST for name in free)
    assert all(name in ABOUT for about in ABOUT.values() for name in about.beside)


def test_groups_by_kind_language_article_and_difficulty(flour: GoldCase, silent: GoldCase) -> None:
    results = [result(flour, "en", True), run_case(silent, FakeBot([refusal()]), text_of)]
    groups = grouped(results)
    assert {name: len(some) for name, some in groups["kind"].items()} == {
        "fact": 1,
        "unanswerable": 1,
    }
    assert list(groups["article"]) == ["mill"]
    assert list(groups["direction"]) == ["en->en"]
    assert list(groups["difficulty"]) == ["hard", "plain"]


def test_parity_is_the_smaller_over_the_larger(flour: GoldCase) -> None:
    results = [result(flour, "en", True) for _ in range(4)]
    results += [result(flour, "sv", n < 1) for n in range(4)]
    got = language_parity(results)["answer_rate"]
    assert (got.value, got.n) == (0.25, 4)
    assert got.low is not None and got.high is not None and got.low <= 0.25 <= got.high <= 1
    swapped = language_parity([result(flour, "sv", True), result(flour, "en", True)])
    assert swapped["answer_rate"].value == 1.0


def test_parity_of_one_language_or_of_nothing_is_no_figure(flour: GoldCase) -> None:
    alone = language_parity([result(flour, "en", True)])
    assert {e.value for e in alone.values()} == {None}
    neither = language_parity([result(flour, "en", False), result(flour, "sv", False)])
    assert neither["answer_rate"].value is None


def test_parity_is_the_same_each_time() -> None:
    a, b = [[(1.0, 1.0), (0.0, 1.0)]], [[(1.0, 1.0), (1.0, 1.0), (0.0, 1.0)]]
    assert parity(a, b) == parity(a, b)
    assert parity(a, b).value == pytest.approx(0.75)


def test_crashed_cases_are_in_no_figure(flour: GoldCase) -> None:
    crashed = run_case(flour, FakeBot([ValueError("boom")]), text_of)
    assert {e.n for e in language_parity([crashed]).values()} == {0}
