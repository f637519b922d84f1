"""Answers in the parts that a chat app takes: nothing of a quote lost, added or changed."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.rendering import as_html, as_markdown, as_text, divide, join, pieces, size, write_text
from rag.types import Answer, Quote, Statement
from tests.ui.scripted import RARE_EARTHS, TARIFFS, UNANSWERED, sample_bot


def scripted(question: str) -> Answer:
    return sample_bot().scripts[question].answer(question)


def link(quote: Quote) -> str | None:
    return f"https://news.example.org/a/{quote.article_id}?start={quote.start}&end={quote.end}"


def made(text: str, language: str = "en", outlet: str | None = "SVT") -> Answer:
    quote = Quote(
        n=1, article_id="a", source="/home/secret/folder/a.txt", outlet=outlet, title=None,
        published="2025-04-23", published_is="inferred", language=language, start=0,
        end=len(text), text=text, article_sha256="0" * 64,
    )  # fmt: skip
    said = Statement(text="It says so.", quotes=(1,))
    return Answer(
        question="q", standalone_question="q", language=language, status="answered",
        answer="It says so. [1]", statements=(said,), quotes=(quote,), llm="none", trace_id="t",
    )  # fmt: skip


def test_every_quote_is_whole_with_outlet_date_and_link() -> None:
    answer = scripted(RARE_EARTHS)
    [told] = as_text(answer, link, 10_000)
    for quote in answer.quotes:
        assert f"[{quote.n}] " in told
        assert quote.text in told
        assert str(link(quote)) in told
    assert "— SVT, 23 April 2025 (inferred date)" in told
    assert "Translation, not verbatim" in told
    assert "Removed: Australia refines 80 per cent" in told


def test_without_a_link_there_is_none_and_no_folder_of_the_server_is_told() -> None:
    [told] = as_text(made("Words.", outlet=None), lambda _: None, 4_000)
    assert told == "It says so. [1]\n\n[1] “Words.”\n— a.txt, 23 April 2025 (inferred date)"


def test_a_statement_that_only_introduces_its_quote_is_not_told_twice() -> None:
    plain = made("It fell by 3 per cent.")
    intro = Statement(text="SVT, 23 April 2025: “It fell by 3 per cent.”", quotes=(1,))
    more = Statement(text="Others say: “It fell by 3 per cent.” It did not.", quotes=(1,))
    only = plain.model_copy(update={"statements": (intro,), "answer": f"{intro.text} [1]"})
    [told] = as_text(only, lambda _: None, 4_000)
    assert told == "[1] “It fell by 3 per cent.”\n— SVT, 23 April 2025 (inferred date)"
    both = {
        "statements": (intro, more),
        "answer": f"{intro.text} [1] {more.text} [1] It is not said why.",
        "unanswered": ("It is not said why.",),
    }
    [told] = as_text(plain.model_copy(update=both), lambda _: None, 4_000)
    assert told.startswith(f"{more.text} [1] It is not said why.\n\n[1] “It fell")


def test_a_refusal_says_that_its_passages_only_come_near() -> None:
    [told] = as_text(scripted(UNANSWERED), link, 10_000)
    assert told.index("do not say how many soybeans") < told.index("What comes nearest:")
    assert told.index("What comes nearest:") < told.index("[1] “")


def test_swedish_answers_are_swedish_throughout() -> None:
    [told] = as_text(scripted(TARIFFS), link, 10_000)
    assert "23 april 2025 (uppskattat datum)" in told
    assert "Översättning, inte ordagrann" in told


QUOTED = re.compile(r"\[1\] (?:… )?“(.*?)”(?: …)?(?=\n— |\Z)", re.DOTALL)


@settings(deadline=None)
@given(
    text=st.text(
        st.characters(codec="utf-8", exclude_characters="“”—"), min_size=1, max_size=3_000
    ),
    limit=st.integers(200, 900),
)
def test_a_long_quote_is_cut_outside_its_marks_and_its_words_stay_the_same(
    text: str, limit: int
) -> None:
    parts = as_text(made(text), link, limit)
    assert all(0 < size(part) <= limit for part in parts)
    found = [words for part in parts for words in QUOTED.findall(part)]
    assert "".join(found) == text


def test_a_cut_quote_says_so_on_both_sides() -> None:
    text = "word " * 200
    parts = as_text(made(text), link, 400)
    assert parts[0].endswith("” …")
    assert "[1] … “word" in parts[1]
    assert all(not re.search(r"…[^“]*word ?”(?! …|\n—)", p) for p in parts)


@pytest.mark.parametrize("limit", [200, 500, 1_900])
def test_messages_keep_to_the_limit_and_a_quote_stays_with_its_source(limit: int) -> None:
    answer = scripted(RARE_EARTHS)
    messages = divide(pieces(answer, link), limit, write_text)
    assert all(size(join(m, write_text)) <= limit for m in messages)
    if limit >= 1_900:
        assert all(m[0].kind != "source" for m in messages)


def test_an_address_longer_than_a_message_is_left_out() -> None:
    parts = as_text(made("Words."), lambda _: "https://e.org/" + "x" * 500, 200)
    assert "“Words.”" in "".join(parts) and "https" not in "".join(parts)


def test_astral_characters_count_as_apps_count_them() -> None:
    parts = as_text(made("😀" * 400), link, 300)
    assert all(len(p.encode("utf-16-le")) // 2 <= 300 for p in parts)
    assert "".join(parts).count("😀") == 400


def test_nothing_in_an_article_is_markup() -> None:
    storm = '<b onclick="x">*bold* [x](javascript:1) `code` @everyone\n# Heading'
    answer = made(storm)
    [message] = divide(pieces(answer, link), 4_000, write_text)
    told = as_html(message)
    assert "&lt;b onclick=&quot;x&quot;&gt;*bold*" in told and "<b " not in told
    [marked] = as_markdown(answer, link, 4_000)
    assert "\\*bold\\*" in marked and "\n> # " not in marked and "\\[x\\](java" in marked


def test_too_small_a_limit_is_refused() -> None:
    with pytest.raises(ValueError, match="200 characters"):
        as_text(made("x"), link, 100)
