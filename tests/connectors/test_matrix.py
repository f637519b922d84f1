"""matrix-nio against a stand-in of a home server; `test_matrix_synapse.py` tries a real one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from rag.connectors.matrix import MatrixConnector
from rag.errors import SettingsError
from tests.connectors.rooms import Scene, settled, until
from tests.connectors.served import Api, serving
from tests.ui.scripted import FOLLOW_UP, HELD, PHONE, RARE_EARTHS, TARIFFS

BOT, ANNA, BO = "@bot:h", "@anna:h", "@bo:h"
PRIVATE, GROUP = "!private:h", "!group:h"


class Home(Api):
    """A home server with two rooms: what is said is a list, a sync token a place in it."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.sent: list[tuple[str, str, dict[str, Any]]] = []  # room, transaction, content
        self.fail: list[web.Response] = []  # the next answers to what is sent
        self.typing: list[bool] = []
        self.syncs: list[str | None] = []

    def say(self, text: str, room: str = PRIVATE, sender: str = ANNA, **more: Any) -> str:
        content = {"msgtype": "m.text", "body": text, **more}
        return self.event(room, "m.room.message", sender, content)

    def event(self, room: str, kind: str, sender: str, content: dict[str, Any]) -> str:
        name = f"$e{len(self.events)}"
        event = {"type": kind, "event_id": name, "sender": sender, "content": content,
                 "origin_server_ts": int(time.time() * 1000)}  # fmt: skip
        self.events.append((room, event))
        return name

    async def handle(self, request: web.Request) -> web.StreamResponse:
        path = request.path.partition("/v3/")[2]
        if path == "login":
            given = (await request.json())["password"]
            if given != "right":
                return self._no(403, "M_FORBIDDEN")
            return web.json_response({"user_id": BOT, "access_token": "t", "device_id": "D"})
        if path == "sync":
            return await self._sync(request.query.get("since"))
        if "/typing/" in path:
            self.typing.append((await request.json())["typing"])
            return web.json_response({})
        if "/send/m.room.message/" in path:
            room, _, transaction = path.removeprefix("rooms/").partition("/send/m.room.message/")
            self.sent.append((room, transaction, await request.json()))
            return self.fail.pop(0) if self.fail else web.json_response({"event_id": "$answer"})
        return self._no(404, "M_UNRECOGNIZED")

    async def _sync(self, since: str | None) -> web.Response:
        self.syncs.append(since)
        if self.next["sync"]:
            return self.next["sync"].popleft()
        start = len(self.events) if since is None else int(since)
        if start == len(self.events):
            await asyncio.sleep(0.05)
        new, end = self.events[start:], str(len(self.events))
        members = {PRIVATE: [BOT, ANNA], GROUP: [BOT, ANNA, BO]}
        rooms = {
            room: {
                "state": {"events": [self._member(one) for one in present]},
                "timeline": {"events": [e for where, e in new if where == room], "limited": False,
                             "prev_batch": "p"},
            }
            for room, present in members.items()
        }  # fmt: skip
        return web.json_response({"next_batch": end, "rooms": {"join": rooms}})

    def _member(self, user: str) -> dict[str, Any]:
        return {"type": "m.room.member", "state_key": user, "sender": user, "event_id": f"$m{user}",
                "origin_server_ts": 1, "content": {"membership": "join"}}  # fmt: skip

    def _no(self, status: int, code: str) -> web.Response:
        return web.json_response({"errcode": code, "error": "no"}, status=status)


@asynccontextmanager
async def at_work(folder: Path, home: Home) -> AsyncIterator[Scene]:
    scene = Scene(folder, app="matrix")
    stop = asyncio.Event()
    connector = MatrixConnector(scene.attendant, home.url, "bot", password="right")  # noqa: S106
    begun = len(home.syncs)
    task = asyncio.create_task(connector.run(stop))
    await until(lambda: len(home.syncs) > begun + 1)
    try:
        yield scene
    finally:
        stop.set()
        await task


def run(test: Callable[[Home, Scene], Awaitable[None]], folder: Path) -> None:
    async def whole() -> None:
        async with serving(Home()) as home:
            assert isinstance(home, Home)
            home.say("said before the bot first came")
            async with at_work(folder, home) as scene:
                await test(home, scene)

    asyncio.run(whole())


def test_a_question_in_private_is_answered_by_a_notice_with_its_quotes_whole(
    tmp_path: Path,
) -> None:
    async def test(home: Home, scene: Scene) -> None:
        asked = home.say(PHONE)
        await until(lambda: home.sent)
        await settled(scene.attendant)
        [(room, _, content)] = home.sent
        assert room == PRIVATE and content["msgtype"] == "m.notice"
        assert content["m.relates_to"] == {"m.in_reply_to": {"event_id": asked}}
        for quote in scene.bot.scripts[PHONE].answer(PHONE).quotes:
            assert f"[{quote.n}] “{quote.text}”" in content["body"]
        assert "<blockquote>[1] “" in content["formatted_body"]
        assert [question for question, _ in scene.bot.asked] == [PHONE]

    run(test, tmp_path)


def test_typing_is_shown_while_the_answer_is_made(tmp_path: Path) -> None:
    async def test(home: Home, scene: Scene) -> None:
        home.say(HELD)
        await until(lambda: True in home.typing)
        assert home.sent == []
        scene.bot.gate.set()
        await until(lambda: home.sent)

    run(test, tmp_path)


def test_in_a_group_only_what_is_addressed_is_answered_and_threads_are_kept(
    tmp_path: Path,
) -> None:
    async def test(home: Home, scene: Scene) -> None:
        home.say(RARE_EARTHS, GROUP)
        relation = {"m.relates_to": {"rel_type": "m.thread", "event_id": "$root"}}
        home.say(f"bot: {PHONE}", GROUP, **relation)
        await until(lambda: len(home.sent) == 1)
        await settled(scene.attendant)
        home.say(FOLLOW_UP, GROUP, BO, **relation, **{"m.mentions": {"user_ids": [BOT]}})
        await until(lambda: len(home.sent) == 2)
        assert [question for question, _ in scene.bot.asked] == [PHONE, FOLLOW_UP]
        assert scene.bot.asked[1][1][0].content == PHONE
        assert home.sent[1][2]["m.relates_to"]["event_id"] == "$root"

    run(test, tmp_path)


def test_notices_edits_and_its_own_words_are_not_answered(tmp_path: Path) -> None:
    async def test(home: Home, scene: Scene) -> None:
        home.say(RARE_EARTHS, msgtype="m.notice")
        home.say(RARE_EARTHS, sender=BOT)
        home.say(RARE_EARTHS, **{"m.relates_to": {"rel_type": "m.replace", "event_id": "$e0"}})
        home.say(RARE_EARTHS, GROUP, **{"m.relates_to": "not a mapping", "m.mentions": [1]})
        home.say(TARIFFS)
        await until(lambda: home.sent)
        await settled(scene.attendant)
        assert [question for question, _ in scene.bot.asked] == [TARIFFS]

    run(test, tmp_path)


def test_what_is_tried_again_has_the_same_transaction(tmp_path: Path) -> None:
    async def test(home: Home, scene: Scene) -> None:
        limited = {"errcode": "M_LIMIT_EXCEEDED", "error": "slow", "retry_after_ms": 20}
        home.fail += [
            web.json_response(limited, status=429),
            web.json_response({"errcode": "M_UNKNOWN", "error": "x"}, status=502),
        ]
        home.say(PHONE)
        await until(lambda: len(home.sent) == 3)
        await settled(scene.attendant)
        assert len({transaction for _, transaction, _ in home.sent}) == 1

    run(test, tmp_path)


def test_after_a_failure_and_a_restart_nothing_is_answered_twice_and_nothing_missed(
    tmp_path: Path,
) -> None:
    async def whole() -> None:
        async with serving(Home()) as home:
            assert isinstance(home, Home)
            async with at_work(tmp_path, home) as scene:
                home.next["sync"].append(web.json_response({"errcode": "M_UNKNOWN"}, status=500))
                home.say(PHONE)
                await until(lambda: home.sent)
                await settled(scene.attendant)
            home.say(TARIFFS)  # while the bot is away
            async with at_work(tmp_path, home) as scene:
                await until(lambda: len(home.sent) == 2)
                await settled(scene.attendant)
                assert [question for question, _ in scene.bot.asked] == [TARIFFS]

    asyncio.run(whole())


def test_an_encrypted_room_is_told_once_that_it_cannot_be_read(tmp_path: Path) -> None:
    async def test(home: Home, scene: Scene) -> None:
        sealed = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwgA", "device_id": "X",
                  "sender_key": "k", "session_id": "s"}  # fmt: skip
        for _ in range(2):
            home.event(PRIVATE, "m.room.encrypted", ANNA, sealed)
        home.say(PHONE)
        await until(lambda: len(home.sent) == 2)
        told = sorted(content["body"][:13] for _, _, content in home.sent)
        assert "I cannot read" in told

    run(test, tmp_path)


def test_an_account_that_is_not_accepted_is_one_sentence(tmp_path: Path) -> None:
    async def whole() -> None:
        async with serving(Home()) as home:
            connector = MatrixConnector(
                Scene(tmp_path).attendant, home.url, "bot", password="s3cret"  # noqa: S106
            )  # fmt: skip
            with pytest.raises(SettingsError, match=r"M_FORBIDDEN.*MATRIX_PASSWORD") as caught:
                await connector.run(asyncio.Event())
            assert "s3cret" not in str(caught.value)

    asyncio.run(whole())
