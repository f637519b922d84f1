"""Conflicts: figures and claims that cannot both hold, and never a change over time."""

from __future__ import annotations

from datetime import date

import pytest

from rag.answering.conflicts import find_changes, find_conflicts
from rag.types import ArticleInfo, Evidence, Published, Sentence

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
HIGH = "Beijing insists on Washington dropping the 145% tariffs before negotiations can start."
CUT = (
    "This deal saw the US agree to reduce tariffs on Chinese goods from 145 percent to 30 "
    "percent, while China committed to cutting tariffs on US goods from 125 percent to 10 percent."
)


def item(
    n: int, article: str, text: str, on: date | None = date(2025, 6, 6), witness: str | None = None
) -> Evidence:
    info = ArticleInfo(
        article, None, article, article, "en", Published(on, "stated" if on else None), (),
        "0" * 64, witness or article,
    )  # fmt: skip
    return Evidence(n, info, Sentence(article, n, 0, len(text), text), 0.9)


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


def test_a_similarity_that_finds_them_unlike_prevents_a_conflict() -> None:
    evidence = [item(1, "a", SHARE_SV), item(2, "b", SHARE_EN)]
    question = "How large a share of the world's rare earths does China refine?"
    unlike = find_conflicts(question, "en", evidence, similarity=lambda _, texts: [0.7])
    assert unlike == []
    assert len(find_conflicts(question, "en", evidence, similarity=lambda _, texts: [0.9])) == 1


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


def test_a_later_cut_is_a_change_and_no_conflict() -> None:
    evidence = [item(1, "a", HIGH, date(2025, 5, 5)), item(2, "b", CUT, date(2025, 6, 6))]
    question = "How high are the US tariffs on Chinese goods?"
    assert find_conflicts(question, "en", evidence) == []
    changes = find_changes(question, "en", evidence)
    assert [change.about for change in changes] == ["Changed over time: 145%, then 30 percent"]
    steps = changes[0].steps
    assert [day for _, day in steps] == [date(2025, 5, 5), date(2025, 6, 6)]
    assert steps[1][0].claim in CUT
    assert "125" not in steps[1][0].claim
