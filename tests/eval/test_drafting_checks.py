"""Each check lets a good draft through and drops the fault it is there for."""

from __future__ import annotations

import pytest

from eval.cases import Gold
from eval.drafting_checks import (
    Dropped,
    Why,
    check_answer,
    check_form,
    check_found,
    check_new,
    check_unanswered,
    copied_words,
)
from tests.eval.drafting import FERRY, Oracle, article

SHIP = article("ferry", FERRY)
TEXT = "\n".join(FERRY)


def gold(sentence: str) -> Gold:
    start = TEXT.index(sentence)
    return Gold("ferry", start, start + len(sentence), sentence)


@pytest.mark.parametrize(
    ("question", "language", "why"),
    [
        ("The ferry Aurora ran aground.", "en", Why.NO_QUESTION),
        ("Where did Aurora run aground? And when was it?", "en", Why.NO_QUESTION),
        ("Why so?", "en", Why.NO_QUESTION),
        ("How many people were on board the Aurora?", "sv", Why.LANGUAGE),
        ("How many people does the article put on board the Aurora?", "en", Why.ABOUT_TEXT),
        ("Hur många fanns ombord på Aurora enligt artikeln?", "sv", Why.ABOUT_TEXT),
        ("How much will it cost?", "en", Why.VAGUE),
    ],
)
def test_what_is_no_clear_question_is_dropped(question: str, language: str, why: Why) -> None:
    with pytest.raises(Dropped) as raised:
        check_form(question, language)
    assert raised.value.why is why


@pytest.mark.parametrize(
    ("question", "language"),
    [("How many people were on board the Aurora?", "en"), ("Hur dyr blir Auroras lagning?", "sv")],
)
def test_a_clear_question_stands(question: str, language: str) -> None:
    check_form(question, language)


@pytest.mark.parametrize(
    ("question", "accept", "excerpt", "why"),
    [
        ("What happened to the 412 on board the Aurora?", ["412"], FERRY[1], Why.GIVES_AWAY),
        ("How many got off the Aurora?", ["413"], FERRY[1], Why.NOT_IN_EXCERPT),
        ("How many got off the Aurora?", [], FERRY[1], Why.NO_FORM),
        ("How many got off the Aurora?", ["412"], "All 412 swam.", Why.NOT_ONCE),
        (
            "How many passengers were taken ashore by the coast guard before the night?",
            ["412"], FERRY[1], Why.COPIES,
        ),
    ],
)  # fmt: skip
def test_an_answer_must_be_in_the_excerpt_and_nowhere_else(
    question: str, accept: list[str], excerpt: str, why: Why
) -> None:
    with pytest.raises(Dropped) as raised:
        check_answer(question, accept, excerpt, TEXT)
    assert raised.value.why is why
    check_answer("How many people had to leave the Aurora?", ["412"], FERRY[1], TEXT)


def test_copied_words_are_counted_in_a_row() -> None:
    assert copied_words("a b x c d e", "c d e a b") == 3
    assert copied_words("", "a") == 0


@pytest.mark.parametrize(
    ("judge", "why"),
    [
        (Oracle(SHIP, chosen=False), Why.NOT_CHOSEN),
        (Oracle(SHIP, chosen=False, proposed=False), Why.NOT_FOUND),
    ],
)
def test_the_round_trip_tells_search_and_reader_apart(judge: Oracle, why: Why) -> None:
    with pytest.raises(Dropped) as raised:
        check_found(judge, "How many?", gold(FERRY[1]))
    assert raised.value.why is why
    check_found(Oracle(SHIP), "How many?", gold(FERRY[1]))


def test_what_is_answered_is_not_unanswerable() -> None:
    check_unanswered(Oracle(SHIP, enough=False), "How old is Torsten Ask?")
    with pytest.raises(Dropped):
        check_unanswered(Oracle(SHIP, enough=True), "How old is Torsten Ask?")


def test_the_same_words_in_another_order_are_the_same_question() -> None:
    check_new("How old is Torsten Ask?", ["How many people left the Aurora?"])
    with pytest.raises(Dropped):
        check_new("Torsten Ask: how old is he?", ["How old is Torsten Ask, he?"])
