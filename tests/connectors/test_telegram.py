"""Telegram's library against a stand-in of the Bot API: groups, repeats, limits, failures."""

from __future__ import annotations

import asyncio
import html
import json
import logging
import re
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from rag.connectors.telegram import TelegramConnector
from rag.errors import SettingsError
from tests.connectors.rooms import Scene, settled, until
from tests.connectors.served import Api, serving
from tests.ui.scripted import FOLLOW_UP, HELD, PHONE, RARE_EARTHS, TARIFFS

TOKEN = "123456:s3cret"  # noqa: S105 - made up
ME = {"id": 99, "is_bot": True, "first_name": "Ordagrant", "username": "ordagrant_bot"}
PRIVATE = {"id": 7, "type": "private", "first_name": "Anna"}
GROUP = {"id": -5, "type": "supergroup", "title": "Newsroom"}


class BotApi(Api):
    """Holds updates until their offset is passed, as Telegram does."""

    def __init__(self) -> None:
        super().__init__()
        self.waiting: deque[dict[str, Any]] = deque()
        self.n = 0
        self.replies = {
            "getMe": lambda _: {"ok": True, "result": ME},
            "getUpdates": self._updates,
            "sendMessage": self._sent,
            "sendChatAction": lambda _: {"ok": True, "result": True},
        }

    def say(self, text: str, chat: dict[str, Any] = PRIVATE, **more: Any) -> dict[str, Any]:
        self.n += 1
        person = {"id": 7, "is_bot": False, "first_name": "Anna", "language_code": "en"}
        message = {"message_id": self.n, "date": int(time.time()), "chat": chat, "from": person,
                   "text": text, **more}  # fmt: skip
        update = {"update_id": 1_000 + self.n, "message": message}
        self.waiting.append(update)
        return update

    async def _updates(self, values: dict[str, Any]) -> dict[str, Any]:
        offset = int(values.get("offset", 0))
        while self.waiting and self.waiting[0]["update_id"] < offset:
            self.waiting.popleft()
        if not self.waiting:
            await asyncio.sleep(0.05)
        return {"ok": True, "result": list(self.waiting)}

    def _sent(self, values: dict[str, Any]) -> dict[str, Any]:
        self.n += 1
        chat = PRIVATE if int(values["chat_id"]) == 7 else GROUP
        sent = {"message_id": self.n, "date": int(time.time()), "chat": chat, "from": ME,
                "text": "…"}  # fmt: skip
        return {"ok": True, "result": sent}


@asynccontextmanager
async def at_work(folder: Path, api: BotApi) -> AsyncIterator[Scene]:
    scene = Scene(folder, app="telegram")
    stop = asyncio.Event()
    connector = TelegramConnector(scene.attendant, TOKEN, base_url=f"{api.url}/bot")
    task = asyncio.create_task(connector.run(stop))
    try:
        yield scene
    finally:
        stop.set()
        await task


def run(test: Callable[[BotApi, Scene], Awaitable[None]], folder: Path) -> None:
    async def whole() -> None:
        async with serving(BotApi()) as api:
            assert isinstance(api, BotApi)
            async with at_work(folder, api) as scene:
                await test(api, scene)

    asyncio.run(whole())


def test_a_question_in_private_is_answered_with_its_quotes_whole(tmp_path: Path) -> None:
    async def test(api: BotApi, scene: Scene) -> None:
        asked = api.say(PHONE)
        await until(lambda: api.called("sendMessage"))
        [sent] = api.called("sendMessage")
        reply = json.loads(sent["reply_parameters"])
        assert reply["message_id"] == asked["message"]["message_id"]
        assert sent["parse_mode"] == "HTML"
        shown = html.unescape(re.sub(r"<[^>]+>", "", sent["text"]))
        for quote in scene.bot.scripts[PHONE].answer(PHONE).quotes:
            assert f"[{quote.n}] “{quote.text}”" in shown

    run(test, tmp_path)


def test_typing_is_shown_while_the_answer_is_made(tmp_path: Path) -> None:
    async def test(api: BotApi, scene: Scene) -> None:
        api.say(HELD)
        await until(lambda: api.called("sendChatAction"))
        assert api.called("sendMessage") == []
        scene.bot.gate.set()
        await until(lambda: api.called("sendMessage"))

    run(test, tmp_path)


def test_in_a_group_only_a_mention_or_a_reply_to_the_bot_is_answered(tmp_path: Path) -> None:
    async def test(api: BotApi, scene: Scene) -> None:
        api.say(RARE_EARTHS, GROUP)
        api.say(f"@ordagrant_bot, {PHONE}", GROUP)
        await until(lambda: api.called("sendMessage"))
        await settled(scene.attendant)
        before = {"message_id": 2, "date": 1, "chat": GROUP, "from": ME, "text": "…"}
        api.say(FOLLOW_UP, GROUP, reply_to_message=before)
        await until(lambda: len(api.called("sendMessage")) == 2)
        assert [question for question, _ in scene.bot.asked] == [PHONE, FOLLOW_UP]
        assert scene.bot.asked[1][1][0].content == PHONE

    run(test, tmp_path)


def test_other_bots_are_not_answered(tmp_path: Path) -> None:
    async def test(api: BotApi, scene: Scene) -> None:
        other = {"id": 8, "is_bot": True, "first_name": "B", "username": "b_bot"}
        api.say(RARE_EARTHS, **{"from": other})
        api.say("/start")
        await until(lambda: api.called("sendMessage"))
        assert "I am a bot." in api.called("sendMessage")[0]["text"]
        assert scene.bot.asked == []

    run(test, tmp_path)


def test_an_update_delivered_again_after_a_restart_is_not_answered_again(tmp_path: Path) -> None:
    async def whole() -> None:
        async with serving(BotApi()) as api:
            assert isinstance(api, BotApi)
            async with at_work(tmp_path, api) as scene:
                update = api.say(PHONE)
                await until(lambda: api.called("sendMessage"))
                await settled(scene.attendant)
            api.waiting.append(update)
            async with at_work(tmp_path, api) as scene:
                api.say(TARIFFS)
                await until(lambda: len(api.called("sendMessage")) == 2)
                await settled(scene.attendant)
                assert [question for question, _ in scene.bot.asked] == [TARIFFS]

    asyncio.run(whole())


def failed(code: int, words: str, **more: Any) -> web.Response:
    body = {"ok": False, "error_code": code, "description": words, **more}
    return web.json_response(body, status=code)


def test_a_rate_limit_is_waited_out_and_a_refusal_is_not_tried_again(tmp_path: Path) -> None:
    async def test(api: BotApi, scene: Scene) -> None:
        too_many = failed(429, "Too Many Requests", parameters={"retry_after": 1})
        api.next["sendMessage"].append(too_many)
        api.next["sendMessage"].append(failed(502, "Bad Gateway"))
        api.say(PHONE)
        await until(lambda: len(api.called("sendMessage")) == 3)
        await settled(scene.attendant)
        api.next["sendMessage"].append(failed(403, "Forbidden: bot was blocked by the user"))
        api.say(RARE_EARTHS)
        await until(lambda: len(api.called("sendMessage")) == 4)
        await settled(scene.attendant)
        assert len(api.called("sendMessage")) == 4

    run(test, tmp_path)


def test_when_updates_fail_it_goes_on_and_the_token_is_never_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def test(api: BotApi, scene: Scene) -> None:
        await until(lambda: api.called("getUpdates"))
        api.next["getUpdates"].append(failed(500, "Internal Server Error"))
        api.next["getUpdates"].append(failed(409, "Conflict: terminated by other getUpdates"))
        await until(lambda: not api.next["getUpdates"])
        api.say(PHONE)
        await until(lambda: api.called("sendMessage"))

    with caplog.at_level(logging.WARNING):
        run(test, tmp_path)
    assert "trying again" in caplog.text
    assert "s3cret" not in caplog.text


def test_a_token_that_is_not_accepted_is_one_sentence(tmp_path: Path) -> None:
    async def whole() -> None:
        async with serving(BotApi()) as api:
            api.next["getMe"].append(failed(401, "Unauthorized"))
            connector = TelegramConnector(
                Scene(tmp_path).attendant, TOKEN, base_url=f"{api.url}/bot"
            )
            with pytest.raises(SettingsError, match="TELEGRAM_TOKEN") as caught:
                await connector.run(asyncio.Event())
            assert "s3cret" not in str(caught.value)

    asyncio.run(whole())
