"""Statements against their quotes: what is right raises no alarm, what is planted is seen."""

from __future__ import annotations

import pytest

from eval.metrics_statement import StatementScore, claim, marked, statement_score
from rag.types import Answer, Quote, text_sha256
from tests.eval.conftest import answer

TEXT = (
    "Eva Lindh runs the mill. She said it made 30 per cent of the county's flour in 1961. "
    "“It will close in May,” said Brian Wong."
)
FLOUR = "She said it made 30 per cent of the county's flour in 1961."
WONG = "“It will close in May,” said Brian Wong."


def text_of(_: str) -> str:
    return TEXT


def quote(text: str, n: int = 1) -> Quote:
    start = TEXT.index(text)
    return Quote(
        n=n,
        article_id="mill-7",
        source="mill-7.txt",
        outlet="Nordposten",
        title="Mill number 9",
        published="2025-04-23",
        published_is="stated",
        language="en",
        start=start,
        end=start + len(text),
        text=text,
        article_sha256=text_sha256(TEXT),
    )


def scored(text: str, *quotes: Quote, **outlets: str) -> StatementScore:
    given: Answer = answer(text, quotes or [quote(FLOUR)])
    return statement_score(given, text_of, {k.replace("_", "-"): v for k, v in outlets.items()})


@pytest.mark.parametrize(
    "text",
    [
        f"Nordposten, 23 April 2025: “{FLOUR}”",
        f"Mill number 9, 23 April 2025 (inferred date): “{FLOUR}” [1]",
        "It made thirty per cent of the flour in 1961.",
        "Eva Lindh said in 1961 that the mill made 30% of the flour.",
    ],
)
def test_what_is_right_raises_no_alarm(text: str) -> None:
    got = scored(text)
    assert not (got.numbers.faults or got.names.faults or got.sources.faults)
    assert got.numbers.asked >= 2


@pytest.mark.parametrize(
    ("text", "where", "says"),
    [
        ("It made 31 per cent of the flour.", "numbers", "31"),
        ("It made 30 per cent in 1962.", "numbers", "1962"),
        (f"Nordposten, 24 April 2025: “{FLOUR}”", "numbers", "24 April"),
        (f"Mill number 8, 23 April 2025: “{FLOUR}”", "numbers", "8"),
        (f"“{FLOUR.replace('30', '80')}”", "numbers", "80"),
        ("Karin Ahlgren said it made 30 per cent.", "names", "Karin Ahlgren"),
        (f"Sydposten, 23 April 2025: “{FLOUR}”", "sources", "Sydposten"),
    ],
)
def test_a_planted_fault_is_seen(text: str, where: str, says: str) -> None:
    count = getattr(scored(text), where)
    assert count.right < count.asked
    assert any(says in fault for fault in count.faults)


def test_words_put_in_another_mouth_are_seen() -> None:
    both = (quote(WONG),)
    assert not scored("The mill will close, said Brian Wong.", *both).sources.faults
    wrong = scored("The mill will close, said Eva Lindh.", *both)
    assert wrong.sources.faults or wrong.names.faults


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("He said “a b” and “c”.", ["a b", "c"]),
        ("SVT: ”a ”b” c.”", ["a ", "b", " c."]),
        ("““We will.” – officials”", ["We will.", " – officials"]),
        ('It is "so", it says.', ["so"]),
        ("It opens “here and goes on", ["here and goes on"]),
        ("The 5” pipe", []),
        ("no marks’ at all", []),
    ],
)
def test_what_is_marked(text: str, pieces: list[str]) -> None:
    assert marked(text) == pieces


@pytest.mark.parametrize(
    ("text", "right", "asked"),
    [
        (f"Nordposten, 23 April 2025: “{FLOUR}”", 1, 1),
        (f"Nordposten, 23 April 2025: “{FLOUR.replace('made', 'never made')}”", 0, 1),
        (f"Nordposten, 23 April 2025: “{FLOUR.replace('the county', 'our county')}”", 0, 1),
        ("It made “30 PER CENT” of it.", 1, 1),
        ("It made 30 per cent of it.", 0, 0),
    ],
)
def test_words_between_marks_are_word_for_word(text: str, right: int, asked: int) -> None:
    got = scored(text).quotations
    assert (got.right, got.asked) == (right, asked)


def test_a_translation_between_marks_is_not_held_to_the_words() -> None:
    swedish = answer("Hon sa: ”Den gjorde mjöl.”", [quote(FLOUR)], language="sv")
    assert statement_score(swedish, text_of, {}).quotations.asked == 0
    told = answer(f"Nordposten: ”{FLOUR.replace('30', '31')}”", [quote(FLOUR)], language="sv")
    assert statement_score(told, text_of, {}).quotations.faults


def test_an_outlet_that_the_case_file_knows_must_be_the_quotes() -> None:
    assert scored("It made flour.", mill_7="Nordposten").sources.right == 1
    assert scored("It made flour.", mill_7="Sydposten").sources.faults


def test_a_quote_without_a_date_is_no_dated_statement() -> None:
    undated = quote(FLOUR).model_copy(update={"published": None})
    got = scored("It made flour.", undated).dated
    assert (got.asked, got.right) == (1, 0)


def test_an_introduction_is_no_part_of_the_claim() -> None:
    assert claim("SVT, 23 April 2025: “It fell.”") == "It fell.”"
    assert claim("CNN (undated): “It fell.”") == "It fell.”"
    assert claim("He said: “It fell.”") == "He said: “It fell.”"


def test_statements_and_words_are_counted() -> None:
    got = scored("Nordposten, 23 April 2025: “It made flour.”")
    assert (got.statements, got.words) == (1, 3)
