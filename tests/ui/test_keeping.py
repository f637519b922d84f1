"""Conversations, filters and translations, free of Gradio and of a browser."""

from __future__ import annotations

import json
from datetime import date

import pytest

from rag.errors import StoreError
from rag.settings import Settings
from rag.types import Filters
from rag.ui import filtering, render, shell
from rag.ui.chat import Chat
from rag.ui.running import Run, Runs
from rag.ui.session import Exchange, Session
from rag.ui.strings import Strings
from rag.ui.visit import Visit, owner_token
from tests.models.fakes import ScriptedChat
from tests.ui import scripted
from tests.ui.script import Script
from tests.ui.scripted import ScriptedBot

EN, SV = Strings("en"), Strings("sv")
ME, OTHER = owner_token(None), owner_token(None)


@pytest.fixture
def bot() -> ScriptedBot:
    return scripted.sample_bot()


@pytest.fixture
def chat(bot: ScriptedBot) -> Chat:
    return Chat(bot, Settings())


def _asked(chat: Chat, *questions: str, owner: str = ME) -> Session:
    session = Session()
    for question in questions:
        session = list(chat.ask(question, session, EN, owner=owner))[-1][0]
    return session


def _questions(session: Session | None) -> list[str]:
    assert session is not None
    return [x.question for x in session.exchanges]


def test_a_conversation_is_kept_as_it_was_answered(chat: Chat) -> None:
    session = _asked(chat, scripted.PHONE, scripted.FOLLOW_UP)
    assert session.conversation is not None
    again = chat.keeping.open(ME, session.conversation)
    assert _questions(again) == [scripted.PHONE, scripted.FOLLOW_UP]
    assert again is not None
    assert [x.phase for x in again.exchanges] == ["done", "done"]
    assert again.exchanges[1].answer == session.exchanges[1].answer
    (listed,) = chat.keeping.list(ME)
    assert (listed.title, listed.exchanges) == (scripted.PHONE, 2)


def test_what_an_end_of_the_program_interrupts_shows_as_stopped(
    chat: Chat, bot: ScriptedBot
) -> None:
    steps = chat.ask(scripted.HELD, Session(), EN, owner=ME)
    next(steps)
    session, _ = next(steps)  # kept by now, and still under way
    assert session.conversation is not None
    kept = chat.keeping.open(ME, session.conversation)
    assert kept is not None
    assert [(x.question, x.phase) for x in kept.exchanges] == [(scripted.HELD, "stopped")]
    bot.gate.set()
    list(steps)
    done = chat.keeping.open(ME, session.conversation)
    assert done is not None and done.exchanges[0].phase == "done"


def test_a_problem_is_kept_as_its_sentence(chat: Chat) -> None:
    session = _asked(chat, scripted.LLM_DOWN)
    assert session.conversation is not None
    kept = chat.keeping.open(ME, session.conversation)
    assert kept is not None
    assert kept.exchanges[0].phase == "failed"
    assert kept.exchanges[0].problem == "The LLM at port 1 does not answer: start it."


def test_nobody_gets_at_the_conversations_of_another(chat: Chat) -> None:
    mine = _asked(chat, scripted.PHONE).conversation
    assert mine is not None
    keeping = chat.keeping
    assert keeping.list(OTHER) == []
    for stranger in (OTHER, ""):
        assert keeping.open(stranger, mine) is None
        assert keeping.rename(stranger, mine, "Taken") is False
        assert keeping.delete(stranger, mine) is False
        assert keeping.export(stranger, mine, "json", EN) is None
    assert keeping.title(ME, mine) == scripted.PHONE
    keeping.delete(ME, mine)
    assert keeping.restore(OTHER, mine) is False


def test_a_visitor_without_a_token_is_answered_and_nothing_is_kept(chat: Chat) -> None:
    session = _asked(chat, scripted.PHONE, owner="")
    assert session.conversation is None
    assert session.exchanges[0].phase == "done"
    assert chat.keeping.list("") == []


def test_asking_in_place_of_a_question_replaces_it_and_what_followed(
    chat: Chat, bot: ScriptedBot
) -> None:
    session = _asked(chat, scripted.PHONE, scripted.FOLLOW_UP, scripted.TARIFFS)
    *_, (edited, _) = chat.ask(scripted.RARE_EARTHS, session, EN, owner=ME, place=1)
    assert _questions(edited) == [scripted.PHONE, scripted.RARE_EARTHS]
    assert edited.conversation == session.conversation is not None
    assert _questions(chat.keeping.open(ME, session.conversation)) == _questions(edited)
    # What is replaced is no part of the history any more.
    assert [turn.content for turn in bot.asked[-1][1]][:1] == [scripted.PHONE]
    assert len(bot.asked[-1][1]) == 2


def test_a_store_that_fails_costs_the_keeping_and_not_the_answer(
    chat: Chat, bot: ScriptedBot, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> str:
        raise StoreError("The disk is full.")

    monkeypatch.setattr(bot.store.conversations, "start", full)
    session = _asked(chat, scripted.PHONE)
    assert session.exchanges[0].phase == "done"
    assert "The disk is full." in caplog.text
    assert "could not be saved" in shell.note(EN, Visit(), session)
    monkeypatch.undo()
    *_, (session, _) = chat.ask(scripted.FOLLOW_UP, session, EN, owner=ME)
    assert "could not be saved" not in shell.note(EN, Visit(), session)


def test_renaming_deleting_and_undoing(chat: Chat) -> None:
    mine = _asked(chat, scripted.PHONE).conversation
    assert mine is not None
    assert chat.keeping.rename(ME, mine, "The call")
    assert chat.keeping.title(ME, mine) == "The call"
    assert chat.keeping.delete(ME, mine)
    assert chat.keeping.list(ME) == [] and chat.keeping.open(ME, mine) is None
    assert chat.keeping.restore(ME, mine)
    assert [c.title for c in chat.keeping.list(ME)] == ["The call"]


def test_searching_finds_words_of_answers(chat: Chat) -> None:
    _asked(chat, scripted.PHONE)
    _asked(chat, scripted.TARIFFS)
    assert [c.title for c in chat.keeping.list(ME, "taiwan")] == [scripted.PHONE]
    assert chat.keeping.list(ME, "no such word anywhere") == []


def test_a_long_first_question_makes_a_short_title(chat: Chat) -> None:
    _asked(chat, "Why " * 60)
    (listed,) = chat.keeping.list(ME)
    assert len(listed.title) == 80 and listed.title.endswith("…")


def test_exports_hold_the_quotes(chat: Chat) -> None:
    session = _asked(chat, scripted.PHONE)
    assert session.conversation is not None
    answer = session.exchanges[0].answer
    assert answer is not None
    text = chat.keeping.export(ME, session.conversation, "markdown", EN)
    data = chat.keeping.export(ME, session.conversation, "json", EN)
    assert text is not None and data is not None
    assert text.name == "What-did-Trump-and-Xi-talk-about-on-the-phone.md"
    assert "harsh warnings about Taiwan" in text.text
    assert data.kind == "application/json"
    assert answer.quotes[0].article_sha256 in data.text
    assert json.loads(data.text)
    assert chat.keeping.export(ME, session.conversation, "exe", EN) is None


def test_asking_again_after_a_reload_asks_of_the_same_articles(chat: Chat) -> None:
    spring = Filters(date(2025, 4, 1), None, "SVT", "sv")
    *_, (asked, _) = chat.ask(scripted.TARIFFS, Session(), EN, owner=ME, filters=spring)
    assert asked.conversation is not None
    again = chat.keeping.open(ME, asked.conversation)
    assert again is not None and again.exchanges[0].filters == spring


SWEDISH = "Kina beräknas stå för 86 procent av den globala produktionen."
ENGLISH = "China is estimated to account for 86 per cent of global production."


def _translating(bot: ScriptedBot, *replies: str) -> tuple[Chat, Session]:
    """A chat with an LLM, and a conversation whose first answer quotes Swedish."""
    article = scripted.made_article("swedish", SWEDISH, language="sv")
    bot.chat = ScriptedChat(*(json.dumps({"translation": reply}) for reply in replies))
    bot.scripts["How much?"] = Script(
        items=[scripted.evidence(article, SWEDISH, 1)], statements=[("86 per cent.", [1])]
    )
    chat = Chat(bot, Settings())
    return chat, _asked(chat, "How much?", scripted.PHONE)


def _translation(session: Session | None) -> str | None:
    assert session is not None
    answer = session.exchanges[0].answer
    assert answer is not None
    return answer.quotes[0].translation


def test_a_translation_is_kept_with_its_answer_and_what_follows(bot: ScriptedBot) -> None:
    chat, session = _translating(bot, ENGLISH)
    assert chat.translates
    assert 'data-act="translate"' in render.conversation(EN, session, translates=True)
    chat.translate(session, "0", "q0")
    assert _translation(session) is None  # values don't change
    shown = chat.with_translations(ME, session)
    assert _translation(shown) == ENGLISH
    assert session.conversation is not None
    kept = chat.keeping.open(ME, session.conversation)
    assert _translation(kept) == ENGLISH
    assert _questions(kept) == ["How much?", scripted.PHONE]
    html = render.conversation(EN, shown, translates=True)
    assert ENGLISH in html and "not verbatim" in html and 'data-act="translate"' not in html
    assert chat.with_translations(ME, shown) is shown


def test_a_translation_that_cannot_be_stood_for_is_said_to_be_none(bot: ScriptedBot) -> None:
    chat, session = _translating(bot, ENGLISH.replace("86", "68"))
    chat.translate(session, "0", "q0")
    shown = chat.with_translations(ME, session)
    html = render.conversation(SV, shown, translates=True)
    assert "Ingen översättning kunde göras" in html and 'data-act="translate"' not in html


def test_nothing_else_is_translated(bot: ScriptedBot) -> None:
    chat, session = _translating(bot)
    for place, key in (("0", "q9"), ("0", "e0"), ("9", "q0"), ("-1", "q0"), ("1", "q0"), ("", "")):
        chat.translate(session, place, key)
    assert chat.with_translations(ME, session) is session
    assert not Chat(scripted.sample_bot(), Settings()).translates


def test_a_question_is_asked_and_shown_under_its_filters(chat: Chat, bot: ScriptedBot) -> None:
    spring = Filters(date(2025, 4, 1), date(2025, 6, 30), "SVT", "sv")
    *_, (session, _) = chat.ask(scripted.TARIFFS, Session(), EN, owner=ME, filters=spring)
    assert bot.filters == [spring]
    assert session.exchanges[0].filters == spring


def test_the_place_in_line_is_told_after_the_evidence(chat: Chat, bot: ScriptedBot) -> None:
    seen: list[tuple[int, int]] = []
    for session, _ in chat.ask(scripted.QUEUED, Session(), EN):
        x = session.exchanges[-1]
        seen.append((len(x.evidence), x.ahead))
        if x.ahead:
            bot.gate.set()
    assert seen == [(0, 0), (1, 0), (1, 2), (1, 0), (1, 0), (1, 0)]


def test_stopping_gives_up_the_place_in_line(chat: Chat, bot: ScriptedBot) -> None:
    for session, run in chat.ask(scripted.QUEUED, Session(), EN):
        if session.exchanges[-1].ahead:
            assert run is not None
            run.stop()
    assert (session.exchanges[-1].phase, session.exchanges[-1].ahead) == ("stopped", 0)
    assert bot.closed.wait(5)


def test_leaving_abandons_the_run_of_that_page_alone() -> None:
    runs = Runs()
    mine, next_one, other = (Run(lambda stopped, waiting: iter(())) for _ in range(3))
    runs.began("me", mine)
    runs.began("me", next_one)
    runs.ended("me", mine)  # late: the next question is under way already
    runs.began("other", other)
    runs.leave("me")
    runs.leave("nobody")
    assert [run.abandoned for run in (mine, next_one, other)] == [False, True, False]


@pytest.mark.parametrize("kept", ["", None, 7, "short", "x" * 44, "å" * 43, ["x" * 43]])
def test_a_token_that_is_not_ours_is_replaced(kept: object) -> None:
    made = owner_token(kept)
    assert made != kept and owner_token(made) == made
    assert owner_token(kept) != made


def test_filters_survive_an_address() -> None:
    spring = Filters(date(2025, 4, 1), None, "SVT & co", "sv")
    assert filtering.query("Why? #1", spring) == (
        "?q=Why%3F+%231&from=2025-04-01&source=SVT+%26+co&language=sv"
    )
    assert filtering.read(filtering.fields(spring), EN) == spring
    assert filtering.read({}, EN) == Filters()


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (
            {"from": "2025-06-30", "to": "2025-04-01"},
            "The first day (30 June 2025) is after the last (1 April 2025): change one of them.",
        ),
        ({"from": "yesterday"}, "“yesterday” is not a day: write it as 2025-04-30."),
        ({"language": "<b>"}, "“<b>” is not a language: use a code such as en or sv."),
    ],
)
def test_filters_that_cannot_be_are_one_sentence(values: dict[str, str], sentence: str) -> None:
    assert filtering.read(values, EN) == sentence


def test_one_chip_for_each_active_filter_takes_it_away() -> None:
    spring = Filters(date(2025, 4, 1), date(2025, 6, 30), "SVT", "sv")
    assert [c.text for c in filtering.chips(spring, EN)] == [
        "2025-04-01 – 2025-06-30",
        "SVT",
        "Swedish",
    ]
    assert [c.text for c in filtering.chips(Filters(date_to=date(2025, 1, 2)), SV)] == [
        "till 2025-01-02"
    ]
    left = spring
    for chip in filtering.chips(spring, EN):
        left = filtering.without(left, chip.part)
    assert left == Filters() and filtering.chips(left, EN) == []


def test_what_is_hostile_is_shown_as_text(chat: Chat) -> None:
    storm = "".join(scripted.ATTACKS)
    mine = _asked(chat, storm).conversation
    assert mine is not None
    listed = chat.keeping.list(ME)
    pages = [
        shell.sidebar(EN, listed, storm, mine),
        shell.toast(EN, storm, undo=storm),
        shell.toast(EN, link=storm),
        shell.filters(EN, Visit(filters=Filters(source=storm)), [storm], ["<b>"], problem=storm),
        shell.header(EN, 1, Visit(), Session((Exchange(storm),)), library=True),
    ]
    for html in pages:
        for tag in ("<script", "<img", "<svg", "<iframe", "<style", "<a ", "<b "):
            assert tag not in html
