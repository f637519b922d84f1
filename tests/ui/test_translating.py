"""A quote translated in a real browser, while the conversation goes on."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from rag.models.llm_types import Reply
from tests.models.fakes import ScriptedChat
from tests.ui import scripted
from tests.ui.conftest import served
from tests.ui.script import Script, ScriptedBot, evidence, made_article
from tests.ui.test_conversations import Visit, _ask, _questions

pytestmark = pytest.mark.browser

SWEDISH = "Kina beräknas stå för 86 procent av den globala produktionen."
ENGLISH = "China is estimated to account for 86 per cent of global production."


class _Slow(ScriptedChat):
    def __init__(self) -> None:
        super().__init__(json.dumps({"translation": ENGLISH}))
        self.gate = threading.Event()

    def json(self, *arguments: Any, **more: Any) -> Reply:
        self.gate.wait(60)
        return super().json(*arguments, **more)


@pytest.fixture(scope="module")
def llm() -> _Slow:
    return _Slow()


@pytest.fixture(scope="module")
def url(bot: ScriptedBot, llm: _Slow) -> Iterator[str]:
    bot.chat = llm
    item = evidence(made_article("swedish", SWEDISH, language="sv"), SWEDISH, 1)
    bot.scripts["How much?"] = Script(items=[item], statements=[("86 per cent.", [1])])
    with served(bot) as address:
        yield address


def test_a_quote_is_translated_while_the_conversation_goes_on(visit: Visit, llm: _Slow) -> None:
    page = visit()
    _ask(page, "How much?")
    page.click("#og-live [data-act=translate]")
    page.locator("#og-live [data-act=translate]", has_text="Translating…").wait_for()
    _ask(page, scripted.PHONE)
    llm.gate.set()
    page.locator("#og-past .og-translation", has_text=ENGLISH).wait_for()
    assert "not verbatim" in page.inner_text("#og-past .og-translation")
    assert _questions(page) == ["How much?", scripted.PHONE]
    _ask(page, scripted.FOLLOW_UP)
    page.reload()
    page.locator("#og-past .og-translation", has_text=ENGLISH).wait_for()
    assert _questions(page) == ["How much?", scripted.PHONE, scripted.FOLLOW_UP]
