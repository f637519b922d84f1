"""Conflicts: figures and claims that cannot both hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

import pytest

from rag.answering.conflicts import find_conflicts
from rag.answering.spans import answering_figures
from rag.types import Passage, Reading
from tests.answering.evidence import item

SHARE_SV = (
    "Det gäller inte minst landets export av sällsynta jordartsmetaller, där Kina som infört "
    "exportrestriktioner mot USA beräknas stå för 86 procent av den globala produktionen."
)
SHARE_EN = (
    "China refines 90 per cent of the world’s rare earths and it briefly paralysed some "
    "high-end manufacturing in the US."
)
ACCUSED = (
    "The two sides had blamed one another, with Washington accusing Beijing of a "
    "“substantial, unprovoked escalation” by introducing new export curbs on rare earths."
)
CLAIMED = "China claims that the US escalated first by expanding its list of Chinese companies."


@pytest.mark.parametrize(
    ("question", "language", "about"),
    [
        (
            "How large a share of the world's rare earths does China refine?",
            "en",
            "Different figures: 86 procent and 90 per cent",
        ),
        (
            "Hur stor del av världens sällsynta jordartsmetaller kommer från Kina?",
            "sv",
            "Olika uppgifter: 86 procent och 90 per cent",
        ),
    ],
)
def test_two_witnesses_with_different_shares_conflict(
    question: str, language: str, about: str
) -> None:
    found = find_conflicts(question, language, [item(3, "a", SHARE_SV), item(5, "b", SHARE_EN)])
    assert [conflict.about for conflict in found] == [about]
    first, second = found[0].sides
    assert (first.numbers, second.numbers) == ((3,), (5,))
    assert first.claim in SHARE_SV
    assert second.claim in SHARE_EN
    assert "86 procent" in first.claim


def test_one_witness_does_not_conflict_with_itself() -> None:
    evidence = [item(1, "a", SHARE_SV, witness="w"), item(2, "b", SHARE_EN, witness="w")]
    assert find_conflicts("How much of the world's rare earths?", "en", evidence) == []


@pytest.mark.parametrize(
    "other",
    [
        "China refines 90 percent of the world's rare earths, officials said.",  # the same value
        "Japan refines 4 per cent of the world's rare earths.",  # another subject
        "China bought 12 per cent of the world's soybeans.",  # another thing
        "China threatened to refine 95 per cent of the world's rare earths.",  # no fact
        "China has refined the world's rare earths for 40 years.",  # another unit
    ],
)
def test_what_is_no_conflict(other: str) -> None:
    evidence = [item(1, "a", SHARE_EN), item(2, "b", other)]
    question = "How much of the world's rare earths does China refine?"
    assert find_conflicts(question, "en", evidence) == []


def test_a_question_about_something_else_shows_no_conflict() -> None:
    evidence = [item(1, "a", SHARE_SV), item(2, "b", SHARE_EN)]
    assert find_conflicts("Who met in Malaysia?", "en", evidence) == []


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("How long can an application for China's rare earths take?", "en"),
        ("Which of the world's rare earths does China refine?", "en"),
        ("Hur lång tid tar det att få ut Kinas sällsynta jordartsmetaller?", "sv"),
    ],
)
def test_shares_are_no_conflict_where_no_share_is_asked_for(question: str, language: str) -> None:
    evidence = [item(1, "a", SHARE_SV), item(2, "b", SHARE_EN)]
    assert find_conflicts(question, language, evidence) == []


def reader(*answers: tuple[str, float]) -> Callable[[str, Sequence[Passage]], list[Reading]]:
    """A reader that finds these words, as surely as this, in whichever sentence has them."""

    def read(_: str, passages: Sequence[Passage]) -> list[Reading]:
        found = []
        for passage in passages:
            words, sure = next((a for a in answers if a[0] in passage.text), ("", 0.0))
            start = passage.text.index(words)
            found.append(Reading(sure, start, start + len(words), (sure,)))
        return found

    return read


def test_the_reader_tells_which_of_several_figures_answers() -> None:
    cost = "The bridge at Hallvik and its 3 kilometres of road cost 410 million kronor in all."
    other = "Officials put the price of the bridge at 455 million kronor, 20 million kronor over."
    evidence = [item(1, "a", cost), item(2, "b", other)]
    question = "How much did the bridge cost?"
    assert find_conflicts(question, "en", evidence) == []
    read = reader(("410 million kronor", 0.9), ("455 million kronor", 0.9))
    answering = answering_figures(question, evidence, read)
    assert [f.quantity.text for f in answering] == ["410 million kronor", "455 million kronor"]
    found = find_conflicts(question, "en", evidence, answering)
    assert [c.about for c in found] == [
        "Different figures: 410 million kronor and 455 million kronor"
    ]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("410 million kronor", 0.9), ("455 million kronor", 0.5)),  # not sure of one
        (("410 million kronor", 0.9), ("bridge", 0.9)),  # no figure in its answer
        (
            ("410 million kronor", 0.9),
            ("455 million kronor, 20 million kronor", 0.9),
        ),  # two figures
    ],
)
def test_an_unsure_reader_makes_no_conflict(
    first: tuple[str, float], second: tuple[str, float]
) -> None:
    cost = "The bridge at Hallvik and its 3 kilometres of road cost 410 million kronor in all."
    other = "Officials put the price of the bridge at 455 million kronor, 20 million kronor over."
    evidence = [item(1, "a", cost), item(2, "b", other)]
    question = "How much did the bridge cost?"
    answering = answering_figures(question, evidence, reader(first, second))
    assert find_conflicts(question, "en", evidence, answering) == []


def test_sentences_that_cannot_disagree_are_not_read() -> None:
    def never(_: str, passages: Sequence[Passage]) -> list[Reading]:
        raise AssertionError(passages)

    evidence = [item(1, "a", SHARE_EN), item(2, "a", "It stood for 70 per cent.", witness="a")]
    assert answering_figures("How large a share?", evidence, never) == []


def test_claims_of_two_parties_against_each_other_in_one_article() -> None:
    found = find_conflicts(
        "Who escalated first?", "en", [item(1, "a", ACCUSED), item(2, "a", CLAIMED)]
    )
    assert [conflict.about for conflict in found] == ["Opposing claims by Washington and China"]
    assert found[0].sides[0].claim.startswith("Washington accusing Beijing")
    assert found[0].sides[1].claim == CLAIMED


def test_claims_months_apart_in_two_articles_do_not_answer_each_other() -> None:
    evidence = [
        item(1, "a", ACCUSED, date(2025, 1, 1)),
        item(2, "b", CLAIMED, date(2025, 6, 1)),
    ]
    assert find_conflicts("Who escalated first?", "en", evidence) == []
