"""Which kind of fault a rule reports: the weaker `unsaid` where a quote is only silent."""

from __future__ import annotations

import unicodedata

import pytest

from rag.answering.checks.case import Case, read
from rag.answering.verify import findings


def kinds(statement: str, quote: str) -> set[str]:
    return {finding.check for finding in findings(Case(read(statement), (read(quote),)))}


@pytest.mark.parametrize(
    ("statement", "quote", "found"),
    [
        # Another name between the same words, or one somewhere, speaks
        # against it; no name, or "he", does not.
        ("Japan refines rare earths.", "China refines rare earths.", {"swap"}),
        ("Japan has decided to suspend trade.", "It was decided to suspend trade.", {"unsaid"}),
        (
            "Karin Berg won the race in Lund.",
            "She won the race in Lund before Malin Ek.",
            {"unsaid"},
        ),
        ("In Lund, gold went to Ida Ro.", "Malin Ek won in Lund.", {"name"}),
        # A few may be counted by the reader of the quote, unless it counts differently.
        ("Two firms did well.", "Volvo and Scania did well.", {"unsaid"}),
        ("Two firms did well.", "Three firms did well.", {"number"}),
        ("The two firms did well.", "Both firms did well.", set()),
        ("Some 70 firms did well.", "Volvo and Scania did well.", {"number"}),
        # A year that the quote leaves open.
        ("It opened on 15 March 2020.", "It opened on 15 March.", {"unsaid"}),
        ("It opened on 15 March 2020.", "It opened on 16 March.", {"date"}),
        ("It opened on 15 March 2020.", "It opened on 15 March 2019.", {"date"}),
        ("It opened in the 1600s.", "It opened in 1635.", set()),
        ("It opened in the 1950s.", "It opened in 1965.", {"date"}),
        # The number of a name.
        ("They linked two PDP-19 machines.", "They linked two PDP-11 machines.", {"number"}),
        ("They linked two PDP-11 machines.", "They linked two PDP-11 machines there.", set()),
        # A negation put in or taken out between the same words, whatever else is denied.
        ("Acme is not a not-for-profit firm.", "Acme is a not-for-profit firm.", {"negation"}),
        (
            "The fee can not be small, as it only covers what is never used.",
            "The fee can be small, as it only covers what is never used.",
            {"negation"},
        ),
        ("Was the deal signed in Lund? No.", "The deal was signed in Lund.", set()),
    ],
)
def test_the_kind_of_fault(statement: str, quote: str, found: set[str]) -> None:
    assert kinds(statement, quote) == found


def test_loose_accents_change_nothing() -> None:
    quote = "Simón Bolívar was born in 1783."
    assert kinds(unicodedata.normalize("NFD", quote), quote) == set()


def test_a_swedish_month_counts_where_the_text_looks_english() -> None:
    quote = "I september 2015 fick The Harris School of Law and The Lund Forum at the coast pengar."
    assert kinds("In September 2015 The Lund Forum got money.", quote) == set()
