"""The composer without an LLM."""

from __future__ import annotations

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from rag.answering.extract import extract, introduced
from rag.calibration import Extracting
from rag.types import ArticleInfo, Evidence, Published, Sentence

LIMITS = Extracting(most=3, ratio=0.3)


def evidence(
    n: int,
    score: float,
    text: str = "",
    witness: str = "",
    published: Published | None = None,
    outlet: str | None = "SVT",
) -> Evidence:
    text = text or f"Sentence number {n}."
    published = published or Published(date(2025, 4, 23), "stated")
    article = ArticleInfo(
        f"a{n}", "Title", "s", outlet, "sv", published, (), "0", witness or f"w{n}"
    )
    return Evidence(n, article, Sentence(article.id, 0, 0, len(text), text), score)


def cited(*items: Evidence) -> list[int]:
    return [d.cites[0] for d in extract("q", "en", items, LIMITS)]


def test_no_evidence_no_statement() -> None:
    assert extract("q", "en", [], LIMITS) == []


def test_one_that_dominates_stands_alone() -> None:
    assert cited(evidence(1, 0.2), evidence(2, 0.9), evidence(3, 0.25)) == [2]


def test_other_witnesses_join_when_they_come_near() -> None:
    assert cited(evidence(1, 0.7), evidence(2, 0.9), evidence(3, 0.6)) == [2, 1, 3]


def test_the_best_of_many_are_kept_in_their_order() -> None:
    many = [evidence(n, 0.9 - n / 100) for n in range(9, 0, -1)]
    assert cited(*many) == list(range(1, LIMITS.most + 1))


def test_the_same_sentence_is_said_once() -> None:
    items = [evidence(1, 0.9, "The dam burst."), evidence(2, 0.9, "“The dam burst”.")]
    assert cited(*items) == [1]


def test_the_introduction_says_who_and_when_in_the_language_of_the_question() -> None:
    stated = evidence(1, 0.9, "Dammen brast.")
    inferred = evidence(1, 0.9, "Dammen brast.", published=Published(date(2025, 4, 3), "inferred"))
    undated = evidence(1, 0.9, "Dammen brast.", published=Published(), outlet=None)
    assert introduced(stated, "en") == "SVT, 23 April 2025: “Dammen brast.”"
    assert introduced(inferred, "en") == "SVT, 3 April 2025 (inferred date): “Dammen brast.”"
    assert introduced(inferred, "sv") == "SVT, 3 april 2025 (uppskattat datum): ”Dammen brast.”"
    assert introduced(undated, "sv") == "Title (odaterad): ”Dammen brast.”"


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 1), st.text(min_size=1), st.sampled_from("abc")), max_size=12)
)
def test_every_statement_holds_its_sentence_verbatim(
    drawn: list[tuple[float, str, str]],
) -> None:
    items = [evidence(i, score, text, w) for i, (score, text, w) in enumerate(drawn, 1)]
    drafts = extract("q", "en", items, LIMITS)
    assert len(drafts) <= LIMITS.most
    by_number = {item.n: item for item in items}
    for draft in drafts:
        (number,) = draft.cites
        assert by_number[number].sentence.text in draft.text
