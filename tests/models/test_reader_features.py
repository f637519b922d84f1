from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.models.reader_features import (
    SENTENCE_FEATURES,
    alike,
    asked,
    coverage,
    kind_fits,
    passage_features,
    probability,
    sentence_features,
)


def test_a_questions_names_and_numbers_are_told_from_its_other_words() -> None:
    parts = asked("How much did Erik Thedéen cut the policy rate in 2024?")
    assert parts.names == ("erik", "thedéen", "2024")
    assert parts.words == ("cut", "policy", "rate")


def test_the_first_words_capital_makes_no_name() -> None:
    assert asked("Riksbanken sänkte vad?").names == ()


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("räntan", "räntor", True),
        ("tariff", "tariffs", True),
        ("2024", "2025", False),
        ("145", "1456", False),
        ("bank", "bar", False),
        ("cut", "cat", False),
    ],
)
def test_words_are_alike_by_their_stem_and_numbers_by_equality(a: str, b: str, same: bool) -> None:
    assert alike(a, b) is same
    assert alike(b, a) is same


def test_coverage_is_the_share_found_and_neutral_where_nothing_is_sought() -> None:
    assert coverage(["xi", "2024", "trump", "beijing"], ["xi", "met", "trump"]) == 0.5
    assert coverage([], ["anything"]) == 0.5
    assert coverage(["xi"], []) == 0.0


@pytest.mark.parametrize(
    ("question", "text", "fit"),
    [
        ("When was it signed?", "It was signed on 3 May 2024.", 1.0),
        ("När skrevs det på?", "Det skrevs på i Geneve.", 0.0),
        ("Hur många tåg gick?", "Det gick 14 tåg.", 1.0),
        ("How many trains ran?", "Trains ran all day.", 0.0),
        ("Vem är chef?", "I dag är Erik Thedéen chef.", 1.0),
        ("Is it safe?", "It is.", 0.5),
    ],
)
def test_the_kind_of_answer(question: str, text: str, fit: float) -> None:
    assert kind_fits(question, text) == fit


@given(
    cosines=st.lists(st.floats(0.5, 1), min_size=1, max_size=6),
    question=st.text(max_size=40),
    text=st.text(max_size=60),
)
def test_features_are_finite_and_probabilities_bounded(
    cosines: list[float], question: str, text: str
) -> None:
    wanted = asked(question)
    rows = sentence_features(wanted, [text] * len(cosines), np.array(cosines))
    assert rows.shape == (len(cosines), len(SENTENCE_FEATURES))
    whole = passage_features(wanted, text, rows)
    assert np.isfinite(rows).all()
    assert np.isfinite(whole).all()
    assert 0 < float(probability(whole[None], [9.0] * len(whole), -40)[0]) < 1
