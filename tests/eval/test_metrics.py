"""Every measure by hand on a tiny example, and every planted fault must be seen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from eval.cases import GoldCase
from eval.metrics import cited_quotes, covers, evidence_recall, latency, score, summarise
from rag.types import Answer, Conflict, Side
from tests.eval.conftest import FLOUR, answer, case, gold, quote, refusal, text_of

RIGHT = "It made thirty per cent of the flour [1]."


def test_a_right_answer_is_right(flour: GoldCase) -> None:
    got = score(flour, answer(RIGHT, [quote(1, "mill", FLOUR)]), text_of)
    assert got.correct
    assert (got.recall, got.relevant, got.cited, got.exact, got.quotes) == (1.0, 1, 1, 1, 1)
    assert got.quote_faults == () and got.missing == ()


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"start": 26, "end": 26 + len(FLOUR)}, "the article has"),
        ({"end": 25 + len(FLOUR) - 1}, "the article has"),
        ({"text": FLOUR.replace("30", "80")}, "the article has"),
        ({"text": FLOUR.replace("county's", "county’s")}, "the article has"),
        ({"text": FLOUR + " "}, "the article has"),
        ({"article_sha256": "0" * 64}, "SHA-256"),
        ({"article_id": "nowhere"}, "not in the corpus"),
        ({"article_id": "sjo"}, "outside"),
        ({"start": 5, "end": 5, "text": ""}, "empty"),
        ({"start": -42, "end": -1}, "outside"),
    ],
)
def test_a_planted_quote_fault_is_seen(
    flour: GoldCase, changed: dict[str, Any], reason: str
) -> None:
    good = quote(1, "mill", "The mill opened in 1961.")
    bad = quote(2, "mill", FLOUR, **changed)
    got = score(flour, answer(RIGHT, [good, bad]), text_of)
    assert (got.exact, got.quotes) == (1, 2)
    assert any(reason in fault for fault in got.quote_faults)
    assert summarise([got])["quote_exactness"].value == 0.5


@pytest.mark.parametrize(
    "text",
    ["It made 80 per cent [1].", "It made 30 sacks [1].", "It made 130 % [1].", "No idea [30]."],
)
def test_a_planted_wrong_answer_is_seen(flour: GoldCase, text: str) -> None:
    got = score(flour, answer(text, [quote(1, "mill", FLOUR)]), text_of)
    assert not got.correct
    assert got.missing == ("30 %",)


def test_what_must_not_be_said_makes_a_right_answer_wrong(flour: GoldCase) -> None:
    strict = replace(flour, case=case(must_not_say=["of the world*"]))
    text = "It made 30 per cent of the world's flour, 30 per cent of the county's [1]."
    got = score(strict, answer(text, [quote(1, "mill", FLOUR)]), text_of)
    assert got.said == ("of the world*",)
    assert not got.correct
    assert summarise([got])["not_said"].value == 0.0


def test_a_quote_from_elsewhere_is_no_evidence(flour: GoldCase) -> None:
    got = score(flour, answer(RIGHT, [quote(1, "mill", "It closed in May.")]), text_of)
    assert (got.recall, got.relevant, got.cited) == (0.0, 0, 1)


def test_same_place_in_another_article_is_no_evidence() -> None:
    there = gold("mill", "The mill opened")
    assert not covers(quote(1, "sjo", "Sjön är djup. I"), there)


@pytest.mark.parametrize(
    ("text", "enough"),
    [
        (FLOUR, True),
        ("The mill opened in 1961. " + FLOUR, True),
        ("It made 30 per cent of ", True),
        ("It made 30 per", False),
        ("The mill opened in 1961.", False),
    ],
)
def test_half_of_the_excerpt_covers_it(text: str, enough: bool) -> None:
    assert covers(quote(1, "mill", text), gold("mill", FLOUR)) is enough


def test_recall_counts_groups_and_any_excerpt_of_a_group() -> None:
    opened, made, closed = (
        gold("mill", t) for t in ("The mill opened in 1961.", FLOUR, "It closed in May.")
    )
    quotes = [quote(1, "mill", "It closed in May.")]
    assert evidence_recall(quotes, [[opened, closed], [made]]) == 0.5


def test_also_counts_for_precision_only() -> None:
    closed = gold("mill", "It closed in May.")
    with_also = GoldCase(case(), ((gold("mill", FLOUR),),), (closed,), "en->en")
    got = score(with_also, answer(RIGHT, [quote(1, "mill", closed.text)]), text_of)
    assert (got.recall, got.relevant) == (0.0, 1)


def test_nearest_of_a_refusal_is_not_cited_but_must_be_exact(flour: GoldCase) -> None:
    shown = refusal([quote(1, "mill", FLOUR, text="made up")])
    assert cited_quotes(shown) == []
    got = score(flour, shown, text_of)
    assert (got.recall, got.cited, got.exact, got.quotes) == (0.0, 0, 0, 1)


def test_sides_of_a_conflict_are_cited() -> None:
    sides = (Side(claim="a", quotes=(2,)), Side(claim="b", quotes=(3,)))
    quotes = [quote(n, "mill", FLOUR) for n in (1, 2, 3, 4)]
    got = answer("x [1]", quotes, conflicts=(Conflict(about="x", sides=sides),))
    got = got.model_copy(
        update={"statements": (got.statements[0].model_copy(update={"quotes": (1,)}),)}
    )
    assert [q.n for q in cited_quotes(got)] == [1, 2, 3]


def test_refusing_an_answerable_question_is_recall_0_and_not_precision_0(flour: GoldCase) -> None:
    measured = summarise([score(flour, refusal(), text_of)])
    assert measured["evidence_recall"].value == 0.0
    assert measured["evidence_precision"].value is None
    assert measured["answer_match"].value == 0.0
    assert measured["answer_rate"].value == 0.0
    assert measured["refusal_precision"].value == 0.0


def test_refusal_measures_by_hand(flour: GoldCase, silent: GoldCase) -> None:
    right = answer(RIGHT, [quote(1, "mill", FLOUR)])
    scores = [
        score(flour, right, text_of),
        score(flour, right, text_of),
        score(flour, right, text_of),
        score(flour, refusal(), text_of),
        score(silent, refusal(), text_of),
        score(silent, right, text_of),
    ]
    measured = summarise(scores)
    assert measured["answer_rate"].value == pytest.approx(3 / 4)
    assert measured["refusal_recall"].value == pytest.approx(1 / 2)
    assert measured["refusal_precision"].value == pytest.approx(1 / 2)
    assert measured["refusal_balanced"].value == pytest.approx((3 / 4 + 1 / 2) / 2)
    assert measured["answer_match"].value == pytest.approx(3 / 4)
    assert measured["answer_match"].n == 4
    assert measured["correct"].value == pytest.approx(4 / 6)


@pytest.mark.parametrize(
    ("given", "right"),
    [
        (refusal(), True),
        (answer("No, it was 30 per cent [1].", [quote(1, "mill", FLOUR)]), True),
        (answer("Because of the war [1].", [quote(1, "mill", FLOUR)]), False),
    ],
)
def test_a_false_premise_may_be_refused_or_corrected(given: Any, right: bool) -> None:
    untrue = GoldCase(case(refuse="allowed"), ((gold("mill", FLOUR),),), (), "en->en")
    got = score(untrue, given, text_of)
    assert got.correct is right
    measured = summarise([got])
    assert measured["false_premise"].value == float(right)
    assert measured["answer_rate"].n == measured["refusal_recall"].n == 0


def test_a_refused_false_premise_leaves_no_evidence_to_measure() -> None:
    untrue = GoldCase(case(refuse="allowed"), ((gold("mill", FLOUR),),), (), "en->en")
    measured = summarise([score(untrue, refusal(), text_of)])
    assert measured["evidence_recall"].value is None
    assert measured["refusal_precision"].value == 1.0


def test_the_words_of_a_refusal_are_not_an_answer(flour: GoldCase) -> None:
    said = refusal().model_copy(update={"answer": "Nothing on 30 %."})
    assert not score(flour, said, text_of).correct


MAY, JUNE = "It closed in May.", "The mill opened in 1961."


def disputed(**changed: Any) -> GoldCase:
    groups = ((gold("mill", MAY),), (gold("mill", JUNE),))
    return GoldCase(case(conflict=True, **changed), groups, (), "en->en", disputes=(groups,))


def showing(*sides: tuple[int, ...]) -> Answer:
    quotes = [quote(1, "mill", MAY), quote(2, "mill", JUNE), quote(3, "mill", FLOUR)]
    value = Conflict(about="x", sides=tuple(Side(claim="a", quotes=s) for s in sides))
    return answer("30 %", quotes, conflicts=(value,))


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (showing((1,), (2,)), 1.0),
        (showing((1,), (3,)), 0.0),
        (showing((1,), (1,)), 0.0),
        (answer("30 %", [quote(1, "mill", MAY), quote(2, "mill", JUNE)]), 0.0),
        (refusal(), 0.0),
    ],
)
def test_a_conflict_is_shown_when_its_sides_stand_on_both(given: Answer, shown: float) -> None:
    measured = summarise([score(disputed(), given, text_of)])
    assert measured["conflict_shown"].value == shown
    assert measured["no_false_conflict"].n == 0


@pytest.mark.parametrize(
    ("given", "calm"), [(showing((1,), (2,)), 1.0), (showing((1,), (3,)), 0.0)]
)
def test_a_conflict_that_the_file_knows_of_is_never_false(
    flour: GoldCase, given: Answer, calm: float
) -> None:
    known = replace(flour, disputes=disputed().disputes)
    assert summarise([score(known, given, text_of)])["no_false_conflict"].value == calm
    assert summarise([score(flour, given, text_of)])["no_false_conflict"].value == 0.0


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (answer("Lindh says 30 % [1].", [quote(1, "mill", FLOUR)]), 1.0),
        (answer("It made 30 % [1].", [quote(1, "mill", FLOUR, outlet="Lindh Post")]), 1.0),
        (answer("It made 30 % [1].", [quote(1, "mill", FLOUR)]), 0.0),
        (answer("Lindh says 30 % [1].", [quote(1, "mill", MAY)]), 0.0),
        (refusal(), 0.0),
    ],
)
def test_the_expected_source_is_named(flour: GoldCase, given: Answer, named: float) -> None:
    asked = replace(flour, case=case(attribution=["Lindh"]))
    assert summarise([score(asked, given, text_of)])["speaker_named"].value == named
    assert summarise([score(flour, given, text_of)])["speaker_named"].n == 0


def test_f1_is_against_the_reference_and_recall_against_accepted_forms_too(
    flour: GoldCase,
) -> None:
    given = answer("SVT, 1 May 2024: “It made 30 %.”", [quote(1, "mill", FLOUR)])
    measured = summarise([score(flour, given, text_of)])
    assert (measured["token_f1"].n, measured["token_recall"].value) == (0, 1.0)
    told = replace(flour, case=case(reference="It made 30 %."))
    assert summarise([score(told, given, text_of)])["token_f1"].value == 1.0
    assert summarise([score(told, refusal(), text_of)])["token_f1"].value == 0.0


def test_length_is_of_answers_only(flour: GoldCase) -> None:
    scores = [score(flour, a, text_of) for a in (answer("one two three", []), refusal())]
    measured = summarise(scores)
    assert (measured["statements"].value, measured["words"].value) == (1.0, 3.0)
    assert measured["words"].n == 1
    assert measured["tokens"].value is None


def test_no_scores_give_no_figures() -> None:
    assert {e.value for e in summarise([]).values()} == {None}


def test_latency_by_hand() -> None:
    assert latency([]).median is None
    assert latency([7.0]).p95 == 7.0
    got = latency([float(n) for n in range(1, 102)])
    assert (got.median, got.p95, got.n) == (51.0, 96.0, 101)
