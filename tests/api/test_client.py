"""The Python client against the API itself, without a socket between."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

import rag
from rag import client as module
from rag.api.app import build_api
from rag.api.asking import Desk
from rag.api.door import Door
from rag.bot import Bot
from rag.client import Client, ClientError, EvidenceTold, StatementTold
from rag.types import Answer, Filters, Turn
from tests.api.conftest import key, served
from tests.test_bot import ARTICLE, QUESTION
from tests.ui.script import ScriptedBot
from tests.ui.scripted import FOLLOW_UP, LLM_DOWN, PHONE


def client_of(http: TestClient, **said: Any) -> Client:
    """A client whose requests go to the application of `http`."""

    def forward(request: httpx.Request) -> httpx.Response:
        sent = dict(request.headers) | {"host": http.base_url.host}
        got = http.request(
            request.method, request.url.raw_path.decode(), headers=sent, content=request.content
        )
        return httpx.Response(got.status_code, headers=dict(got.headers), content=got.content)

    return Client(str(http.base_url), transport=httpx.MockTransport(forward), **said)


@pytest.fixture
def asking(client: TestClient) -> Client:
    return client_of(client)


def test_an_answer_is_the_bots_own(asking: Client, bot: ScriptedBot) -> None:
    turns = [Turn("user", PHONE), Turn("assistant", "Trade.")]
    filters = Filters(date_from=date(2025, 6, 1), source="SVT")
    answer = asking.ask(FOLLOW_UP, turns, filters)
    assert answer == bot.scripts[FOLLOW_UP].answer(FOLLOW_UP)
    assert bot.asked[0][1] == tuple(turns)
    assert bot.filters[0] == filters


def test_a_stream_ends_with_the_answer(asking: Client, bot: ScriptedBot) -> None:
    told = list(asking.stream(PHONE))
    kinds = [type(one) for one in told]
    assert kinds == [EvidenceTold, *[StatementTold] * 3, Answer]
    first = told[0]
    assert isinstance(first, EvidenceTold)
    item = first.evidence[0]
    assert bot.store.articles[item.article_id].text[item.start : item.end] == item.text
    assert told[-1] == bot.scripts[PHONE].answer(PHONE)


def test_an_error_is_its_sentence(asking: Client) -> None:
    with pytest.raises(ClientError, match="does not answer: start it") as refused:
        asking.ask(LLM_DOWN)
    assert refused.value.status == 502
    with pytest.raises(ClientError, match="does not answer: start it"):
        list(asking.stream(LLM_DOWN))
    with pytest.raises(ClientError, match="no article 'a/b c'"):
        asking.article("a/b c")


def test_keys_articles_and_feedback(news: Bot) -> None:
    with served(news, "192.168.1.4") as http:
        with pytest.raises(ClientError, match="A key is needed") as refused:
            client_of(http).ask(QUESTION)
        assert refused.value.status == 401
        word = key(news, "read", "ask")["Authorization"].split()[1]
        asking = client_of(http, key=word, owner="o" * 20)
        answer = asking.ask(QUESTION)
        assert "30 million kronor" in answer.answer
        assert asking.articles(search="mill")["total"] == 1
        assert asking.article("fire")["text"] == ARTICLE
        asking.feedback(answer.trace_id, "up", reason="exact")
    assert [j.feedback.reason for j in news.store.feedback.all()] == ["exact"]


def test_a_busy_server_is_asked_again(bot: ScriptedBot, monkeypatch: pytest.MonkeyPatch) -> None:
    door = Door(bot, bot.settings, desk=Desk(at_once=1, in_line=0))  # type: ignore[arg-type]
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        free()

    def free() -> None:
        with door.desk._lock:
            door.desk._in_hand = 0

    monkeypatch.setattr(module.time, "sleep", wait)
    with TestClient(build_api(door)) as http:
        for ask in (lambda c: c.ask(PHONE), lambda c: list(c.stream(PHONE))[-1]):
            door.desk._in_hand = 1
            assert ask(client_of(http)).status == "answered"
    assert waited == [5.0, 5.0]


def test_a_server_that_is_not_there_or_is_another(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        Client("http://127.0.0.1:9") as nobody,
        pytest.raises(ClientError, match="cannot be reached") as refused,
    ):
        nobody.ask(PHONE)
    assert refused.value.status is None

    def other(text: str) -> Client:
        return Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, text=text)))

    for text in ("<html>", "{}", "[1]"):
        with pytest.raises(ClientError):
            other(text).ask(PHONE)
    with pytest.raises(ClientError, match="hung up before"):
        list(other("event: evidence\n\n").stream(PHONE))


def test_the_package_has_the_bot_and_takes_no_time_to_import() -> None:
    assert rag.Bot is Bot and rag.Client is Client
    assert set(rag.__all__) <= set(dir(rag)) | set(rag._WHERE)
    with pytest.raises(AttributeError, match="has no attribute 'Bott'"):
        _ = rag.Bott  # type: ignore[attr-defined]
    heavy = "import sys, rag; print([m for m in sys.modules if m.startswith('rag.')])"
    run = subprocess.run([sys.executable, "-c", heavy], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
