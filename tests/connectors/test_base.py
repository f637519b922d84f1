"""Who is answered, in what order, how often, and never twice."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import httpx
import pytest

from rag.connectors.base import Attendant, Later, Refused
from rag.connectors.counts import RoomMetrics, served
from rag.connectors.seen import Seen
from rag.errors import SettingsError
from rag.types import Answer
from tests.connectors.rooms import BRISK, Scene, Wall, link, settled, until
from tests.ui.scripted import CRASH, FOLLOW_UP, HELD, LLM_DOWN, PHONE, RARE_EARTHS, UNANSWERED_SV


def attending(scene: Scene, **told: Any) -> Attendant:
    """Another attendant of the scene, whose answers are told of."""
    return Attendant(cast(Any, scene.bot), "wall", scene.seen, link, BRISK, **told)


def test_an_answer_with_its_quotes_comes_and_typing_is_shown_while_it_is_made(
    tmp_path: Path,
) -> None:
    async def run() -> None:
        scene, wall = Scene(tmp_path), Wall()
        scene.attendant.hear(scene.said(HELD), wall)
        await until(lambda: wall.types.count(True) >= 3)
        assert wall.said == []
        scene.bot.gate.set()
        await settled(scene.attendant)
        [told] = wall.said
        assert "Beijing is insisting on Washington dropping the 145% tariffs" in told
        assert "https://news.example.org/a/001_f06367601f576edf?start=" in told
        assert wall.types[-1] is False

    asyncio.run(run())


def test_a_message_delivered_again_is_not_answered_again_even_by_another_process(
    tmp_path: Path,
) -> None:
    async def run() -> None:
        scene, wall = Scene(tmp_path), Wall()
        message = scene.said(PHONE)
        for _ in range(3):
            scene.attendant.hear(message, wall)
        await settled(scene.attendant)
        again = Scene(tmp_path)
        again.attendant.hear(message, wall)
        await settled(again.attendant)
        assert len(wall.said) == 1
        assert again.bot.asked == []

    asyncio.run(run())


@pytest.mark.parametrize(
    "changes",
    [{"by_bot": True}, {"addressed": False}, {"text": "  "}, {"sent": time.time() - 7_200}],
)
def test_bots_old_messages_and_talk_among_others_are_not_answered(
    tmp_path: Path, changes: dict[str, object]
) -> None:
    async def run() -> None:
        scene, wall = Scene(tmp_path), Wall()
        scene.attendant.hear(scene.said(PHONE, **changes), wall)
        await settled(scene.attendant)
        assert wall.said == [] and scene.bot.asked == []

    asyncio.run(run())


@pytest.mark.parametrize(
    ("text", "told"),
    [("help", "I am a bot."), ("Hej!", "Jag är en bot."), ("/start", "5 news articles")],
)
def test_a_greeting_is_told_what_the_bot_is(tmp_path: Path, text: str, told: str) -> None:
    async def run() -> None:
        scene, wall = Scene(tmp_path), Wall()
        scene.attendant.hear(scene.said(text), wall)
        await settled(scene.attendant)
        assert told in wall.said[0] and scene.bot.asked == []

    asyncio.run(run())


def test_a_follow_up_has_the_history_of_its_own_thread_and_no_other(tmp_path: Path) -> None:
    async def run() -> None:
        scene, wall = Scene(tmp_path), Wall()
        for text, thread in ((PHONE, "a"), (RARE_EARTHS, "b"), (FOLLOW_UP, "a")):
            scene.attendant.hear(scene.said(text, thread=thread), wall)
            await settled(scene.attendant)
        asked = dict(scene.bot.asked)
        assert asked[PHONE] == asked[RARE_EARTHS] == ()
        question, reply = asked[FOLLOW_UP]
        assert (question.role, question.content) == ("user", PHONE)
        assert reply.role == "assistant" and "very good" in reply.content

    asyncio.run(run())


def test_one_answer_at_a_time_in_a_room_while_another_room_goes_on(tmp_path: Path) -> None:
    async def run() -> None:
        scene, here, there = Scene(tmp_path), Wall(), Wall()
        scene.attendant.hear(scene.said(HELD), here)
        scene.attendant.hear(scene.said(PHONE), here)
        scene.attendant.hear(scene.said(RARE_EARTHS, room="other"), there)
        await until(lambda: there.said)
        assert here.said == []
        assert PHONE not in dict(scene.bot.asked)
        scene.bot.gate.set()
        await settled(scene.attendant)
        assert "145%" in here.said[0] and "very good" in here.said[1]

    asyncio.run(run())


def test_the_line_of_a_room_is_bounded(tmp_path: Path) -> None:
    async def run() -> None:
        scene, wall = Scene(tmp_path, replace(BRISK, in_line=1)), Wall()
        for text in (HELD, PHONE, PHONE):
            scene.attendant.hear(scene.said(text), wall)
        await until(lambda: wall.said)
        assert wall.said == ["I am still answering here: ask again when that is done."]
        scene.bot.gate.set()
        await settled(scene.attendant)
        assert len(wall.said) == 3

    asyncio.run(run())


def test_too_many_questions_are_said_to_be_so_once(tmp_path: Path) -> None:
    async def run() -> None:
        scene, wall = Scene(tmp_path, replace(BRISK, rate="2/minute")), Wall()
        for _ in range(5):
            scene.attendant.hear(scene.said(PHONE), wall)
            await settled(scene.attendant)
        assert len(wall.said) == 3
        assert wall.said[2].startswith("That is many questions for one room: ask again in ")
        other = Wall()
        scene.attendant.hear(scene.said(PHONE, room="other"), other)
        await settled(scene.attendant)
        assert "very good" in other.said[0]

    asyncio.run(run())


def test_what_the_app_does_not_take_is_tried_again_with_the_same_key(tmp_path: Path) -> None:
    async def run() -> None:
        scene = Scene(tmp_path)
        wall = Wall(failures=[Later(), Later(0.02)])
        scene.attendant.hear(scene.said(PHONE), wall)
        await settled(scene.attendant)
        assert len(wall.said) == 1
        assert wall.keys == ["$e1.0"] * 3

    asyncio.run(run())


def test_what_the_app_refuses_is_not_tried_again_and_no_word_of_it_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        scene = Scene(tmp_path)
        wall = Wall(failures=[Refused("token s3cret")])
        with caplog.at_level(logging.DEBUG):
            scene.attendant.hear(scene.said(PHONE), wall)
            await settled(scene.attendant)
        assert wall.keys == ["$e1.0"] and wall.said == []

    asyncio.run(run())
    assert "was not answered (Refused)" in caplog.text
    assert "s3cret" not in caplog.text and "phone" not in caplog.text


@pytest.mark.parametrize("question", [CRASH, LLM_DOWN])
def test_a_failing_bot_ends_as_a_sentence_without_details(tmp_path: Path, question: str) -> None:
    async def run() -> None:
        scene, wall = Scene(tmp_path), Wall()
        scene.attendant.hear(scene.said(question), wall)
        await settled(scene.attendant)
        assert wall.said == [
            "Something went wrong here, so the question was not answered: ask again in a while."
        ]

    asyncio.run(run())


def test_an_answer_that_takes_too_long_is_given_up(tmp_path: Path) -> None:
    async def run() -> None:
        scene, wall = Scene(tmp_path, replace(BRISK, longest=0.1)), Wall()
        scene.attendant.hear(scene.said(HELD), wall)
        await until(lambda: wall.said)
        assert wall.said[0].startswith("Something went wrong here")
        scene.bot.gate.set()

    asyncio.run(run())


def test_a_stop_waits_for_an_answer_in_hand(tmp_path: Path) -> None:
    async def run() -> None:
        scene, wall = Scene(tmp_path, replace(BRISK, grace=5)), Wall()
        scene.attendant.hear(scene.said(HELD), wall)
        await until(lambda: scene.bot.asked)
        stopping = asyncio.create_task(scene.attendant.stop())
        await asyncio.sleep(0.05)
        scene.attendant.hear(scene.said(PHONE), wall)  # nothing new is taken up
        scene.bot.gate.set()
        await stopping
        assert len(wall.said) == 1 and "145%" in wall.said[0]

    asyncio.run(run())


def test_a_question_cut_off_by_a_stop_is_answered_when_it_is_delivered_again(
    tmp_path: Path,
) -> None:
    async def run() -> None:
        scene, wall = Scene(tmp_path, replace(BRISK, grace=0.05)), Wall()
        message = scene.said(HELD)
        scene.attendant.hear(message, wall)
        await until(lambda: scene.bot.asked)
        await scene.attendant.stop()
        scene.bot.gate.set()
        assert wall.said == []
        again = Scene(tmp_path)
        again.bot.gate.set()
        again.attendant.hear(message, wall)
        await settled(again.attendant)
        assert len(wall.said) == 1

    asyncio.run(run())


def test_an_answer_begun_is_said_to_its_end_when_stopped_and_not_again(tmp_path: Path) -> None:
    class SlowWall(Wall):
        async def send(self, message, key):  # type: ignore[no-untyped-def]
            await asyncio.sleep(0.1)
            await super().send(message, key)

    async def run() -> None:
        scene = Scene(tmp_path, replace(BRISK, grace=0.15))
        wall = SlowWall(limit=700)
        message = scene.said(RARE_EARTHS)
        scene.attendant.hear(message, wall)
        await until(lambda: wall.said)
        await scene.attendant.stop()
        count = len(wall.said)
        assert count >= 2 and "80 per cent is not in its quote" in wall.said[-1]
        again = Scene(tmp_path)
        again.attendant.hear(message, wall)
        await settled(again.attendant)
        assert len(wall.said) == count

    asyncio.run(run())


def test_a_language_of_the_reader_is_kept(tmp_path: Path) -> None:
    async def run() -> None:
        scene, wall = Scene(tmp_path), Wall()
        scene.attendant.hear(scene.said(UNANSWERED_SV), wall)
        await settled(scene.attendant)
        assert "Artiklarna anger inget pris på neodym." in wall.said[0]
        assert "Det som ligger närmast:" in wall.said[0]

    asyncio.run(run())


def test_each_answer_is_heard_under_the_name_of_the_app_and_nobody_is_named(
    tmp_path: Path,
) -> None:
    heard: list[tuple[str, Answer]] = []

    async def run() -> None:
        scene, wall = Scene(tmp_path), Wall()
        attendant = attending(scene, heard=lambda name, answer: heard.append((name, answer)))
        for text in (PHONE, "help", LLM_DOWN, UNANSWERED_SV):
            attendant.hear(scene.said(text), wall)
            await settled(attendant)

    asyncio.run(run())
    assert [(name, answer.question, answer.status) for name, answer in heard] == [
        ("wall", PHONE, "answered"),
        ("wall", UNANSWERED_SV, "refused"),
    ]


def test_what_became_of_the_messages_is_counted(tmp_path: Path) -> None:
    metrics = RoomMetrics()

    async def run() -> None:
        scene = Scene(tmp_path)
        attendant = attending(scene, metrics=metrics)
        patient, strict = Wall(failures=[Later(), Later()]), Wall(failures=[Refused("no")])
        for text, wall in ((PHONE, patient), ("help", Wall()), (LLM_DOWN, Wall()), (PHONE, strict)):
            attendant.hear(scene.said(text), wall)
            await settled(attendant)
        attendant.hear(scene.said(PHONE, addressed=False), Wall())
        attendant.hear(scene.said(PHONE, event="$e1"), Wall())  # delivered again
        await settled(attendant)

    asyncio.run(run())
    names = ("heard", "answered", "failed", "retried", "refused")
    counted = {
        name: metrics.registry.get_sample_value(f"ordagrant_messages_{name}_total")
        for name in names
    }
    assert counted == {"heard": 4, "answered": 1, "failed": 2, "retried": 2, "refused": 1}


def test_metrics_are_served_to_this_computer() -> None:
    metrics = RoomMetrics()
    metrics.heard.inc(3)
    with served(metrics, "127.0.0.1", 0) as address:
        assert address is not None and address.startswith("http://127.0.0.1:")
        assert "ordagrant_messages_heard_total 3.0" in httpx.get(address).text
        port = int(address.split(":")[2].partition("/")[0])
        with pytest.raises(SettingsError, match=f"127.0.0.1:{port}.*--metrics-port"):
            served(metrics, "127.0.0.1", port).__enter__()
    with served(metrics, "127.0.0.1", None) as nowhere:
        assert nowhere is None


def test_what_was_seen_outlives_the_process_and_apps_do_not_share_it(tmp_path: Path) -> None:
    path = tmp_path / "connectors.db"
    first = Seen(path)
    assert first.claim("matrix", "1") and not first.claim("matrix", "1")
    first.mark("matrix", "next", "s1")
    first.close()
    second = Seen(path)
    assert not second.claim("matrix", "1")
    assert second.claim("slack", "1")
    assert second.marked("matrix", "next") == "s1" and second.marked("slack", "next") is None
    second.release("matrix", "1")
    assert second.claim("matrix", "1")
