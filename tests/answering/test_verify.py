"""The verifier's doors: `verify` with evidence and `check` with a text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.answering.verify import SupportOf, also_saying, check, verify
from rag.types import ArticleInfo, Evidence, Published, Sentence, Support

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


def test_a_verbatim_quote_passes_beside_another_that_it_does_not_need() -> None:
    first, other = evidence("It fell by a third."), evidence("Nobody knew why.")
    assert verify("It fell by a third.", [first, other]).supported
    assert verify("It fell by a third.", [other, first]).supported


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
    assert verdict.reasons == ("Its quote says China there, not Japan.",)


def test_two_quotes_may_share_the_burden() -> None:
    items = [evidence(SENTENCES[0]), evidence("Japan imports most of its rare earths.", n=2)]
    statement = "China refines 90 per cent of the rare earths, and Japan imports most of its own."
    assert verify(statement, items).supported


def test_an_added_claim_in_the_same_language_is_caught() -> None:
    verdict = verify(
        "The farmers burned their harvest after a wet summer.", [evidence(SENTENCES[2])]
    )
    assert verdict.reasons == ("Too little of it is in its quote.",)


def test_an_added_claim_does_not_pass_behind_a_sentence_that_is_verbatim() -> None:
    item = evidence(SENTENCES[2])
    assert verify(SENTENCES[2], [item]).supported
    assert not verify(
        f"{SENTENCES[2]} The farmers burned their harvest after a wet summer.", [item]
    ).supported


def heard(refuted: float, neutral: float, supported: float) -> SupportOf:
    def support(claims: Sequence[tuple[str, str]]) -> list[Support]:
        return [Support(refuted, neutral, supported) for _ in claims]

    return support


def test_the_score_moves_the_verdict_where_no_rule_objects() -> None:
    statement, items = "The two agreed on how to go on.", [evidence(SENTENCES[2])]
    against = verify(statement, items, support=heard(0.9, 0.08, 0.02))
    assert against.reasons == ("Its quote seems to say something else.",)
    silent = verify(statement, items, support=heard(0.08, 0.9, 0.02))
    assert silent.reasons == ("Its quote does not seem to say this.",)
    with_it = verify(statement, items, support=heard(0.01, 0.01, 0.98))
    assert with_it.supported
    assert with_it.score > silent.score


def test_a_verbatim_statement_is_not_put_to_the_reader() -> None:
    for sentence in SENTENCES:
        article = " ".join(SENTENCES)
        assert verify(sentence, [evidence(sentence)], support=heard(1, 0, 0)).score == 1.0
        assert check(sentence, article, support=heard(1, 0, 0)).score == 1.0


def test_a_sentence_without_its_negation_is_not_verbatim() -> None:
    verdict = check("The two agreed on trade.", "It is not so. Never have the two agreed on trade.")
    assert verdict.score < 1.0


def test_a_reader_without_the_output_leaves_it_to_the_rules() -> None:
    statement, items = "China refines 80 per cent of it.", [evidence(SENTENCES[0])]
    assert verify(statement, items, support=lambda claims: None) == verify(statement, items)


def test_the_reader_sees_the_title_and_the_quotes() -> None:
    seen: list[tuple[str, str]] = []

    def support(claims: Sequence[tuple[str, str]]) -> list[Support]:
        seen.extend(claims)
        return [Support(0, 0, 1)] * len(claims)

    item = evidence(SENTENCES[2], context="They met in Geneva.")
    titled = replace(item, article=replace(item.article, title="Trade talks"))
    verify("Both agreed in Geneva.", [titled], support=support)
    expected = f"Trade talks: They met in Geneva. {SENTENCES[2]}"
    assert seen == [("Both agreed in Geneva.", expected)]


def test_witnesses_are_those_that_rules_and_reader_find_sure() -> None:
    asked: list[str] = []

    def support(claims: Sequence[tuple[str, str]]) -> list[Support]:
        asked.extend(text for _, text in claims)
        return [Support(0, 0, 1) for _ in claims]

    same = evidence("China refines 90 per cent of all rare earths.", n=2)
    other = evidence("China refines 80 per cent of all rare earths.", n=3)
    items = [evidence(SENTENCES[0]), same, other]
    statement = "China refines 90 per cent of rare earths."
    assert also_saying(statement, items, [1], support=support) == [same]
    assert asked == [same.sentence.text]


def test_a_statement_of_several_sentences_is_as_good_as_its_worst() -> None:
    good, bad = "China refines 90 per cent of it.", "China refines 80 per cent of it."
    assert not check(f"{good} {bad}", SENTENCES[0]).supported
    assert check(f"{good} {bad}", SENTENCES[0]).score == check(bad, SENTENCES[0]).score


@settings(deadline=None)  # the first text loads the word lists
@given(st.text(max_size=80), st.text(max_size=120))
def test_any_text_gets_a_verdict(statement: str, text: str) -> None:
    verdict = check(statement, text)
    assert 0.0 <= verdict.score <= 1.0
    assert verdict.supported is (not verdict.reasons)
