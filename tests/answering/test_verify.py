"""The verifier's doors: `verify` with evidence and `check` with a text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answering.verify import check, verify
from rag.types import ArticleInfo, Evidence, Published, Sentence

SENTENCES = [
    "China refines 90 per cent of the world’s rare earths.",
    "– Xi Jinping och hans administration är extremt riskobenägna.",
    "Both sides confirmed on Sunday that a framework had been reached on a way forward.",
    "Trump said the call was “almost entirely focused on trade,” but Beijing did not agree.",
    "Tullarna på 145 procent kan komma att sänkas avsevärt, hävdar ingen.",
]


def evidence(
    text: str,
    *,
    n: int = 1,
    outlet: str | None = "SVT",
    on: date | None = date(2025, 4, 23),
    context: str | None = None,
) -> Evidence:
    article = ArticleInfo(
        "a1", None, "articles/a1.txt", outlet, "en",
        Published(on, "inferred" if on else None), (), "0" * 64, "a1",
    )  # fmt: skip
    return Evidence(n, article, Sentence("a1", n, 0, len(text), text), 0.9, context)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_verbatim_quote_always_passes(sentence: str) -> None:
    for statement in (
        sentence,
        f"SVT, 23 April 2025 (inferred date): “{sentence}”",
        f"SVT, 23 april 2025 (uppskattat datum): ”{sentence}”",
    ):
        verdict = verify(statement, [evidence(sentence)])
        assert verdict.supported, verdict
        assert verdict.reasons == ()
    undated = evidence(sentence, outlet=None, on=None)
    assert verify(f"a1 (undated): “{sentence}”", [undated]).supported


def test_an_introduction_with_another_date_is_no_introduction() -> None:
    quote = SENTENCES[0]
    verdict = verify(f"SVT, 24 April 2024: “{quote}”", [evidence(quote)])
    assert "24 April 2024 is not in its quote." in verdict.reasons


def test_nothing_cited_is_not_supported() -> None:
    assert not verify("China refines rare earths.", []).supported
    assert not verify("  ", [evidence(SENTENCES[0])]).supported
    assert not check("China refines rare earths.", " ").supported


def test_context_says_who_but_not_how_much() -> None:
    item = evidence("He expects prices to fall.", context="Wu Xinbo leads 12 people.")
    assert verify("Wu Xinbo expects prices to fall.", [item]).supported
    assert not verify("Wu Xinbo expects 12 prices to fall.", [item]).supported


def test_relative_dates_are_read_on_the_articles_date() -> None:
    item = evidence("The leaders spoke on Tuesday about trade.")
    assert verify("The leaders spoke about trade on 22 April 2025.", [item]).supported
    assert not verify("The leaders spoke about trade on 18 April 2025.", [item]).supported


def test_the_question_may_be_echoed_but_not_against_the_quote() -> None:
    item = evidence("The rules would go much further and cover foreign companies.")
    question = "How far would the 2026 rules of Malaysia go?"
    statement = "The 2026 rules would go much further and cover foreign companies."
    assert verify(statement, [item], question=question).supported
    assert not verify(statement, [item]).supported
    share = evidence(SENTENCES[0])
    assert not verify(
        "China refines 80 per cent of rare earths.",
        [share],
        question="Does China refine 80 per cent of rare earths?",
    ).supported


def test_a_name_of_the_question_is_not_put_in_place_of_the_quotes() -> None:
    verdict = verify(
        "Japan refines 90 per cent of the world's rare earths.",
        [evidence(SENTENCES[0])],
        question="How much does Japan refine?",
    )
    assert verdict.reasons == ("Japan is not in its quote.",)


def test_two_quotes_may_share_the_burden() -> None:
    items = [evidence(SENTENCES[0]), evidence("Japan imports most of its rare earths.", n=2)]
    statement = "China refines 90 per cent of the rare earths, and Japan imports most of its own."
    assert verify(statement, items).supported


def test_an_added_claim_in_the_same_language_is_caught() -> None:
    verdict = verify(
        "The farmers burned their harvest after a wet summer.", [evidence(SENTENCES[2])]
    )
    assert verdict.reasons == ("Too little of it is in its quote.",)


def test_a_similarity_given_by_the_caller_moves_the_score() -> None:
    def alike(value: float) -> float:
        def similarity(query: str, texts: Sequence[str]) -> list[float]:
            return [value for _ in texts]

        return verify(
            "Parterna nådde en ram på söndagen.", [evidence(SENTENCES[2])], similarity=similarity
        ).score

    assert alike(0.75) < alike(0.85) < alike(0.95)


def test_a_statement_of_several_sentences_is_as_good_as_its_worst() -> None:
    good, bad = "China refines 90 per cent of it.", "China refines 80 per cent of it."
    assert not check(f"{good} {bad}", SENTENCES[0]).supported
    assert check(f"{good} {bad}", SENTENCES[0]).score == check(bad, SENTENCES[0]).score


@given(st.text(max_size=80), st.text(max_size=120))
def test_any_text_gets_a_verdict(statement: str, text: str) -> None:
    verdict = check(statement, text)
    assert 0.0 <= verdict.score <= 1.0
    assert verdict.supported is (not verdict.reasons)
