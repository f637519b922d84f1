"""discord.py against a stand-in of Discord: failures, breaks, repeats, what was missed, the end."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
import time
from pathlib import Path
from typing import Any

import discord
import pytest
from aiohttp import web

from rag.connectors.discord import DiscordConnector
from rag.errors import SettingsError
from tests.connectors.discord_server import (
    AT_ME,
    CHANNEL,
    PRIVATE,
    TOKEN,
    Discord,
    answered,
    asked,
    at_work,
    failed,
    run,
    serving,
)
from tests.connectors.rooms import Scene, settled, until
from tests.ui.scripted import FOLLOW_UP, HELD, PHONE, RARE_EARTHS, TARIFFS


def test_rate_limits_and_failures_are_waited_out_and_a_refusal_is_not_tried_again(
    tmp_path: Path,
) -> None:
    async def test(server: Discord, scene: Scene) -> None:
        banned = web.Response(status=429, text="slower", headers={"Retry-After": "1"})
        server.next["POST messages"].extend(
            [
                failed(429, 0, "You are being rate limited.", retry_after=0.05),
                failed(429, 0, "You are being rate limited.", retry_after=600),
                banned,
                failed(502, 0, "Bad Gateway"),
                failed(503, 0, "Service Unavailable"),
            ]
        )
        await server.say(PHONE, PRIVATE)
        await answered(server, scene, 1, PRIVATE)
        assert len({sent["nonce"] for sent in server.sent}) == 1 and len(server.sent) == 6
        server.next["POST messages"].append(failed(403, 50013, "Missing Permissions"))
        await server.say(f"{AT_ME} {TARIFFS}")
        await until(lambda: len(server.sent) == 7)
        await settled(scene.attendant)
        assert len(server.sent) == 7 and server.from_me() == []

    run(test, tmp_path)


def test_a_message_that_was_taken_is_not_said_twice_when_the_connection_is_lost(
    tmp_path: Path,
) -> None:
    async def test(server: Discord, scene: Scene) -> None:
        server.taken_but_lost = 2
        await server.say(PHONE, PRIVATE)
        await answered(server, scene, 1, PRIVATE)
        assert len(server.sent) == 3 and all(sent["enforce_nonce"] for sent in server.sent)
        await server.say(FOLLOW_UP, PRIVATE)  # another message has a nonce of its own
        await answered(server, scene, 2, PRIVATE)

    run(test, tmp_path)


def test_where_it_may_not_read_back_it_answers_without_a_reply(tmp_path: Path) -> None:
    async def test(server: Discord, scene: Scene) -> None:
        words = "Cannot reply without permission to read message history"
        server.next["POST messages"].append(failed(403, 160002, words))
        await server.say(f"{AT_ME} {PHONE}")
        await answered(server, scene, 1)
        assert ["message_reference" in sent for sent in server.sent] == [True, False]

    run(test, tmp_path)


@pytest.mark.parametrize("how", ["the line breaks", "Discord asks for it"])
def test_after_a_break_it_resumes_and_an_event_delivered_again_is_not_answered_again(
    tmp_path: Path, how: str
) -> None:
    async def test(server: Discord, scene: Scene) -> None:
        first = await server.say(PHONE, PRIVATE)
        await answered(server, scene, 1, PRIVATE)
        if how == "the line breaks":
            await server.cut()
        else:
            assert server.line is not None
            line, server.line = server.line, None
            await line.send_json({"op": 7})
        await server.deliver(first)
        await server.say(TARIFFS, PRIVATE)
        await answered(server, scene, 2, PRIVATE)
        assert asked(scene) == [PHONE, TARIFFS]
        assert len(server.resumed) == 1 and len(server.sessions) == 1

    run(test, tmp_path)


def test_what_was_asked_while_it_was_away_is_answered_at_the_next_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def whole() -> None:
        async with serving(Discord()) as server:
            async with at_work(tmp_path, server) as scene:
                for question, channel in ((PHONE, PRIVATE), (AT_ME, CHANNEL)):
                    await server.say(question, channel)
                    await answered(server, scene, 1, channel)
            server.line = None
            await server.say(TARIFFS, PRIVATE)
            await server.say(RARE_EARTHS)
            await server.say(f"{AT_ME} {FOLLOW_UP}")
            await server.say(f"{AT_ME} {HELD}", sent=time.time() - 7_200)
            async with at_work(tmp_path, server) as scene:
                await answered(server, scene, 2, PRIVATE)
                await answered(server, scene, 2, CHANNEL)
                assert sorted(asked(scene)) == sorted([TARIFFS, FOLLOW_UP])
                gc.collect()

    asyncio.run(whole())
    assert caplog.messages == []  # nor did the first one fail at anything after its stop


def test_a_session_that_cannot_be_resumed_is_begun_anew_and_misses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def at_once(*_: Any, **__: Any) -> None:
        """The library waits 5 s before it opens another session."""

    monkeypatch.setattr(discord.Client, "before_identify_hook", at_once)

    async def test(server: Discord, scene: Scene) -> None:
        await server.say(PHONE, PRIVATE)
        await answered(server, scene, 1, PRIVATE)
        server.refuse_resume = True
        await server.cut()
        await server.say(TARIFFS, PRIVATE)
        await until(lambda: len(server.sessions) == 2, 30)
        await answered(server, scene, 2, PRIVATE)
        assert asked(scene) == [PHONE, TARIFFS]

    run(test, tmp_path)


def test_a_token_that_is_not_accepted_is_one_sentence(tmp_path: Path) -> None:
    async def whole() -> None:
        async with serving(Discord()):
            connector = DiscordConnector(Scene(tmp_path).attendant, "MTk4.stale")
            with pytest.raises(SettingsError, match=r"check DISCORD_TOKEN\.") as caught:
                await connector.run(asyncio.Event())
            assert "stale" not in str(caught.value)

    asyncio.run(whole())


@pytest.mark.parametrize(
    ("code", "told"), [(4004, r"check DISCORD_TOKEN\."), (4013, r"close code 4013")]
)
def test_a_session_that_is_ended_for_good_is_one_sentence(
    tmp_path: Path, code: int, told: str
) -> None:
    async def whole() -> None:
        async with serving(Discord()) as server:
            scene = Scene(tmp_path, app="discord")
            task = asyncio.create_task(
                DiscordConnector(scene.attendant, TOKEN).run(asyncio.Event())
            )
            await until(lambda: server.line)
            await server.cut(code)
            with pytest.raises(SettingsError, match=told):
                await task

    asyncio.run(whole())


def test_discord_is_waited_for_and_left_in_order_and_no_secret_is_logged(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    recwarn: pytest.WarningsRecorder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(discord.VoiceClient, "warn_nacl", True)  # as when it is first imported

    async def whole() -> None:
        server = Discord()
        server.next["GET /users/@me"].append(failed(503, 0, "Service Unavailable"))
        server.next["gateway"].append(web.Response(status=502))
        async with serving(server):
            async with at_work(tmp_path, server) as scene:
                await server.say(PHONE, PRIVATE)
                await answered(server, scene, 1, PRIVATE)
            await until(lambda: server.left == [1000])
            await until(lambda: not any("keep-alive" in t.name for t in threading.enumerate()))

    with caplog.at_level(logging.WARNING):
        asyncio.run(whole())
        gc.collect()
    assert "Discord cannot be reached (DiscordServerError); trying again in 1 s" in caplog.text
    assert "Discord cannot be reached (no connection); trying again in 2 s" in caplog.text
    for words in ("Traceback", "s3cret", "phone", "voice", "Unclosed", "never"):
        assert words not in caplog.text
    assert [str(w.message) for w in recwarn if "nclosed" in str(w.message)] == []
