from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.matching import PatternError, compile_form, found, normalise, without_marks


@pytest.mark.parametrize(
    "text",
    [
        "145 per cent",
        "145 percent",
        "145%",
        "145 %",
        "hundrafyrtiofem procent",
        "etthundrafyrtiofem procent",
        "one hundred and forty-five per cent",
        "One hundred forty-five percent",
    ],
)
def test_one_share_has_one_form(text: str) -> None:
    assert normalise(text) == "145 %"


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("0,01 procent", "0.01 %"),
        ("5,339 rows", "5339 rows"),
        ("5 339 kr, sade hon", "5339 kr sade hon"),
        ("2,500", "2500"),
        ("1.5 million", "1500000"),
        ("två miljoner", "2000000"),
        ("five to seven years", "5 to 7 years"),
        ("fem till sju år", "5 till 7 år"),
        ("from 145 to 30 percent", "from 145 % to 30 %"),
        ("86–90 procent", "86 % to 90 %"),
        ("30th of May", "30 of may"),
        ("den 30:e maj", "den 30 maj"),
        ("ett hus och en båt", "ett hus och en båt"),
        ("Sextonde", "sextonde"),
        ("ficktjuv\u200beri", "ficktjuveri"),
        ("China’s tariffs (10.5).", "china s tariffs 10.5"),
        ("three percentage points", "3 percentage points"),
    ],
)
def test_normalise(text: str, normal: str) -> None:
    assert normalise(text) == normal


def test_normalised_text_stays_as_it_is() -> None:
    once = normalise("From 1,250 to “ninety-nine” per cent – på 3:e försöket!")
    assert normalise(once) == once


@given(st.text())
def test_normalise_takes_any_text(text: str) -> None:
    assert "  " not in normalise(text)


@given(st.integers(min_value=20, max_value=99))
def test_a_number_is_not_found_inside_another(n: int) -> None:
    text = normalise(f"1{n} and {n}.5 and 0.{n} and {n}7 per cent")
    assert not found(f"{n}", text)
    assert found(f"{n}", normalise(f"about {n}."))


@pytest.mark.parametrize(
    ("form", "text", "there"),
    [
        ("tariff*", "the tariffs fell", True),
        ("*tull*", "strafftullarna", True),
        ("tull*", "strafftullarna", False),
        ("inte * tydlig*", "inte några tydliga", True),
        ("inte * tydlig*", "inte tydlig", True),
        ("Wu", "Wusong", False),
        ("China's court", "in China’s court", True),
        ("re:\\b5 (to|till) 7\\b", "fem till sju år", True),
        ("0.1 %", "0.01 per cent", False),
        ("45 day*", "45 days", True),
    ],
)
def test_forms(form: str, text: str, there: bool) -> None:
    assert found(form, normalise(text)) is there


@pytest.mark.parametrize("form", ["re:(", "*", "…"])
def test_a_form_that_cannot_match_is_refused(form: str) -> None:
    with pytest.raises(PatternError, match=r"valid regular expression|no word"):
        compile_form(form)


def test_marks_are_no_part_of_the_prose() -> None:
    assert without_marks("It closed [1][2]. So [3, 4] it is.") == "It closed. So it is."
