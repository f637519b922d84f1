"""discord.py against a stand-in of Discord: who is answered, and what a follow-up goes on with."""

from __future__ import annotations

from pathlib import Path

import discord

from tests.connectors.discord_server import (
    ANNA,
    AT_ME,
    GUILD,
    ME,
    MY_ROLE,
    OTHER_ROLE,
    PRIVATE,
    Discord,
    answered,
    asked,
    asked_before,
    run,
    thread,
    to,
)
from tests.connectors.discord_shown import shown
from tests.connectors.rooms import Scene, link, settled, until
from tests.ui.script import Script, evidence, made_article
from tests.ui.scripted import FOLLOW_UP, HELD, PHONE, RARE_EARTHS, TARIFFS


def test_a_question_in_private_is_answered_with_its_quotes_whole(tmp_path: Path) -> None:
    async def test(server: Discord, scene: Scene) -> None:
        question = await server.say(PHONE, PRIVATE)
        await answered(server, scene, 1, PRIVATE)
        [sent] = server.sent
        assert sent["message_reference"]["message_id"] == int(question["id"])
        assert sent["message_reference"]["fail_if_not_exists"] is False
        text = shown(sent["content"])
        answer = scene.bot.scripts[PHONE].answer(PHONE)
        assert [words for _, words in text.quotes] == [quote.text for quote in answer.quotes]
        assert text.markup == [f"<{link(quote)}>" for quote in answer.quotes]
        assert "— CNN, via US-NEA, 6 June 2025 (inferred date) <https://" in sent["content"]

    run(test, tmp_path)


def test_a_long_answer_comes_in_messages_within_the_limit_none_of_which_pings(
    tmp_path: Path,
) -> None:
    words = "<@7> @everyone _said_ *it* at https://example.org/a_b; " * 60

    async def test(server: Discord, scene: Scene) -> None:
        item = evidence(made_article("long", words, outlet="SVT"), words, 1)
        scene.bot.scripts["Long?"] = Script([item], [("@here it is", [1])])
        question = await server.say(f"{AT_ME} Long?")
        await until(lambda: len(server.from_me()) >= 3)
        await settled(scene.attendant)
        told = [shown(sent["content"]) for sent in server.sent]
        assert "".join(quoted for one in told for _, quoted in one.quotes) == words
        assert [found for one in told for found in one.markup if found[:9] != "<https://"] == []
        for sent in server.sent:
            assert len(sent["content"]) <= 2_000
            assert sent["allowed_mentions"] == {"parse": [], "replied_user": False}
            assert discord.MessageFlags._from_value(sent["flags"]).suppress_embeds
            assert sent["message_reference"]["message_id"] == int(question["id"])

    run(test, tmp_path)


def test_only_intents_that_everybody_is_given_are_asked_for(tmp_path: Path) -> None:
    async def test(server: Discord, scene: Scene) -> None:
        intents = discord.Intents._from_value(server.sessions[0]["intents"])
        wanted = {name for name, on in intents if on}
        assert wanted == {"guilds", "guild_messages", "dm_messages"}
        await until(lambda: server.heartbeats)

    run(test, tmp_path)


def test_typing_is_shown_while_the_answer_is_made(tmp_path: Path) -> None:
    async def test(server: Discord, scene: Scene) -> None:
        await server.say(HELD, PRIVATE)
        await until(lambda: len(server.called("POST typing")) >= 2)
        assert server.sent == []
        scene.bot.gate.set()
        await answered(server, scene, 1, PRIVATE)

    run(test, tmp_path)


def test_in_a_server_only_a_mention_of_it_or_its_role_or_a_reply_is_answered(
    tmp_path: Path,
) -> None:
    async def test(server: Discord, scene: Scene) -> None:
        talk = await server.say(RARE_EARTHS)
        await server.dispatch("MESSAGE_CREATE", talk | {"guild_id": GUILD})  # words and all
        await server.say(RARE_EARTHS, mentions=[ANNA])
        await server.say(f"<@&{OTHER_ROLE}> @everyone {RARE_EARTHS}", mention_everyone=True,
                         mention_roles=[OTHER_ROLE])  # fmt: skip
        await server.say(f"{AT_ME}, {PHONE}")
        await answered(server, scene, 1)
        await server.say(f"<@&{MY_ROLE}> {TARIFFS}")
        await answered(server, scene, 2)
        [first, _] = server.from_me()
        await server.say(FOLLOW_UP, **to(first))
        await answered(server, scene, 3)
        assert asked(scene) == [PHONE, TARIFFS, FOLLOW_UP]

    run(test, tmp_path)


def test_bots_webhooks_edits_and_notices_are_not_answered(tmp_path: Path) -> None:
    async def test(server: Discord, scene: Scene) -> None:
        robot = {**ANNA, "id": "8", "bot": True}
        await server.say(f"{AT_ME} {RARE_EARTHS}", author=robot)
        await server.say(f"{AT_ME} {RARE_EARTHS}", author={**ANNA, "id": "9"}, webhook_id="9")
        await server.say(f"{AT_ME} {RARE_EARTHS}", type=6)  # something was pinned
        mine = await server.say(RARE_EARTHS, PRIVATE, author=ME)
        talk = await server.say(RARE_EARTHS)
        for edited in (mine, talk | {"content": f"{AT_ME} {TARIFFS}", "mentions": [ME]}):
            await server.deliver(edited, "MESSAGE_UPDATE")
        await server.say(PHONE, PRIVATE)
        await answered(server, scene, 2, PRIVATE)  # one of them as the bot by the test
        assert asked(scene) == [PHONE] and server.from_me() == []

    run(test, tmp_path)


def test_its_name_alone_or_its_role_without_words_is_told_what_the_bot_is(tmp_path: Path) -> None:
    async def test(server: Discord, scene: Scene) -> None:
        await server.say(AT_ME)
        await answered(server, scene, 1)
        await server.say("", mention_roles=[MY_ROLE])  # the words are withheld
        await answered(server, scene, 2)
        await server.say("", type=19, mentions=[ME])  # a picture in reply, perhaps
        await server.say("hej", PRIVATE)
        await answered(server, scene, 1, PRIVATE)
        assert all("I am a bot." in sent["content"] for sent in server.from_me())
        assert "Jag är en bot." in server.from_me(PRIVATE)[0]["content"]
        assert len(server.from_me()) == 2 and scene.bot.asked == []

    run(test, tmp_path)


def test_a_reply_in_a_channel_has_the_history_of_what_it_replies_to_and_no_other(
    tmp_path: Path,
) -> None:
    async def test(server: Discord, scene: Scene) -> None:
        for n, question in enumerate((PHONE, RARE_EARTHS), 1):
            await server.say(f"{AT_ME} {question}")
            await answered(server, scene, n)
        phone, earths = server.from_me()
        for n, answer in enumerate((phone, earths), 3):
            await server.say(FOLLOW_UP, **to(answer))
            await answered(server, scene, n)
        last = server.from_me()[-1]
        await server.say("And?", **to(last))
        await answered(server, scene, 5)
        assert asked_before(scene) == [[], [], [PHONE], [RARE_EARTHS], [RARE_EARTHS, FOLLOW_UP]]

    run(test, tmp_path)


def test_a_thread_is_a_conversation_and_goes_on_with_that_it_was_begun_at(tmp_path: Path) -> None:
    async def test(server: Discord, scene: Scene) -> None:
        question = await server.say(f"{AT_ME} {PHONE}")
        await answered(server, scene, 1)
        [answer] = server.from_me()
        for number in (question["id"], answer["id"], "888"):
            await server.dispatch("THREAD_CREATE", thread(number))
            await server.say(f"{AT_ME} {TARIFFS}", number)
            await answered(server, scene, 1, number)
        await server.say(f"{AT_ME} {FOLLOW_UP}", "888")
        await answered(server, scene, 2, "888")
        assert asked_before(scene) == [[], [PHONE], [PHONE, TARIFFS], [], [TARIFFS]]

    run(test, tmp_path)


def test_what_is_said_in_private_is_one_conversation(tmp_path: Path) -> None:
    async def test(server: Discord, scene: Scene) -> None:
        for n, question in enumerate((PHONE, FOLLOW_UP), 1):
            await server.say(question, PRIVATE)
            await answered(server, scene, n, PRIVATE)
        assert scene.bot.asked[1][1][0].content == PHONE

    run(test, tmp_path)
