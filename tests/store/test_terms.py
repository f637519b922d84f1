from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.store.terms import fold, index_terms, normalise_number, stem


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        ("1,000", "1000"),
        ("1 000", "1000"),
        ("1\u00a0000", "1000"),
        ("1.000", "1000"),
        ("1,234,567.50", "1234567.5"),
        ("1.234.567,5", "1234567.5"),
        ("2,5", "2.5"),
        ("2.50", "2.5"),
        ("0.125", "0.125"),
        ("007", "7"),
        ("2025", "2025"),
        ("22.4.2025", "22.4.2025"),
    ],
)
def test_a_number_has_one_spelling(written: str, spelled: str) -> None:
    assert normalise_number(written) == spelled


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("30 per cent", "en"),
        ("30 percent", "en"),
        ("30%", "en"),
        ("30 %", "sv"),
        ("30 procent", "sv"),
    ],
)
def test_shares_meet_whatever_their_language(text: str, language: str) -> None:
    assert {"30", "percent", "30percent"} <= set(index_terms(text, language).plain)


def test_magnitudes_meet_across_languages() -> None:
    assert "2.5billion" in index_terms("2,5 miljarder kronor", "sv").plain
    assert "2.5billion" in index_terms("2.5 bn kronor", "en").plain


def test_numerals_and_months_meet_across_languages() -> None:
    assert {"3", "may"} <= set(index_terms("tre dagar i maj", "sv").plain)
    assert "3" in index_terms("three days in May", "en").plain


def test_swedish_letters_are_letters_and_still_found_without() -> None:
    terms = index_terms("Göteborg", "sv")
    assert terms.plain == ("göteborg",)
    assert terms.folded == ("goteborg",)


@pytest.mark.parametrize(
    ("text", "language", "word"),
    [
        ("Ireland’s", "en", "ireland"),
        ("EU:s", "sv", "eu"),
        ("U.S.", "en", "usa"),
        ("US", "en", "usa"),
    ],
)
def test_genitives_and_abbreviations_lose_their_dress(text: str, language: str, word: str) -> None:
    assert word in index_terms(text, language).plain


def test_the_pronoun_is_not_the_country() -> None:
    assert "usa" not in index_terms("They told us.", "en").plain


def test_hyphenated_words_are_found_whole_and_in_parts() -> None:
    assert {"f", "16", "f16"} <= set(index_terms("An F-16 crashed", "en").plain)


def test_stems_follow_the_language() -> None:
    assert stem("running", "en") == "run"
    assert stem("tullarna", "sv") == stem("tull", "sv")
    assert stem("running", "xx") == "running"


def test_folding_takes_every_diacritic() -> None:
    assert fold("ångström façade œuvre smørrebrød łódź") == "angstrom facade œuvre smorrebrod lodz"


@given(st.text(max_size=200), st.sampled_from(["en", "sv", "de", "", "zz"]))
def test_terms_hold_nothing_that_means_something_to_fts(text: str, language: str) -> None:
    terms = index_terms(text, language)
    for term in (*terms.plain, *terms.folded, *terms.stems):
        assert re.fullmatch(r"[\w.]+", term)
