"""Numbers and dates: the same value in other words holds, another value does not."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answering.checks.dates import find_dates, supported
from rag.answering.checks.numerals import digit_values, swedish_number
from rag.answering.checks.quantities import Quantity, find_quantities
from rag.answering.checks.text import Language, analyse
from rag.answering.verify import check


def only(text: str, language: Language = "en") -> Quantity:
    analysed = analyse(text, language)
    dates = find_dates(analysed)
    masked = {i for when in dates for i in range(when.first, when.last)}
    found = find_quantities(analysed, masked)
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    ("text", "language", "value", "kind"),
    [
        ("30 per cent of it", "en", 30, "percent"),
        ("30% of it", "en", 30, "percent"),
        ("trettio procent av det", "sv", 30, "percent"),
        ("thirty percent of it", "en", 30, "percent"),
        ("0,01 procent av värdet", "sv", 0.01, "percent"),
        ("en miljard kronor", "sv", 1e9, "money"),
        ("a billion dollars", "en", 1e9, "money"),
        ("2 biljoner kronor", "sv", 2e12, "money"),
        ("$2.5 million", "en", 2.5e6, "money"),
        ("the 90-minute call", "en", 5400, "duration"),
        ("an hour and a half", "en", 5400, "duration"),
        ("the hour-and-a-half call", "en", 5400, "duration"),
        ("1.5 hours", "en", 5400, "duration"),
        ("en och en halv timme", "sv", 5400, "duration"),
        ("half an hour", "en", 1800, "duration"),
        ("45 business days", "en", 45 * 86_400, "duration"),
        ("one hundred and twenty people", "en", 120, "count"),
        ("tvåhundratjugofem personer", "sv", 225, "count"),
        ("two-thirds of voters", "en", 0.666666, "fraction"),
        ("hälften av dem", "sv", 0.5, "fraction"),
    ],
)
def test_reads_a_number_with_its_unit(
    text: str, language: Language, value: float, kind: str
) -> None:
    quantity = only(text, language)
    assert quantity.kind == kind
    assert quantity.values[0] == pytest.approx(value)


@given(st.integers(min_value=1_000, max_value=9_999_999))
def test_thousands_are_read_with_any_separator(value: int) -> None:
    for separator in (",", ".", " ", "\u00a0"):
        written = f"{value:,}".replace(",", separator)
        assert float(value) in digit_values(written)


UNITS = (
    "", "ett", "två", "tre", "fyra", "fem", "sex", "sju", "åtta", "nio", "tio", "elva",
    "tolv", "tretton", "fjorton", "femton", "sexton", "sjutton", "arton", "nitton",
)  # fmt: skip
TENS = (
    "", "", "tjugo", "trettio", "fyrtio", "femtio", "sextio", "sjuttio", "åttio", "nittio",
)  # fmt: skip


@given(st.integers(min_value=1, max_value=99))
def test_swedish_number_words_compound(value: int) -> None:
    word = UNITS[value] if value < 20 else TENS[value // 10] + UNITS[value % 10]
    assert swedish_number(word) == value
    assert swedish_number(f"{word}tusen") == value * 1000


def test_a_word_that_only_starts_like_a_number_is_none() -> None:
    assert swedish_number("femma") is None
    assert swedish_number("tiondel") is None


def test_a_range_shares_its_unit() -> None:
    text = analyse("It could take between five and seven years.", "en")
    low, high = find_quantities(text)
    assert (low.kind, high.kind) == ("duration", "duration")
    assert low.values[0] / high.values[0] == pytest.approx(5 / 7)


def test_the_number_of_a_name_is_no_quantity() -> None:
    assert find_quantities(analyse("Cases of COVID-19 were found.", "en")) == []


QUOTE = "The deal saw the US cut tariffs on Chinese goods from 145 percent to 30 percent."


@pytest.mark.parametrize(
    "statement",
    [
        "The US cut tariffs on Chinese goods from 145 to 30 per cent.",
        "USA sänkte tullarna på kinesiska varor från 145 procent till trettio procent.",
    ],
)
def test_the_same_figures_in_other_words_are_supported(statement: str) -> None:
    assert check(statement, QUOTE).reasons == ()


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("The US cut tariffs on Chinese goods to 35 per cent.", "35 per cent is not in its quote."),
        ("USA sänkte tullarna till 13 procent.", "13 procent is not in its quote."),
        (
            "The US cut tariffs on Chinese goods from 30 to 145 per cent.",
            "In its quote 145 per cent is where the change starts.",
        ),
        ("The US cut tariffs by 30 dollars.", "30 dollars is not in its quote."),
    ],
)
def test_another_figure_unit_or_direction_is_named(statement: str, reason: str) -> None:
    verdict = check(statement, QUOTE)
    assert not verdict.supported
    assert reason in verdict.reasons


@pytest.mark.parametrize(
    ("statement", "evidence", "holds"),
    [
        ("More than 1,500 people fled.", "In all 1,527 people fled.", True),
        ("More than 1,500 people fled.", "In all 1,427 people fled.", False),
        ("Minst 30 procent röstade.", "At least 30 per cent voted.", True),
        ("Less than 30 per cent voted.", "More than 30 per cent voted.", False),
        ("About 50 people voted.", "48 people voted.", True),
        ("Half of the votes were counted.", "50 per cent of the votes were counted.", True),
        ("It cost a billion kronor.", "Det kostade en miljard kronor.", True),
        ("It cost a billion kronor.", "Det kostade en biljon kronor.", False),
        ("It lasted 90 days.", "It lasted 90 minutes.", False),
    ],
)
def test_bounds_and_magnitudes(statement: str, evidence: str, holds: bool) -> None:
    assert (check(statement, evidence).reasons == ()) is holds


@pytest.mark.parametrize(
    ("stated", "evidence", "holds"),
    [
        ("They spoke on 5 June 2025.", "They spoke on Thursday.", True),
        ("They spoke on 4 June 2025.", "They spoke on Thursday.", False),
        ("De talades vid den 5 juni.", "They spoke on June 5.", True),
        ("De talades vid på torsdagen.", "They spoke on Thursday.", True),
        ("De talades vid på fredagen.", "They spoke on Wednesday.", False),
        ("They met last week.", "De möttes förra veckan.", True),
        ("They met in May 2025.", "They met in Geneva in May.", True),
        ("They met in May 2024.", "They met in Geneva in May.", False),
        ("It was the 20th century.", "Det var 1900-talet.", True),
        ("It happened before 2002.", "It happened in 2001.", True),
        ("It happened before 2002.", "It happened in 2003.", False),
    ],
)
def test_dates_are_read_on_the_day_of_publication(stated: str, evidence: str, holds: bool) -> None:
    said, known = find_dates(analyse(stated)), find_dates(analyse(evidence))
    assert len(said) == 1
    assert supported(said[0], known, [date(2025, 6, 6)]) is holds


def test_a_month_name_that_is_a_common_word_is_no_date() -> None:
    assert find_dates(analyse("They may march on.", "en")) == []
    assert len(find_dates(analyse("They met in May.", "en"))) == 1
