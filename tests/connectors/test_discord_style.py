"""Answers in Discord's Markdown: nothing of an article is markup, no word of a quote is lost."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rag.connectors.discord import DiscordDoor, escaped, plain, write_discord
from rag.rendering import Piece, divide, join, pieces, size
from rag.types import Answer, Quote, Removed, Statement
from tests.connectors.discord_shown import shown
from tests.connectors.rooms import link
from tests.ui.scripted import RARE_EARTHS, TARIFFS, UNANSWERED, sample_bot

STORM = """**bold** *it* __u__ _it_ ~~s~~ ||spoiler||
`code` ```block``` \\*not\\* C:\\dir ¯\\_(ツ)_/¯
# Heading
-# small
- item
  * item
+ item
1. item
> quoted
>>> all of it
[masked](https://evil.example) <https://evil.example> https://evil.example/a_b_c steam://run/1
discord.gg/abc discordapp.com/invite/abc anna@example.org www.example.org
<@7> <@!7> <@&901> <#501> @everyone @here <:wave:123> <a:wave:123> :tada: <t:1700000000:R> \
</ask:123> <id:browse> 10:30:45"""


def made(text: str, prose: str = "It says so. [1]", link: str | None = None) -> Answer:
    quote = Quote(
        n=1, article_id="a", source="a.txt", outlet="SVT", title=None, published="2025-04-23",
        published_is="stated", language="en", start=0, end=len(text), text=text,
        article_sha256="0" * 64,
    )  # fmt: skip
    return Answer(
        question="q", standalone_question="q", language="en", status="answered", answer=prose,
        statements=(Statement(text=prose, quotes=(1,)),), quotes=(quote,), llm="none",
        removed=(Removed(text=prose, reason=prose),), trace_id="t",
    )  # fmt: skip


def messages(answer: Answer, limit: int = DiscordDoor.limit) -> list[str]:
    return [join(m, write_discord) for m in divide(pieces(answer, link), limit, write_discord)]


def lines_as_shown(text: str) -> str:
    """Discord knows one end of a line."""
    return re.sub(r"\r\n?", "\n", text)


SIGNS = st.text(st.sampled_from("*_~`|<>[]()#@:-+.,!?\\/&%$^=“” \n\rab1é😀"), max_size=300)
WORDS = st.lists(st.sampled_from([*STORM.split(), "\n", " ", "räntan", "1.", "-"])).map("".join)
TEXT = st.one_of(SIGNS, WORDS, st.text(st.characters(codec="utf-8"), max_size=300))


@settings(deadline=None)
@given(text=TEXT.filter(bool), prose=TEXT.filter(str.strip), limit=st.integers(250, 2_000))
@example(text=STORM, prose=STORM, limit=2_000)
@example(text="*" * 3_000, prose="_" * 3_000, limit=2_000)
def test_what_discord_shows_are_the_words_of_the_quote_and_no_markup(
    text: str, prose: str, limit: int
) -> None:
    sent = messages(made(text, prose), limit)
    assert all(0 < size(one) <= limit for one in sent)
    told = [shown(one) for one in sent]
    assert "".join(words for one in told for _, words in one.quotes) == lines_as_shown(text)
    address = f"<{link(made(text).quotes[0])}>"
    assert [found for one in told for found in one.markup] == [address]


@settings(deadline=None)
@given(text=TEXT)
def test_unescaping_gives_the_text_back(text: str) -> None:
    told = shown(escaped(text))
    assert told.text.removesuffix("\n") == lines_as_shown(text)
    assert told.markup == []


@pytest.mark.parametrize("question", [RARE_EARTHS, TARIFFS, UNANSWERED])
def test_an_answer_reads_as_it_was_written(question: str) -> None:
    answer = sample_bot().scripts[question].answer(question)
    told = [shown(one) for one in messages(answer)]
    assert [words for one in told for _, words in one.quotes] == [q.text for q in answer.quotes]
    text = "".join(one.text for one in told)
    assert answer.answer in text
    labels = {"*Translation, not verbatim:*", "*Översättning, inte ordagrann:*"}
    labels |= {"**What comes nearest:**"}
    markup = {found for one in told for found in one.markup} - labels
    assert markup == {f"<{link(quote)}>" for quote in answer.quotes}


def test_ordinary_news_is_hardly_touched() -> None:
    text = "The U.S.-China deal (May 12, 2025) cut tariffs to 30% - from 145% - at 10:30."
    assert escaped(text) == text.replace("U.S", "U\\.S")


def test_an_address_ends_where_it_ends() -> None:
    source = Piece("source", "SVT", "en", link="https://example.org/a b>c<d_e_f#quote")
    assert write_discord(source) == "— SVT <https://example.org/a%20b%3Ec%3Cd_e_f#quote>"
    assert write_discord(Piece("source", "SVT", "en")) == "— SVT"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("<@99> Who won?", "Who won?"),
        ("<@!99>, who won?", "who won?"),
        ("Who won, <@&901>?", "Who won, ?"),
        ("<#501> <:wave:123> is 3 <4> 2 at <t:1700000000:R>\nnow", "is 3 <4> 2 at now"),
        ("<@99>", ""),
    ],
)
def test_what_was_typed_is_without_discords_codes(content: str, text: str) -> None:
    assert plain(content) == text
