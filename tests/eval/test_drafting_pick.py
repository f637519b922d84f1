"""Which sentences are picked, and what in them can be an answer."""

from __future__ import annotations

import pytest

from eval.drafting_pick import details, in_turn, pick
from tests.eval.drafting import FERRY, RATE, Shelf, article


@pytest.mark.parametrize(
    ("text", "language", "found"),
    [
        (FERRY[0], "en", [("Aurora", "name"), ("Visby", "name"), ("4 June 2024", "date")]),
        (FERRY[1], "en", [("412", "number")]),
        (RATE[0], "sv", [("Riksbanken", "name"), ("2,5 procent", "number")]),
        ("It is Donald Trump’s and China's deal.", "en", [("Donald Trump", "name")]),
        ("The Chinese delegation left on Monday.", "en", []),
    ],
)
def test_details_are_figures_names_and_dates_at_their_place(
    text: str, language: str, found: list[tuple[str, str]]
) -> None:
    got = details(text, language)
    assert all(text[d.start : d.end] == d.text for d in got)
    for wanted in found:
        assert any((d.text, d.kind) == wanted for d in got), got
    if not found:
        assert [d for d in got if d.kind != "name"] == []


def test_articles_take_turns_and_the_order_follows_the_seed() -> None:
    shelf = Shelf(article("ferry", FERRY), article("ranta", RATE, "sv"))
    first = [(p.info.id, p.sentence.index) for p in pick(shelf, 1)]
    assert first == [(p.info.id, p.sentence.index) for p in pick(shelf, 1)]
    assert {i for i, _ in first[:2]} == {"ferry", "ranta"}
    assert len(set(first)) == len(first) == 5
    assert any(first != [(p.info.id, p.sentence.index) for p in pick(shelf, s)] for s in (2, 3, 4))


def test_near_duplicates_are_one_article_and_other_languages_are_left_out() -> None:
    infos = [
        article("a", FERRY, witness="a").info,
        article("b", FERRY, witness="a").info,
        article("c", FERRY, "de").info,
    ]
    assert [i.id for i in in_turn(infos, 0)] == ["a"]


def test_what_points_elsewhere_repeats_or_asks_is_not_picked() -> None:
    poor = (
        "He told the 412 passengers that the ferry would be repaired before the winter of 2025.",
        "Will the county of Gotland pay the 30 million kronor that the repairs of it cost in June?",
        "Subscribe to The Herald today and get 30 per cent off your first year of the newspaper.",
        "Subscribe to The Herald today and get 30 per cent off your first year of the newspaper.",
        "Too short: 30 people.",
    )
    assert list(pick(Shelf(article("poor", poor)), 0)) == []
