"""Planted faults are faults, in one place only; who notices them is told, and who does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import zip_longest

import pytest

from eval.judges import Item, Judge, Ruling, VerifierJudge
from eval.metrics import quote_faults
from eval.mutate import PLANTS, Mutation, mutations, untouched
from eval.mutate_watch import CHECKS, SUITE, blind, figures, watch
from eval.runner import Report
from rag.types import Answer, Statement
from tests.eval.judging import ASKED, make_answer, make_case, make_gold, text_of

CASES = [make_case(name) for name in ASKED]
GOLD = {name: make_gold(name) for name in ASKED}
SAID = ("number", "date", "name", "negation", "speaker", "added_claim")


@pytest.fixture(scope="module")
def planted() -> list[Mutation]:
    return mutations(CASES, text_of)


def of(planted: Sequence[Mutation], fault: str, case: str) -> Mutation:
    return next(m for m in planted if m.fault == fault and m.case == case)


def differences(a: object, b: object, path: str = "") -> list[str]:
    """Where two JSON values differ."""
    if isinstance(a, dict) and isinstance(b, dict):
        return [d for key in a for d in differences(a[key], b.get(key), f"{path}.{key}")]
    if isinstance(a, list) and isinstance(b, list):
        pairs = enumerate(zip_longest(a, b))
        return [d for i, (x, y) in pairs for d in differences(x, y, f"{path}[{i}]")]
    return [] if a == b else [path]


def test_every_fault_is_planted_in_both_languages(planted: list[Mutation]) -> None:
    expected = {(fault, language) for fault in PLANTS for language in ("en", "sv")}
    assert expected == {(m.fault, m.language) for m in planted}


def test_a_fault_in_words_changes_one_statement_and_its_prose(planted: list[Mutation]) -> None:
    for m in [m for m in planted if m.fault in SAID]:
        before = make_answer(m.case)
        changed = differences(before.model_dump(mode="json"), m.answer.model_dump(mode="json"))
        assert set(changed) == {".answer", ".statements[0].text"}, m
        assert m.answer.statements[0].text == m.after != m.before
        assert m.answer.answer == before.answer.replace(m.before, m.after)


def test_a_fault_in_a_quote_leaves_the_words_of_the_answer_alone(planted: list[Mutation]) -> None:
    for m in [m for m in planted if m.fault not in SAID]:
        before = make_answer(m.case)
        assert m.answer.statements == before.statements and m.answer.answer == before.answer
        assert m.answer.quotes != before.quotes


def test_a_quote_off_by_a_character_or_mislabelled_is_not_exact(planted: list[Mutation]) -> None:
    for m in planted:
        exact = not quote_faults(m.answer.quotes[0], text_of)
        assert exact == (m.fault not in ("quote_article", "quote_character")), m


def test_a_quote_of_the_wrong_article_keeps_its_words(planted: list[Mutation]) -> None:
    m = of(planted, "quote_article", "price")
    assert m.answer.quotes[0].text == ASKED["price"][2]
    assert m.answer.quotes[0].article_id != "bridge"


def test_a_swapped_quote_is_exact_in_another_article(planted: list[Mutation]) -> None:
    quote = of(planted, "quote_swapped", "price").answer.quotes[0]
    assert quote.article_id != "bridge" and quote.n == 1
    assert (text_of(quote.article_id) or "")[quote.start : quote.end] == quote.text


def test_the_same_seed_plants_the_same_and_another_does_not(planted: list[Mutation]) -> None:
    assert mutations(CASES, text_of) == planted
    assert mutations(CASES, text_of, seed=1) != planted


def test_at_most_so_many_of_a_fault_and_language() -> None:
    few = mutations(CASES, text_of, most=1)
    kinds = [(m.fault, m.language) for m in few]
    assert len(kinds) == len(set(kinds))


def test_a_number_in_the_introduction_is_left_alone() -> None:
    text = "The Bridge Post, 5 June 2025: “" + ASKED["price"][2] + "”"
    answer = make_answer("price").model_copy(
        update={"answer": f"{text} [1]", "statements": (Statement(text=text, quotes=(1,)),)}
    )
    m = of(mutations([make_case("price", answer)], text_of), "number", "price")
    assert m.after.startswith("The Bridge Post, 5 June 2025: “")
    assert "410 million" not in m.after


def test_a_statement_without_quotes_is_passed_over() -> None:
    answer = make_answer("price").model_copy(
        update={"statements": (Statement(text="So 410 say in 1961.", quotes=()),)}
    )
    assert mutations([make_case("price", answer)], text_of) == []


def test_only_right_answers_with_exact_quotes_are_corrupted() -> None:
    inexact = of(mutations(CASES, text_of), "quote_character", "price").answer
    wrong = replace(make_case("sheep"), correct=False)
    cases = [make_case("price", inexact), wrong, make_case("pris")]
    assert [case.id for case in untouched(cases, text_of)] == ["pris"]


class Deaf:
    """A judge that finds everything borne out, or cannot tell at all."""

    aspects = ("faithfulness",)
    repeats = 1
    tokens = 0

    def __init__(self, holds: bool | None) -> None:
        self.name = f"deaf {holds}"
        self.holds = holds

    def judge(self, items: Sequence[Item], report: Report | None = None) -> list[Ruling]:
        return [Ruling(self.holds, None, "", (self.holds,)) for _ in items]


def shares(planted: list[Mutation], *judges: Judge) -> dict[tuple[str, str], float]:
    found = figures(watch(planted, CASES, GOLD, text_of, judges))
    return {(r["by"], r["fault"]): r["value"] for r in found["caught"] if r["language"] == "all"}


def test_who_notices_what(planted: list[Mutation]) -> None:
    caught = shares(planted, VerifierJudge(None))
    assert caught["rules", "number"] == caught["rules", "speaker"] == 1
    assert caught["rules", "quote_swapped"] == 1
    assert caught["quote_exactness", "quote_character"] == 1
    assert caught["quote_exactness", "number"] == 0
    assert caught[SUITE, "quote_character"] == caught[SUITE, "number"] == 1


def test_a_deaf_judge_is_named_on_the_front_page(planted: list[Mutation]) -> None:
    found = figures(watch(planted, CASES, GOLD, text_of, [Deaf(True)]))
    count = found["planted"]["quote_swapped"]["all"]
    assert any(
        line.startswith(f"The judge deaf True misses {count} of {count}") for line in found["blind"]
    )
    # It is not shown where a quote stands, so it is not blamed for what it cannot see.
    assert not any("deaf" in line and "character" in line for line in found["blind"])


def test_what_was_not_judged_is_neither_caught_nor_missed(planted: list[Mutation]) -> None:
    found = figures(watch(planted, CASES, GOLD, text_of, [Deaf(None)]))
    assert not [r for r in [*found["caught"], *found["alarms"]] if r["by"] == "deaf None"]
    assert all("deaf None" in row["unjudged_by"] for row in found["mutations"])


def test_false_alarms_are_of_untouched_answers(planted: list[Mutation]) -> None:
    found = figures(watch(planted, CASES, GOLD, text_of, [Deaf(False), VerifierJudge(None)]))
    alarms = {r["by"]: r["value"] for r in found["alarms"] if r["language"] == "all"}
    assert alarms["deaf False"] == 1 and alarms[SUITE] == 1
    assert alarms["rules"] == 0 and alarms["quote_exactness"] == 0
    assert not set(alarms) - CHECKS - {"deaf False", "rules", SUITE}


def test_without_anybody_blind_there_is_nothing_to_say() -> None:
    good = {"by": SUITE, "type": "suite", "fault": "number", "language": "all", "value": 0.96}
    quiet = {"by": SUITE, "type": "suite", "language": "all", "value": 0.03, "n": 100}
    assert blind([good | {"n": 100}], [quiet]) == []
    assert blind([good | {"n": 100, "value": 0.9}], [quiet]) == [
        "The suite misses 10 of 100 planted faults of the kind “number” (10%)."
    ]


def test_mutated_answers_are_still_answers(planted: list[Mutation]) -> None:
    for m in planted:
        assert Answer.model_validate(m.answer.model_dump(mode="json")) == m.answer
