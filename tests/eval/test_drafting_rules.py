"""What is changed by rule, and what is accepted as an answer."""

from __future__ import annotations

import pytest

from eval.drafting_pick import Detail, details
from eval.drafting_rules import (
    Names,
    changed,
    false_premise,
    forms,
    holds,
    missing_attributes,
    people,
)
from tests.eval.drafting import FERRY, RATE, rng

NONE = Names()


def detail(text: str, kind: str = "number") -> Detail:
    return Detail(0, len(text), text, kind)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "across", "accepted"),
    [
        (detail("45 business days"), False, ["45"]),
        (detail("4 ships"), False, ["4 ships"]),
        (detail("4 ships"), True, []),
        (detail("2,5 procent"), True, ["2,5 procent"]),
        (detail("Torsten Ask", "name"), True, ["Torsten Ask", "Ask"]),
        (detail("China", "name"), True, []),
        (detail("Kinas", "name"), False, ["Kina*"]),
        (detail("4 June 2024", "date"), True, []),
        (detail("2024", "date"), True, ["2024"]),
    ],
)
def test_forms(found: Detail, across: bool, accepted: list[str]) -> None:
    assert forms(found, across=across) == accepted


def test_a_per_cent_is_found_in_the_other_language() -> None:
    assert holds(forms(detail("2,5 procent"), across=True)[0], "It is 2.5 per cent now.")


@pytest.mark.parametrize("seed", range(20))
def test_a_changed_number_begins_otherwise_and_a_year_stays_near(seed: int) -> None:
    other = changed(detail("1,250 tonnes"), rng(seed), NONE, "")
    assert other is not None and other.endswith(",250 tonnes") and other[0] != "1"
    year = changed(detail("4 June 2024", "date"), rng(seed), NONE, "")
    assert year is not None and year[:-4] == "4 June " and 2 <= abs(int(year[-4:]) - 2024) <= 3


def test_a_false_premise_has_a_value_that_the_article_never_names() -> None:
    question = "What became of the 412 passengers of the Aurora?"
    found = false_premise(question, "en", FERRY[1], "\n".join(FERRY), rng(1), NONE)
    assert found is not None and found.true.startswith("412")
    assert found.said.split()[0] not in "\n".join(FERRY)
    assert "412" not in found.question and found.question.startswith("What became of the ")


PEOPLE = Names(("Eva Lindh", "Hall Bridge", "Torsten Ask"), ("Eva Lindh", "Torsten Ask"))


@pytest.mark.parametrize(
    ("name", "article", "other"),
    [
        ("Torsten Ask", "Torsten Ask said", "Eva Lindh"),  # a person for a person
        ("Ask", "Torsten Ask said", "Lindh"),
        ("Torsten Ask", "Torsten Ask met Eva Lindh", None),  # who is in the article herself
        ("Hall Bridge", "Hall Bridge", None),  # no other that is no person
        ("Visby", "Visby", None),  # whatever it is
    ],
)
def test_a_name_gives_way_to_one_of_its_kind(name: str, article: str, other: str | None) -> None:
    assert changed(detail(name, "name"), rng(1), PEOPLE, article) == other


@pytest.mark.parametrize("name", ["China", "Kina"])
def test_a_country_gives_way_to_a_country(name: str) -> None:
    other = changed(detail(name, "name"), rng(1), NONE, "Japan, Iran and Peru")
    assert other in {"Chile", "Finland", "Kenya", "Malaysia", "Nepal", "Pakistan", "Portugal",
                     "Taiwan", "Thailand"}  # fmt: skip


def test_a_false_premise_can_name_somebody_else() -> None:
    question = "How much will it cost according to captain Torsten Ask?"
    found = false_premise(question, "en", FERRY[2], "\n".join(FERRY), rng(1), PEOPLE)
    assert found is not None and found.question == question.replace("Torsten Ask", "Eva Lindh")


def test_without_a_shared_value_there_is_nothing_to_change() -> None:
    assert false_premise("Who was ashore?", "en", FERRY[1], FERRY[1], rng(1), NONE) is None


def test_people_are_told_by_role_or_by_what_they_say() -> None:
    assert people(FERRY[2], "en") == ["Torsten Ask"]
    assert people(RATE[1], "sv") == ["Eva Lindh"]
    assert people("The coast guard of Visby left.", "en") == []


def test_attributes_name_the_person_in_each_language() -> None:
    for language in ("en", "sv"):
        asked = missing_attributes("Eva Lindh", language)
        assert len(asked) >= 5 and all("Eva Lindh" in q and q.endswith("?") for q in asked)


def test_details_know_no_place_for_an_adjective() -> None:
    assert [d.text for d in details("Det var en kinesisk båt.", "sv")] == []
