"""Thumbs on answers, statements and quotes, free of Gradio and of a browser."""

from __future__ import annotations

import re

import pytest

from rag.settings import Settings
from rag.types import Refusal
from rag.ui import render
from rag.ui.chat import Chat
from rag.ui.session import Session
from rag.ui.strings import Strings
from rag.ui.visit import owner_token
from tests.ui import scripted
from tests.ui.script import Script
from tests.ui.scripted import ScriptedBot

EN, SV = Strings("en"), Strings("sv")
ME, OTHER = owner_token(None), owner_token(None)


@pytest.fixture
def bot() -> ScriptedBot:
    return scripted.sample_bot()


@pytest.fixture
def chat(bot: ScriptedBot) -> Chat:
    return Chat(bot, Settings())


def _asked(chat: Chat, *questions: str, owner: str = ME) -> Session:
    session = Session()
    for question in questions:
        session = list(chat.ask(question, session, EN, owner=owner))[-1][0]
    return session


def test_the_same_thumb_again_takes_it_back(chat: Chat, bot: ScriptedBot) -> None:
    x = _asked(chat, scripted.PHONE).exchanges[0]
    keeping = chat.keeping

    def given() -> dict[tuple[str, int], str]:
        return keeping.verdicts(ME, [x])["5f0c2a91"]

    assert keeping.judge(ME, x, "statement", "1", "up", None)
    assert keeping.judge(ME, x, "answer", "0", "down", None)
    assert keeping.judge(ME, x, "answer", "0", "down", "It is outdated")
    assert given() == {("statement", 1): "up", ("answer", 0): "down"}
    assert [j.feedback.reason for j in bot.store.feedback.all()] == ["", "It is outdated"]
    assert keeping.judge(ME, x, "statement", "1", "up", None, back=True)
    assert given() == {("answer", 0): "down"}
    assert keeping.verdicts(OTHER, [x]) == {"5f0c2a91": {}}


@pytest.mark.parametrize("reasons", [(None, "It is outdated"), ("It is outdated", None)])
def test_a_thumb_and_its_reason_may_arrive_in_either_order(
    chat: Chat, bot: ScriptedBot, reasons: tuple[str | None, ...]
) -> None:
    x = _asked(chat, scripted.PHONE).exchanges[0]
    for reason in (*reasons, None):  # and the click a second time
        assert chat.keeping.judge(ME, x, "answer", "0", "down", reason)
    (given,) = bot.store.feedback.all()
    assert (given.feedback.verdict, given.feedback.reason) == ("down", "It is outdated")


@pytest.mark.parametrize(
    ("target", "index", "verdict"),
    [
        ("statement", "9", "up"),
        ("statement", "-1", "up"),
        ("quote", "99", "up"),
        ("quote", "0", "up"),  # quotes count from 1
        ("answer", "1", "up"),
        ("answer", "0", "sideways"),
        ("page", "0", "up"),
        ("answer", "9" * 99, "up"),
        ("answer", "", "up"),
    ],
)
def test_a_thumb_on_what_is_not_there_is_not_kept(
    chat: Chat, bot: ScriptedBot, target: str, index: str, verdict: str
) -> None:
    x = _asked(chat, scripted.PHONE).exchanges[0]
    assert chat.keeping.judge(ME, x, target, index, verdict, None) is False
    assert bot.store.feedback.all() == []


def test_a_thumb_on_a_nearest_passage_lands_on_that_quote(chat: Chat, bot: ScriptedBot) -> None:
    """A refusal shows its quotes nearest first, whatever their order in the answer."""
    items = bot.scripts[scripted.PHONE].items[:3]
    refusal = Refusal(reason="no_evidence", nearest=(3, 1, 2))
    bot.scripts["Why?"] = Script(items=items, refusal=refusal, says="Nothing.")
    x = _asked(chat, "Why?").exchanges[0]
    assert x.answer is not None
    thumb = re.compile(r'data-target="quote" data-index="(\d+)" data-verdict="down"')
    shown = thumb.findall(render.exchange(EN, x, 0))
    assert shown == ["3", "1", "2"]
    assert chat.keeping.judge(ME, x, "quote", shown[1], "down", None)
    (given,) = bot.store.feedback.all()
    (judged,) = (q for q in x.answer.quotes if q.n == given.feedback.index)
    assert judged.text == items[0].sentence.text
    again = render.exchange(EN, x, 0, chat.keeping.verdicts(ME, [x])["5f0c2a91"])
    pressed = re.findall(r'data-index="(\d+)" data-verdict="down" aria-pressed="true"', again)
    assert pressed == ["1"]
