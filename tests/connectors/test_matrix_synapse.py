"""The Matrix connector against a real Synapse, with people who use another app than the bot."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from tests.connectors import synapse
from tests.connectors.rooms import Scene, settled, until
from tests.connectors.synapse import BO, BOT, Person, Synapse, at_work, present
from tests.ui.scripted import FOLLOW_UP, PHONE, RARE_EARTHS, TARIFFS

pytestmark = pytest.mark.skipif(synapse.missing() is not None, reason=str(synapse.missing()))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synapse]:
    """With the accounts of a bot and of two people."""
    server = Synapse(tmp_path_factory.mktemp("synapse"))
    server.start()
    try:
        for name in ("bot", "anna", "bo"):
            server.add(name)
        yield server
    finally:
        server.stop()


def run(test: Callable[[Person, Scene], Awaitable[None]], folder: Path, server: Synapse) -> None:
    """Anna is there, and the bot."""

    async def whole() -> None:
        async with present("anna", server) as anna, at_work(folder, server) as scene:
            await test(anna, scene)

    asyncio.run(whole())


async def nothing_more(anna: Person, room: str, scene: Scene) -> None:
    """What was still to come would come before the answer to one more question."""
    asked, heard = len(scene.bot.asked), len(anna.told(room))
    await anna.say(room, TARIFFS)
    await until(lambda: any("145 procent" in c["body"] for c in anna.told(room)[heard:]), 60)
    await settled(scene.attendant)
    assert [question for question, _ in scene.bot.asked[asked:]] == [TARIFFS]
    assert len(anna.told(room)) == heard + 1


def test_an_invitation_is_accepted_and_a_question_in_private_answered_with_its_quotes_whole(
    tmp_path: Path, server: Synapse
) -> None:
    async def test(anna: Person, scene: Scene) -> None:
        room = await anna.room(BOT, is_direct=True)
        await anna.say(room, PHONE)
        await until(lambda: anna.told(room), 60)
        [answer] = anna.told(room)
        for quote in scene.bot.scripts[PHONE].answer(PHONE).quotes:
            assert f"[{quote.n}] “{quote.text}”" in answer["body"]
        assert "<blockquote>[1] “" in answer["formatted_body"]

    run(test, tmp_path, server)


def test_a_follow_up_comes_with_its_history_and_a_greeting_is_told_what_the_bot_is(
    tmp_path: Path, server: Synapse
) -> None:
    async def test(anna: Person, scene: Scene) -> None:
        room = await anna.room(BOT, is_direct=True)
        for n, text in enumerate((PHONE, FOLLOW_UP, "hej"), 1):
            await anna.say(room, text)
            await until(lambda n=n: len(anna.told(room)) == n, 60)
        assert [question for question, _ in scene.bot.asked] == [PHONE, FOLLOW_UP]
        assert scene.bot.asked[1][1][0].content == PHONE
        assert "Jag är en bot" in anna.told(room)[2]["body"]

    run(test, tmp_path, server)


def test_in_a_group_only_what_is_addressed_to_it_is_answered_and_threads_are_kept(
    tmp_path: Path, server: Synapse
) -> None:
    async def test(anna: Person, scene: Scene) -> None:
        async with present("bo", server) as bo:
            room = await anna.room(BOT, BO, name="Newsroom")
            await bo.client.join(room)
            await bo.say(room, RARE_EARTHS)
            asked = await anna.say(room, f"bot: {TARIFFS}")
            await until(lambda: anna.told(room), 60)
            await settled(scene.attendant)
            [answer] = anna.told(room)
            assert "tullarna på 145 procent" in answer["body"]
            assert answer["m.relates_to"]["m.in_reply_to"]["event_id"] == asked
            relation = {"m.relates_to": {"rel_type": "m.thread", "event_id": asked}}
            await bo.say(room, PHONE, **relation, **{"m.mentions": {"user_ids": [BOT]}})
            await until(lambda: len(anna.told(room)) == 2, 60)
            assert anna.told(room)[1]["m.relates_to"]["event_id"] == asked
            assert [question for question, _ in scene.bot.asked] == [TARIFFS, PHONE]

    run(test, tmp_path, server)


def test_when_the_server_was_away_it_goes_on_and_nothing_is_answered_twice(
    tmp_path: Path, server: Synapse
) -> None:
    async def test(anna: Person, scene: Scene) -> None:
        room = await anna.room(BOT, is_direct=True)
        await anna.say(room, PHONE)
        await until(lambda: anna.told(room), 60)
        server.stop()
        server.start()
        await anna.say(room, RARE_EARTHS)
        await until(lambda: len(anna.told(room)) == 2, 120)
        await nothing_more(anna, room, scene)
        asked = [question for question, _ in scene.bot.asked]
        assert asked == [PHONE, RARE_EARTHS, TARIFFS]

    run(test, tmp_path, server)


def test_what_was_asked_while_the_bot_was_away_is_answered_once(
    tmp_path: Path, server: Synapse
) -> None:
    async def whole() -> None:
        async with present("anna", server) as anna:
            async with at_work(tmp_path, server) as scene:
                room = await anna.room(BOT, is_direct=True)
                await anna.say(room, RARE_EARTHS)
                await until(lambda: anna.told(room), 60)
            await anna.say(room, PHONE)
            async with at_work(tmp_path, server) as scene:
                await until(lambda: len(anna.told(room)) == 2, 60)
                await nothing_more(anna, room, scene)
                assert [question for question, _ in scene.bot.asked] == [PHONE, TARIFFS]

    asyncio.run(whole())


def test_an_encrypted_room_is_told_once_that_it_cannot_be_read(
    tmp_path: Path, server: Synapse
) -> None:
    async def test(anna: Person, scene: Scene) -> None:
        room = await anna.room(BOT, is_direct=True)
        for _ in range(2):
            await anna.say_sealed(room)
        await until(lambda: anna.told(room), 60)
        assert "cannot read encrypted" in anna.told(room)[0]["body"]
        await nothing_more(anna, room, scene)

    run(test, tmp_path, server)
