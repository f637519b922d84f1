from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answering.checks.case import Case, read
from rag.answering.checks.quotation import check_quotation, is_verbatim, quotations, unmark
from rag.answering.verify import check

QUOTE = "Trump said it was “very good” and that talks would go on “as long as it takes”."


@pytest.mark.parametrize(
    ("statement", "supported"),
    [
        ("Trump said it was “very good”.", True),
        ('Trump said it was "Very good".', True),
        ("Trump said talks would go on ”as long as it takes”.", True),
        ("Trump said it was “extremely good”.", False),
        ("Trump said it was very good.", True),
    ],
)
def test_marked_words_must_be_the_quotes_own(statement: str, supported: bool) -> None:
    verdict = check(statement, QUOTE)
    assert verdict.supported is supported
    assert any("word for word" in reason for reason in verdict.reasons) is not supported


def test_across_languages_the_quote_must_mark_words_too() -> None:
    statement = "Trump kallade det ”en mycket hög nivå”."
    marked, plain = "Trump called it “a very high level”.", "Trump called it a very high level."
    assert not list(check_quotation(Case(read(statement), (read(marked),))))
    assert list(check_quotation(Case(read(statement), (read(plain),))))


def test_marks_go_where_the_words_are_not_verbatim() -> None:
    text = "Han kallade det ”mycket bra” och “very good”."
    assert unmark(text, [QUOTE]) == "Han kallade det mycket bra och “very good”."


@given(st.text('ab “”"„«»', max_size=40))
def test_unmarked_text_claims_no_words_that_are_not_there(text: str) -> None:
    for words in quotations(unmark(text, ["a b"])):
        assert is_verbatim(words, ["a b"])
