"""Changes over time: what an article says, what two dates show, and what is none."""

from __future__ import annotations

from datetime import date

import pytest

from rag.answering.changes import find_changes, leads, wants_now
from rag.answering.conflicts import find_conflicts
from rag.types import Evidence
from tests.answering.evidence import item

HIGH = "Beijing insists on Washington dropping the 145% tariffs before negotiations can start."
CUT = (
    "This deal saw the US agree to reduce tariffs on Chinese goods from 145 percent to 30 "
    "percent, while China committed to cutting tariffs on US goods from 125 percent to 10 percent."
)
RATE_APRIL = "Riksbankens styrränta är nu 2,25 procent."
RATE_JUNE = "Riksbankens styrränta ligger på 2 procent."
TARIFFS = "How high are the US tariffs on Chinese goods?"
MAY, JUNE = date(2025, 5, 5), date(2025, 6, 6)


def test_a_later_cut_is_a_change_and_no_conflict() -> None:
    evidence = [item(1, "a", HIGH, MAY), item(2, "b", CUT, JUNE)]
    assert find_conflicts(TARIFFS, "en", evidence) == []
    (change,) = find_changes(TARIFFS, "en", evidence)
    assert change.about == "Changed over time: 145%, then 30 percent"
    assert change.said
    assert (change.before.on, change.after.on) == (MAY, JUNE)
    assert change.before.side.numbers == (1,)
    assert change.after.side.claim in CUT
    assert "125" not in change.after.side.claim


def test_two_days_two_rates_are_a_change_though_no_article_says_so() -> None:
    evidence = [item(1, "a", RATE_JUNE, JUNE), item(2, "b", RATE_APRIL, MAY)]
    question = "Hur hög är Riksbankens styrränta?"
    assert find_conflicts(question, "sv", evidence) == []
    (change,) = find_changes(question, "sv", evidence)
    assert change.about == "Ändrat över tid: 2,25 procent, sedan 2 procent"
    assert not change.said
    assert [change.before.side.numbers, change.after.side.numbers] == [(2,), (1,)]


@pytest.mark.parametrize(
    ("early", "late"),
    [
        (item(1, "a", RATE_APRIL, JUNE), item(2, "b", RATE_JUNE, JUNE)),  # the same day
        (item(1, "a", RATE_APRIL, None), item(2, "b", RATE_JUNE, JUNE)),  # no day
        (item(1, "a", RATE_APRIL, MAY, witness="w"), item(2, "b", RATE_JUNE, JUNE, witness="w")),
        (item(1, "a", RATE_APRIL, MAY), item(2, "b", "ECB:s styrränta är 2 procent.", JUNE)),
        (item(1, "a", RATE_APRIL, MAY),
         item(2, "b", "Riksbankens styrränta kan sänkas till 2 procent.", JUNE)),
    ],
)  # fmt: skip
def test_what_is_no_change(early: Evidence, late: Evidence) -> None:
    assert find_changes("Hur hög är Riksbankens styrränta?", "sv", [early, late]) == []


def test_an_earlier_article_is_not_overtaken_by_an_even_earlier_cut() -> None:
    evidence = [item(1, "a", HIGH, JUNE), item(2, "b", CUT, MAY)]
    assert find_changes(TARIFFS, "en", evidence) == []


def test_shares_of_two_days_are_a_conflict_and_no_change() -> None:
    evidence = [
        item(1, "a", "China refines 86 per cent of the world's rare earths.", MAY),
        item(2, "b", "China refines 90 per cent of the world's rare earths.", JUNE),
    ]
    question = "How large a share of the world's rare earths does China refine?"
    assert find_changes(question, "en", evidence) == []
    assert len(find_conflicts(question, "en", evidence)) == 1


@pytest.mark.parametrize(
    ("statement", "overtaken"),
    [
        ("The US tariff on Chinese goods is 145 per cent.", True),
        ("USA:s tullar på kinesiska varor är 145 procent.", True),
        ("The US tariff was cut from 145 to 30 per cent.", False),
        ("The US tariff is 30 per cent.", False),
        ("The deal lasts 145 days.", False),
    ],
)
def test_a_statement_with_the_old_value_alone_is_overtaken(statement: str, overtaken: bool) -> None:
    (change,) = find_changes(TARIFFS, "en", [item(1, "a", HIGH, MAY), item(2, "b", CUT, JUNE)])
    assert change.overtakes(statement) is overtaken


@pytest.mark.parametrize(
    ("question", "now", "first"),
    [
        (TARIFFS, True, True),
        ("Hur höga är tullarna?", True, True),
        ("Vilken tull har USA på kinesiska varor?", True, True),
        ("How high were the tariffs in April 2025?", False, False),
        ("Hur höga var tullarna?", False, False),
        ("Varför sänkte Kina tullarna till 30 procent?", False, False),
        ("Varför är tullen 30 procent?", True, False),
        ("How have the tariffs changed?", True, True),
        ("Who met in Malaysia?", True, False),
    ],
)
def test_a_change_leads_where_the_present_value_is_asked_for(
    question: str, now: bool, first: bool
) -> None:
    assert wants_now(question) is now
    assert leads(question) is first
