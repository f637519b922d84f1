from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.answering.checks.quotation import is_verbatim, quotations, unmark
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


def test_a_translated_quotation_is_a_misquotation() -> None:
    verdict = check("Nivån är ”en mycket hög nivå”.", "Trump called it “a very high level”.")
    assert any("mycket hög nivå" in reason for reason in verdict.reasons)


def test_marks_go_where_the_words_are_not_verbatim() -> None:
    text = "Han kallade det ”mycket bra” och “very good”."
    assert unmark(text, [QUOTE]) == "Han kallade det mycket bra och “very good”."


@given(st.text('ab “”"„«»', max_size=40))
def test_unmarked_text_claims_no_words_that_are_not_there(text: str) -> None:
    for words in quotations(unmark(text, ["a b"])):
        assert is_verbatim(words, ["a b"])
