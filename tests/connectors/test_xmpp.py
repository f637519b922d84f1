"""The XMPP connector against a real prosody: who is answered, where and how."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from slixmpp import JID

from tests.connectors import prosody
from tests.connectors.prosody import ROOMS, Prosody
from tests.connectors.rooms import Scene, settled, until
from tests.connectors.xmpp_people import (
    BOT,
    Person,
    at_work,
    element,
    made,
    nothing_more,
    run,
    sealed,
)
from tests.ui.scripted import FOLLOW_UP, HELD, PHONE, RARE_EARTHS, TARIFFS

pytestmark = pytest.mark.skipif(prosody.missing() is not None, reason=str(prosody.missing()))

ROOM = f"newsroom@{ROOMS}"
STATES = "http://jabber.org/protocol/chatstates"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Prosody]:
    with prosody.started(tmp_path / "server") as server:
        yield server


def test_a_question_in_private_is_answered_with_its_quotes_whole(
    tmp_path: Path, server: Prosody
) -> None:
    async def test(anna: Person, scene: Scene) -> None:
        asked = anna.say(BOT, PHONE, "chat", element("thread", "jabber:client", "t1"))
        await until(lambda: anna.heard, 20)
        [answer] = anna.heard
        assert answer["type"] == "chat" and answer["from"].bare == BOT
        assert answer["thread"] == "t1"
        reply = answer.xml.find("{urn:xmpp:reply:0}reply")
        assert reply.attrib == {"to": "anna@localhost/pc", "id": asked}
        for quote in scene.bot.scripts[PHONE].answer(PHONE).quotes:
            assert f"\n> [{quote.n}] “{quote.text}”\n— " in answer["body"]
        assert "\nhttps://news.example.org/a/003_" in answer["body"]

    run(test, tmp_path, server)


def test_a_follow_up_comes_with_its_history_and_a_greeting_is_told_what_the_bot_is(
    tmp_path: Path, server: Prosody
) -> None:
    async def test(anna: Person, scene: Scene) -> None:
        for n, text in enumerate((PHONE, FOLLOW_UP, "hej"), 1):
            anna.say(BOT, text)
            await until(lambda n=n: len(anna.heard) == n, 20)
        assert [question for question, _ in scene.bot.asked] == [PHONE, FOLLOW_UP]
        assert scene.bot.asked[1][1][0].content == PHONE
        assert "Jag är en bot" in anna.heard[2]["body"]

    run(test, tmp_path, server)


def test_receipts_come_at_once_and_typing_is_shown_while_the_answer_is_made(
    tmp_path: Path, server: Prosody
) -> None:
    async def test(anna: Person, scene: Scene) -> None:
        request = element("request", "urn:xmpp:receipts")
        asked = anna.say(BOT, HELD, "chat", request, element("active", STATES))
        await until(lambda: anna.receipts == [asked] and anna.states == ["composing"], 20)
        assert anna.heard == []
        scene.bot.gate.set()
        await until(lambda: anna.heard, 20)
        assert anna.states == ["composing", "paused"]
        assert anna.heard[0]["chat_state"] == "active"
        anna.say(BOT, PHONE)  # by an app that shows no states
        await until(lambda: len(anna.heard) == 2, 20)
        assert anna.states == ["composing", "paused"]
        assert not anna.heard[1]["chat_state"]

    run(test, tmp_path, server)


def test_it_can_be_added_as_a_contact_and_says_that_it_is_a_bot(
    tmp_path: Path, server: Prosody
) -> None:
    async def test(anna: Person, scene: Scene) -> None:
        anna.send_presence_subscription(BOT)
        await until(lambda: ("bot@localhost/Ordagrant", "available") in anna.presences, 20)
        told = await anna.plugin["xep_0030"].get_info("bot@localhost/Ordagrant", timeout=20)
        about = told["disco_info"]
        assert about["identities"] == {("client", "bot", None, "Ordagrant")}
        assert {"urn:xmpp:reply:0", "urn:xmpp:receipts", STATES} <= about["features"]

    run(test, tmp_path, server)


def test_in_a_room_only_what_names_it_or_replies_to_it_is_answered(
    tmp_path: Path, server: Prosody
) -> None:
    async def test(anna: Person, scene: Scene) -> None:
        anna.say(ROOM, RARE_EARTHS, "groupchat")
        anna.say(ROOM, f"bot, {PHONE}", "groupchat")
        await until(lambda: anna.in_room(ROOM), 20)
        answer = anna.heard[-1]
        assert answer["body"].startswith(f"> anna: bot, {PHONE}\n")
        said_again = answer.xml.find("{urn:xmpp:fallback:0}fallback/{urn:xmpp:fallback:0}body")
        assert answer["body"][int(said_again.get("end")) :].startswith("Trump called the talk")
        name = answer.xml.find("{urn:xmpp:sid:0}stanza-id").get("id")
        meant = {
            FOLLOW_UP: element("reply", "urn:xmpp:reply:0", to=f"{ROOM}/bot", id="elsewhere"),
            HELD: element("reply", "urn:xmpp:reply:0", id=name),
            TARIFFS: element(
                "reference", "urn:xmpp:reference:0", type="mention", uri=f"xmpp:{ROOM}/bot"
            ),
        }
        scene.bot.gate.set()
        for n, (text, how) in enumerate(meant.items(), 2):
            anna.say(ROOM, text, "groupchat", how)
            await until(lambda n=n: len(anna.in_room(ROOM)) == n, 20)
        asked = [question for question, _ in scene.bot.asked]
        assert asked == [PHONE, FOLLOW_UP, HELD, TARIFFS]
        assert scene.bot.asked[1][1][0].content == PHONE

    run(test, tmp_path, server, ROOM)


def test_somebody_in_a_room_can_ask_it_alone(tmp_path: Path, server: Prosody) -> None:
    async def test(anna: Person, scene: Scene) -> None:
        anna.say(f"{ROOM}/bot", PHONE)
        await until(lambda: anna.heard, 20)
        assert anna.heard[0]["from"] == f"{ROOM}/bot"
        assert anna.in_room(ROOM) == []

    run(test, tmp_path, server, ROOM)


def test_what_was_said_in_a_room_before_it_came_is_not_answered(
    tmp_path: Path, server: Prosody
) -> None:
    async def whole() -> None:
        anna = Person("anna", server)
        await anna.come()
        await anna.enter(ROOM)
        anna.say(ROOM, f"bot: {RARE_EARTHS}", "groupchat")
        async with made(tmp_path, server, ROOM) as (connector, scene):
            stop = asyncio.Event()
            task = asyncio.create_task(connector.run(stop))
            await until(lambda: anna.sees(ROOM, "bot"), 20)
            # As from a room that tells it even to those who did not ask for it.
            before = anna.make_message(JID(BOT), f"bot: {FOLLOW_UP}", mtype="groupchat")
            before["from"] = f"{ROOM}/anna"
            stamp = datetime.now(UTC).isoformat()
            before.append(element("delay", "urn:xmpp:delay", **{"from": ROOM, "stamp": stamp}))
            connector._heard(before)
            anna.say(ROOM, f"bot: {PHONE}", "groupchat")
            await until(lambda: anna.in_room(ROOM), 20)
            await settled(scene.attendant)
            assert [question for question, _ in scene.bot.asked] == [PHONE]
            stop.set()
            await task

    asyncio.run(whole())


def test_where_its_name_is_taken_it_answers_to_another(tmp_path: Path, server: Prosody) -> None:
    async def whole() -> None:
        anna = Person("anna", server)
        await anna.come()
        await anna.plugin["xep_0045"].join_muc_wait(JID(ROOM), "bot", timeout=20)
        async with at_work(tmp_path, server, ROOM) as scene:
            await until(lambda: anna.sees(ROOM, "bot_"), 20)
            anna.say(ROOM, f"bot: {RARE_EARTHS}", "groupchat")
            anna.say(ROOM, f"bot_: {PHONE}", "groupchat")
            await until(lambda: anna.in_room(ROOM), 20)
            await settled(scene.attendant)
            assert [question for question, _ in scene.bot.asked] == [PHONE]

    asyncio.run(whole())


def test_it_comes_when_invited_and_again_after_a_restart_until_it_is_put_out(
    tmp_path: Path, server: Prosody
) -> None:
    other = f"other@{ROOMS}"

    async def whole() -> None:
        anna = Person("anna", server)
        await anna.come()
        await anna.enter(ROOM)
        await anna.enter(other)
        async with at_work(tmp_path, server):
            anna.plugin["xep_0045"].invite(ROOM, BOT)
            anna.say(BOT, RARE_EARTHS, "normal", element("x", "jabber:x:conference", jid=other))
            await until(lambda: anna.sees(ROOM, "bot") and anna.sees(other, "bot"), 20)
        await until(lambda: not anna.sees(ROOM, "bot") and not anna.sees(other, "bot"), 20)
        async with at_work(tmp_path, server) as scene:
            await until(lambda: anna.sees(ROOM, "bot") and anna.sees(other, "bot"), 20)
            assert scene.bot.asked == []  # the words of an invitation are not a question
            await anna.plugin["xep_0045"].set_role(JID(other), "bot", "none", timeout=20)
            anna.say(ROOM, f"@bot {PHONE}", "groupchat")
            await until(lambda: anna.in_room(ROOM), 20)
        async with at_work(tmp_path, server) as scene:
            await until(lambda: anna.sees(ROOM, "bot"), 20)
            await nothing_more(anna, scene)
            assert not anna.sees(other, "bot")

    asyncio.run(whole())


def test_a_room_that_is_not_there_is_not_made(
    tmp_path: Path, server: Prosody, caplog: pytest.LogCaptureFixture
) -> None:
    async def whole() -> None:
        async with at_work(tmp_path, server, ROOM):
            await until(lambda: "could not be entered" in caplog.text, 20)
        anna = Person("anna", server)
        await anna.come()
        told = await anna.plugin["xep_0030"].get_items(ROOMS, timeout=20)
        assert told["disco_items"]["items"] == set()

    asyncio.run(whole())
    assert f"could not be entered: {ROOM} (item-not-found)" in caplog.text


def test_bots_notices_errors_states_and_corrections_are_not_answered(
    tmp_path: Path, server: Prosody
) -> None:
    async def test(anna: Person, scene: Scene) -> None:
        robot = Person("bo", server, app="bot")
        await robot.come()
        robot.say(BOT, RARE_EARTHS)
        anna.say(BOT, RARE_EARTHS, "headline")
        anna.say(BOT, RARE_EARTHS, "error", element("error", "jabber:client", type="cancel"))
        anna.say(BOT, "", "chat", element("composing", STATES))
        asked = anna.say(BOT, PHONE)
        await until(lambda: anna.heard, 20)
        correction = element("replace", "urn:xmpp:message-correct:0", id=asked)
        anna.say(BOT, RARE_EARTHS, "chat", correction)
        await robot.plugin["xep_0199"].ping(f"{BOT}/Ordagrant", timeout=20)  # after what it said
        await nothing_more(anna, scene)
        assert robot.heard == []
        assert [question for question, _ in scene.bot.asked] == [PHONE, TARIFFS]

    run(test, tmp_path, server)


def test_a_correction_that_names_it_for_the_first_time_is_answered(
    tmp_path: Path, server: Prosody
) -> None:
    async def test(anna: Person, scene: Scene) -> None:
        asked = anna.say(ROOM, f"bto: {PHONE}", "groupchat")
        correction = element("replace", "urn:xmpp:message-correct:0", id=asked)
        anna.say(ROOM, f"bot: {PHONE}", "groupchat", correction)
        await until(lambda: anna.in_room(ROOM), 20)
        assert [question for question, _ in scene.bot.asked] == [PHONE]

    run(test, tmp_path, server, ROOM)


def test_encrypted_messages_are_told_once_that_they_cannot_be_read(
    tmp_path: Path, server: Prosody
) -> None:
    async def test(anna: Person, scene: Scene) -> None:
        for _ in range(2):
            anna.say(BOT, "This message is encrypted with OMEMO.", "chat", sealed())
        await until(lambda: anna.heard, 20)
        assert "cannot read encrypted" in anna.heard[0]["body"]
        await nothing_more(anna, scene)

    run(test, tmp_path, server)


def test_characters_that_xml_forbids_do_not_end_the_session(
    tmp_path: Path, server: Prosody
) -> None:
    async def test(anna: Person, scene: Scene) -> None:
        script = scene.bot.scripts[PHONE]
        script.statements[:1] = [("Page one\fpage *two* \x00 and on.", [1])]  # type: ignore[index]
        anna.say(BOT, PHONE)
        await until(lambda: anna.heard, 20)
        [answer] = anna.heard
        assert "Page one page *two* \N{REPLACEMENT CHARACTER} and on." in answer["body"]
        assert answer.xml.find("{urn:xmpp:styling:0}unstyled") is not None
        await nothing_more(anna, scene)
        assert anna.heard[1].xml.find("{urn:xmpp:styling:0}unstyled") is None

    run(test, tmp_path, server)
