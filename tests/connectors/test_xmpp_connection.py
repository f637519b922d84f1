"""The XMPP connector when its server or its connection goes and comes, against a real prosody."""

from __future__ import annotations

import asyncio
import logging
import xml.etree.ElementTree as ET
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from slixmpp import JID

from rag.connectors import xmpp_rooms, xmpp_stream
from rag.connectors.base import Later
from rag.connectors.xmpp import XmppDoor
from rag.connectors.xmpp_stanzas import read
from rag.connectors.xmpp_stream import XmppStream
from rag.errors import SettingsError
from rag.rendering import Piece
from tests.connectors import prosody
from tests.connectors.prosody import ROOMS, Prosody, free_port
from tests.connectors.rooms import until
from tests.connectors.xmpp_people import BOT, Line, Person, at_work, made, nothing_more
from tests.ui.scripted import HELD, PHONE, RARE_EARTHS, TARIFFS

RESOURCE = f"{BOT}/Ordagrant"
QUESTION = (
    '<message xmlns="jabber:client" type="chat" from="anna@localhost/pc" id="q1">'
    "<body>Why?</body></message>"
)

needs_server = pytest.mark.skipif(prosody.missing() is not None, reason=str(prosody.missing()))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Prosody]:
    with prosody.started(tmp_path / "server") as server:
        yield server


@needs_server
@pytest.mark.parametrize("how", ["stop", "crash"])
def test_when_the_server_was_away_it_goes_on_and_nothing_is_answered_twice(
    tmp_path: Path, server: Prosody, how: str
) -> None:
    async def whole() -> None:
        anna = Person("anna", server)
        await anna.come()
        async with at_work(tmp_path, server) as scene:
            anna.say(BOT, PHONE)
            await until(lambda: anna.heard, 20)
            anna.say(BOT, HELD)
            await until(lambda: len(scene.bot.asked) == 2, 20)
            getattr(server, how)()
            scene.bot.gate.set()  # the answer is ready, but there is nobody to give it to
            await until(lambda: not anna.is_connected(), 20)
            server.start()
            await anna.come()
            await until(lambda: len(anna.heard) == 2, 60)
            assert "Beijing is insisting" in anna.heard[1]["body"]
            await nothing_more(anna, scene)
            assert [question for question, _ in scene.bot.asked] == [PHONE, HELD, TARIFFS]

    asyncio.run(whole())


@needs_server
def test_what_the_server_took_before_it_ended_is_not_said_again(
    tmp_path: Path, server: Prosody
) -> None:
    async def whole() -> None:
        anna = Person("anna", server)
        await anna.come()
        line = Line(server.port)
        async with at_work(tmp_path, server, address=await line.lay()) as scene:
            anna.say(BOT, HELD)
            await until(lambda: scene.bot.asked, 20)
            line.hold(to_server=False)  # so that the bot is not told
            scene.bot.gate.set()
            await until(lambda: anna.heard, 20)
            server.stop()
            await until(lambda: not anna.is_connected(), 20)
            server.start()
            await anna.come()
            await nothing_more(anna, scene)
            assert [question for question, _ in scene.bot.asked] == [HELD, TARIFFS]
        await line.take_up()

    asyncio.run(whole())


@needs_server
def test_when_the_line_was_cut_the_session_goes_on_and_nothing_is_lost_or_said_twice(
    tmp_path: Path, server: Prosody
) -> None:
    async def whole() -> None:
        anna = Person("anna", server)
        await anna.come()
        line = Line(server.port)
        async with at_work(tmp_path, server, address=await line.lay()) as scene:
            anna.send_presence_subscription(BOT)
            await until(lambda: (RESOURCE, "available") in anna.presences, 20)
            anna.say(BOT, HELD)
            await until(lambda: scene.bot.asked, 20)
            line.cut()
            anna.say(BOT, RARE_EARTHS)
            scene.bot.gate.set()
            line.mend()
            await until(lambda: len(anna.heard) == 2, 60)
            await nothing_more(anna, scene)
            asked = [question for question, _ in scene.bot.asked]
            assert asked == [HELD, RARE_EARTHS, TARIFFS]
            assert (RESOURCE, "unavailable") not in anna.presences
        await line.take_up()

    asyncio.run(whole())


@needs_server
def test_a_server_that_has_gone_without_a_word_is_looked_for_again(
    tmp_path: Path, server: Prosody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xmpp_stream, "_CHECK_EVERY", 0.2)
    monkeypatch.setattr(xmpp_stream, "_ANSWER_WITHIN", 1.0)

    async def whole() -> None:
        anna = Person("anna", server)
        await anna.come()
        line = Line(server.port)
        async with at_work(tmp_path, server, address=await line.lay()) as scene:
            anna.say(BOT, PHONE)
            await until(lambda: anna.heard, 20)
            line.hold()  # as when a firewall forgets a connection; a new one can be made
            anna.say(BOT, RARE_EARTHS)
            await until(lambda: len(anna.heard) == 2, 60)
            await nothing_more(anna, scene)
        await line.take_up()

    asyncio.run(whole())


@needs_server
def test_a_question_asked_while_the_bot_was_away_is_answered_once(
    tmp_path: Path, server: Prosody
) -> None:
    async def whole() -> None:
        anna = Person("anna", server)
        await anna.come()
        anna.say(BOT, PHONE)
        for expected in ([PHONE, TARIFFS], [TARIFFS]):
            async with at_work(tmp_path, server) as scene:
                if PHONE in expected:
                    await until(lambda: anna.heard, 20)
                await nothing_more(anna, scene)
                assert [question for question, _ in scene.bot.asked] == expected

    asyncio.run(whole())


@needs_server
@pytest.mark.parametrize("cut", [False, True], ids=["stopped", "cut off and stopped"])
def test_a_question_in_hand_when_the_bot_ends_is_answered_at_the_next_start(
    tmp_path: Path, server: Prosody, cut: bool
) -> None:
    async def whole() -> None:
        anna = Person("anna", server)
        await anna.come()
        line = Line(server.port)
        async with at_work(tmp_path, server, address=await line.lay()) as scene:
            anna.say(BOT, PHONE)
            await until(lambda: anna.heard, 20)
            anna.say(BOT, HELD)
            await until(lambda: len(scene.bot.asked) == 2, 20)
            if cut:
                line.cut()
        await line.take_up()
        assert len(anna.heard) == 1
        async with at_work(tmp_path, server) as scene:
            scene.bot.gate.set()
            await until(lambda: len(anna.heard) == 2, 20)
            await nothing_more(anna, scene)
            assert [question for question, _ in scene.bot.asked] == [HELD, TARIFFS]

    asyncio.run(whole())


@needs_server
def test_a_server_that_is_away_at_the_start_is_waited_for(
    tmp_path: Path, server: Prosody, caplog: pytest.LogCaptureFixture
) -> None:
    async def whole() -> None:
        server.stop()
        async with at_work(tmp_path, server):
            await until(lambda: "cannot be reached; trying again" in caplog.text, 20)
            server.start()
            anna = Person("anna", server)
            await anna.come()
            anna.say(BOT, PHONE)
            await until(lambda: anna.heard, 60)

    asyncio.run(whole())


@needs_server
def test_at_the_end_the_bot_is_gone_and_nothing_is_left_behind(
    tmp_path: Path, server: Prosody, caplog: pytest.LogCaptureFixture
) -> None:
    async def whole() -> None:
        anna = Person("anna", server)
        await anna.come()
        before = asyncio.all_tasks()
        async with at_work(tmp_path, server):
            anna.send_presence_subscription(BOT)
            anna.say(BOT, PHONE)
            await until(lambda: anna.heard, 20)
            await until(lambda: (RESOURCE, "available") in anna.presences, 20)
        await until(lambda: asyncio.all_tasks() <= before, 20)
        await until(lambda: (RESOURCE, "unavailable") in anna.presences, 20)

    with caplog.at_level(logging.INFO):
        asyncio.run(whole(), debug=True)
    assert [r for r in caplog.records if r.levelno >= logging.ERROR] == []


@needs_server
def test_a_second_process_with_the_same_session_ends_the_first_with_one_sentence(
    tmp_path: Path, server: Prosody
) -> None:
    async def whole() -> None:
        anna = Person("anna", server)
        await anna.come()
        async with made(tmp_path, server) as (first, _):
            task = asyncio.create_task(first.run(asyncio.Event()))
            anna.say(BOT, PHONE)
            await until(lambda: anna.heard, 20)
            async with at_work(tmp_path, server):
                with pytest.raises(SettingsError, match="Another process has taken over"):
                    async with asyncio.timeout(20):
                        await task

    asyncio.run(whole())


def told_gone(stanza: Any) -> bool:
    return bool(stanza.name == "presence" and stanza["type"] == "unavailable")


@needs_server
def test_a_room_that_no_longer_knows_the_bot_is_entered_again(
    tmp_path: Path, server: Prosody, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xmpp_rooms, "_STILL_IN_EVERY", 0.2)
    room = f"newsroom@{ROOMS}"

    async def whole() -> None:
        anna = Person("anna", server)
        await anna.come()
        await anna.enter(room)
        async with made(tmp_path, server, room) as (connector, _):
            stop = asyncio.Event()
            task = asyncio.create_task(connector.run(stop))
            await until(lambda: anna.sees(room, "bot"), 20)
            await anna.plugin["xep_0199"].ping(f"{room}/bot", timeout=20)  # it is all the way in
            # What it is told when it is put out gets lost, as when the room's server restarts.
            connector._stream.client.add_filter("in", lambda one: None if told_gone(one) else one)
            before = len(anna.moves)
            await anna.plugin["xep_0045"].set_role(JID(room), "bot", "none", timeout=20)
            moves = [(f"{room}/bot", "unavailable"), (f"{room}/bot", "available")]
            await until(lambda: anna.moves[before:] == moves, 30)
            stop.set()
            await task

    asyncio.run(whole())


def test_without_a_session_a_message_is_to_be_sent_later(tmp_path: Path) -> None:
    async def whole() -> None:
        stream = XmppStream(BOT, "bot", f"127.0.0.1:{free_port()}")
        said = read(ET.fromstring(QUESTION))  # noqa: S314 - our own
        assert said is not None
        door = XmppDoor(stream, said, deque())
        await door.typing(True)  # is nothing to wait for
        with pytest.raises(Later):
            await door.send([Piece("prose", "An answer.", "en")], "key")
        await stream.close()

    asyncio.run(whole())


def test_a_message_that_is_tried_again_has_the_same_name(monkeypatch: pytest.MonkeyPatch) -> None:
    async def whole() -> None:
        stream = XmppStream(BOT, "bot", f"127.0.0.1:{free_port()}")
        delivered: list[Any] = []

        async def deliver(message: Any) -> None:
            delivered.append(message)

        monkeypatch.setattr(stream, "deliver", deliver)
        said = read(ET.fromstring(QUESTION))  # noqa: S314 - our own
        assert said is not None
        door = XmppDoor(stream, said, deque())
        for key in ("a.0", "a.0", "a.1"):
            await door.send([Piece("prose", "An answer.", "en")], key)
        first, again, other = (one["id"] for one in delivered)
        assert first == again != other
        assert delivered[0].xml.find("{urn:xmpp:sid:0}origin-id").get("id") == first
        await stream.close()

    asyncio.run(whole())
