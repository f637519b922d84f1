from __future__ import annotations

import logging
import threading
from collections.abc import Iterator

import pytest

from rag.settings import Settings
from rag.types import Answer, Event, Turn
from rag.ui.chat import Chat
from rag.ui.running import Run
from rag.ui.session import Session
from rag.ui.strings import Strings
from tests.ui import scripted
from tests.ui.scripted import ScriptedBot

EN = Strings("en")


@pytest.fixture
def bot() -> ScriptedBot:
    return scripted.sample_bot()


@pytest.fixture
def chat(bot: ScriptedBot) -> Chat:
    return Chat(bot, Settings(max_question_chars=200))


def _last(chat: Chat, question: str, session: Session | None = None) -> Session:
    return list(chat.ask(question, session or Session(), EN))[-1][0]


def test_the_question_is_on_the_page_before_anything_is_found(chat: Chat) -> None:
    steps = [s.exchanges[-1] for s, _ in chat.ask(f" {scripted.PHONE} ", Session(), EN)]
    assert [x.phase for x in steps] == ["looking", *["writing"] * 4, "done"]
    assert steps[0].question == scripted.PHONE
    assert [len(x.evidence) for x in steps] == [0, 4, 4, 4, 4, 4]
    assert [len(x.accepted) for x in steps] == [0, 0, 1, 2, 3, 3]


def test_a_run_can_be_stopped_until_the_end_and_not_after(chat: Chat) -> None:
    runs = [run for _, run in chat.ask(scripted.PHONE, Session(), EN)]
    assert all(run is runs[0] for run in runs[:-1]) and runs[0] is not None
    assert runs[-1] is None


def test_a_follow_up_carries_the_conversation(chat: Chat, bot: ScriptedBot) -> None:
    session = _last(chat, scripted.PHONE)
    session = _last(chat, scripted.LLM_DOWN, session)
    _last(chat, scripted.FOLLOW_UP, session)
    question, history = bot.asked[-1]
    answer = session.exchanges[0].answer
    assert question == scripted.FOLLOW_UP and answer is not None
    assert history == (Turn("user", scripted.PHONE), Turn("assistant", answer.answer))


def test_each_answer_is_heard_with_the_name_of_who_asked(bot: ScriptedBot) -> None:
    heard: list[tuple[str, str, str]] = []

    def hear(name: str, answer: Answer) -> None:
        heard.append((name, answer.question, threading.current_thread().name))

    chat = Chat(bot, Settings(), hear)
    for name, question in (("web", scripted.PHONE), ("desk", scripted.LLM_DOWN)):
        list(chat.ask(question, Session(), EN, user=name))
    _last(chat, scripted.UNANSWERED)
    # In the thread that made it, which knows nothing of the visitor by itself.
    assert heard == [
        ("web", scripted.PHONE, "ordagrant-answer"),
        ("chat", scripted.UNANSWERED, "ordagrant-answer"),
    ]


def test_an_answer_that_was_stopped_is_not_heard(bot: ScriptedBot) -> None:
    heard: list[str] = []
    chat = Chat(bot, Settings(), lambda name, _answer: heard.append(name))
    steps = chat.ask(scripted.HELD, Session(), EN)
    next(steps)
    steps.close()  # type: ignore[attr-defined]
    bot.gate.set()
    assert bot.closed.wait(10)
    assert heard == []


def test_an_error_of_ours_is_shown_as_its_sentence(chat: Chat) -> None:
    x = _last(chat, scripted.LLM_DOWN).exchanges[-1]
    assert (x.phase, x.problem) == ("failed", "The LLM at port 1 does not answer: start it.")


def test_any_other_error_is_logged_and_hidden(chat: Chat, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        x = _last(chat, scripted.CRASH).exchanges[-1]
    assert x.phase == "failed" and x.problem is not None
    assert "secret" not in x.problem and "Traceback" not in x.problem
    trace = caplog.records[-1].getMessage().split()[-1]
    assert trace in x.problem
    assert "secret detail" in caplog.text


def test_a_question_that_is_too_long_never_reaches_the_bot(chat: Chat, bot: ScriptedBot) -> None:
    x = _last(chat, "x" * 201).exchanges[-1]
    assert x.problem == "The question has 201 characters; the most is 200. Please shorten it."
    assert _last(chat, "x" * 200).exchanges[-1].phase == "done"
    assert [question for question, _ in bot.asked] == ["x" * 200]


def test_nothing_happens_on_an_empty_question(chat: Chat) -> None:
    assert list(chat.ask(" \n\t", Session(), EN)) == []


def test_stopping_keeps_what_was_found_and_closes_the_stream(chat: Chat, bot: ScriptedBot) -> None:
    steps = chat.ask(scripted.HELD, Session(), EN)
    for session, run in steps:
        if session.exchanges[-1].accepted:
            assert run is not None
            run.stop()  # while the bot is held up
            break
    last = list(steps)
    x = last[-1][0].exchanges[-1]
    assert (x.phase, len(x.evidence), len(x.accepted)) == ("stopped", 2, 1)
    bot.gate.set()
    assert bot.closed.wait(10)


def test_an_abandoned_run_shows_nothing_more(chat: Chat, bot: ScriptedBot) -> None:
    steps = chat.ask(scripted.HELD, Session(), EN)
    for session, run in steps:
        if session.exchanges[-1].accepted:
            assert run is not None
            run.abandon()
            break
    assert list(steps) == []
    bot.gate.set()


def test_a_visitor_who_leaves_stops_the_stream(chat: Chat, bot: ScriptedBot) -> None:
    steps = chat.ask(scripted.HELD, Session(), EN)
    next(steps)
    next(steps)
    steps.close()  # type: ignore[attr-defined]
    bot.gate.set()
    assert bot.closed.wait(10)


def test_a_stopped_stream_takes_no_step_after_the_one_it_is_in() -> None:
    told: list[str] = []
    go = threading.Event()
    event = next(scripted.sample_bot().stream(scripted.PHONE))

    def stream() -> Iterator[Event]:
        try:
            yield event
            go.wait(10)
            told.append("the step it was in")
            yield event
            told.append("a step too many")
        finally:
            told.append("closed")

    run = Run(lambda _stopped, _waiting: stream())
    events = run.events()
    next(events)
    run.stop()
    assert list(events) == []
    go.set()
    for thread in threading.enumerate():
        if thread.name == "ordagrant-answer":
            thread.join(10)
    assert told == ["the step it was in", "closed"]


def test_two_sessions_never_meet(chat: Chat) -> None:
    one, other = _last(chat, scripted.PHONE), _last(chat, scripted.TARIFFS)
    assert [x.question for x in one.exchanges] == [scripted.PHONE]
    assert [x.question for x in other.exchanges] == [scripted.TARIFFS]


def test_opening_a_quote_of_the_session_gives_its_article(chat: Chat) -> None:
    session = _last(chat, scripted.TARIFFS)
    opened = chat.open(session, "0", "q1", EN)
    assert opened is not None and "This 90-day deal saw" in opened
    assert chat.open(session, "0", "e1", EN) is not None


@pytest.mark.parametrize(
    ("place", "key"),
    [
        ("0", "q9"),
        ("1", "q0"),
        ("-1", "q0"),
        ("0", "q-1"),
        ("0", ""),
        ("0", "x0"),
        ("0", "q²"),
        ("²", "q0"),
        ("9" * 9_000, "q0"),
        ("0", "q" + "9" * 9_000),
        (None, "q0"),
        (["0"], {"q": 0}),
    ],
)
def test_what_the_session_does_not_hold_cannot_be_opened(
    chat: Chat, place: object, key: object
) -> None:
    assert chat.open(_last(chat, scripted.TARIFFS), place, key, EN) is None


def test_evidence_can_be_opened_while_the_answer_is_written(chat: Chat) -> None:
    steps = chat.ask(scripted.PHONE, Session(), EN)
    next(steps)
    session, _ = next(steps)
    opened = chat.open(session, "0", "e2", EN)
    assert opened is not None and "red habit on Beijing" in opened
