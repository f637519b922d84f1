from __future__ import annotations

import pytest

from eval.metrics_text import accepted_words, overlap, tokens


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("sv", "Räntan höjdes.", "räntor höjdes"),
        ("sv", "Kinas tullar", "Kina, tullarna"),
        ("sv", "trettio procent", "30 %"),
        ("sv", "ett tal", "talet"),
        ("en", "The tariffs", "a tariff"),
        ("en", "thirty per cent", "30%"),
    ],
)
def test_the_same_words_in_another_form_are_the_same(language: str, one: str, other: str) -> None:
    assert tokens(one, language) == tokens(other, language)


def test_other_numbers_and_names_stay_apart() -> None:
    assert tokens("30 %", "sv") != tokens("31 %", "sv")
    assert tokens("Hansson", "sv") != tokens("Jansson", "sv")


def test_overlap_by_hand() -> None:
    got = overlap(["the", "mill", "closed", "in", "may"], ["mill", "closed"])
    assert (got.precision, got.recall) == (2 / 5, 1.0)
    assert got.f1 == pytest.approx(2 * 0.4 / 1.4)


def test_words_count_as_often_as_both_have_them() -> None:
    assert overlap(["a", "a", "a"], ["a"]).precision == pytest.approx(1 / 3)


@pytest.mark.parametrize(("said", "expected"), [([], ["a"]), (["a"], []), ([], []), (["b"], ["a"])])
def test_nothing_in_common_is_0_and_no_error(said: list[str], expected: list[str]) -> None:
    assert overlap(said, expected).f1 == 0.0


def test_of_accepted_forms_the_one_that_was_said_is_expected() -> None:
    accept = [["30 %", "a third"], ["flour", "mjöl*"], ["re:x+"]]
    assert accepted_words(accept, "A third of the mjölet") == "a third mjöl"
    assert accepted_words(accept, "no idea") == "30 % flour"
    assert accepted_words([["re:x"]], "x") is None
