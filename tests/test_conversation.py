"""Follow-up questions, and what is no question."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.answering.wording import one_line
from rag.conversation import HISTORY_TURNS, depends, faithful, is_question, standalone
from rag.errors import LlmError
from rag.types import Turn
from tests.models.fakes import ScriptedChat


def talk(*said: str) -> list[Turn]:
    return [Turn("user" if i % 2 == 0 else "assistant", text) for i, text in enumerate(said)]


DAM = talk("Who opened the Hallvik dam in 1971?", "Minister Eva Lindh did.")


@pytest.mark.parametrize(
    ("language", "question"),
    [
        ("en", "Why?"),
        ("en", "And Norway?"),
        ("en", "And what did Norway say?"),
        ("en", "And what did she pay Norway for the turbines?"),
        ("en", "What about the second one?"),
        ("en", "When did she say that?"),
        ("en", "Who paid for it?"),
        ("en", "What happened after that?"),
        ("en", "What do they want?"),
        ("en", "How many?"),
        ("sv", "Och Norge då?"),
        ("sv", "Och vad svarade Norge?"),
        ("sv", "Varför?"),
        ("sv", "När sa hon det?"),
        ("sv", "Vem betalade för det?"),
        ("sv", "Hur gick det?"),
        ("sv", "Vad tycker de andra om hans förslag?"),
    ],
)
def test_these_need_the_conversation(language: str, question: str) -> None:
    assert depends(question, language)


@pytest.mark.parametrize(
    ("language", "question"),
    [
        ("en", "How much water does the Hallvik dam hold?"),
        ("en", "What did Lindh say that she would do?"),
        ("en", "Is it true that Norway closed the border?"),
        ("en", "Which countries signed the treaty that ended the war?"),
        ("en", "dam safety inspections"),
        ("en", "And who inspected the turbines at Hallvik?"),
        ("sv", "Och vem mötte Eva Lindh i Oslo?"),
        ("sv", "Hur mycket vatten rymmer dammen?"),
        ("sv", "Vad är det som gör att priset sjunker?"),
        ("sv", "Finns det vargar i Skåne?"),
        ("sv", "Vad sa Lindh om dammen?"),
        ("sv", "När ska mötet hållas?"),
    ],
)
def test_these_stand_alone(language: str, question: str) -> None:
    assert not depends(question, language)
    chat = ScriptedChat()
    assert standalone(question, DAM, chat, language) == question
    assert chat.messages == []


def test_without_history_nothing_is_rewritten() -> None:
    assert standalone("And Norway?", [], ScriptedChat()) == "And Norway?"


def test_the_model_rewrites() -> None:
    chat = ScriptedChat("Why did Eva Lindh open the Hallvik dam?")
    assert standalone("Why?", DAM, chat) == "Why did Eva Lindh open the Hallvik dam?"
    assert "User: Who opened the Hallvik dam in 1971?" in chat.messages[0][-1]["content"]


@pytest.mark.parametrize(
    "rewritten",
    [
        "Why did Olof Palme open the Hallvik dam?",
        "Why did Eva Lindh open the dam in 1972?",
        "She opened it because it was finished.",
        "",
        "Why " * 200 + "?",
    ],
)
def test_a_rewriting_that_brings_in_its_own_is_thrown_away(rewritten: str) -> None:
    by_rule = "Why? (opened Hallvik dam 1971)"
    assert standalone("Why?", DAM, ScriptedChat(rewritten)) == by_rule


def test_a_failing_model_leaves_it_to_the_rule() -> None:
    failing = ScriptedChat(LlmError("down"))
    assert standalone("Why?", DAM, failing) == standalone("Why?", DAM, None)


def test_the_rule_goes_back_to_the_question_that_named_the_topic() -> None:
    history = talk("Who opened the Hallvik dam?", "Lindh.", "When?", "1971.", "Why then?", "…")
    assert standalone("And how?", history, None, "en") == "And how? (Hallvik dam opened)" or (
        standalone("And how?", history, None, "en") == "And how? (opened Hallvik dam)"
    )


def test_the_rule_in_swedish() -> None:
    history = talk("Vad sa Eva Lindh om dammen?", "Att den läcker.")
    assert (
        standalone("När sa hon det?", history, None, "sv") == "När sa hon det? (Eva Lindh dammen)"
    )


def test_a_long_history_is_cut() -> None:
    history = talk(*(f"Question {i} about Hallvik? " + "x" * 1000 for i in range(40)))
    chat = ScriptedChat("Why Hallvik?")
    standalone("Why?", history, chat)
    shown = chat.messages[0][-1]["content"]
    assert shown.count("about Hallvik") == HISTORY_TURNS
    assert "Question 39" in shown
    assert len(shown) < 2500


def test_a_genitive_is_the_same_name() -> None:
    assert faithful("What did Lindh's minister say?", "What?", talk("Who is Lindh?", "Minister."))


@settings(deadline=None)
@given(st.text(max_size=60), st.lists(st.text(max_size=60), max_size=4))
def test_the_rule_only_adds_words_of_the_conversation(question: str, said: list[str]) -> None:
    result = standalone(question, talk(*said), None)
    heard = one_line(" ".join([question, *said]))
    for word in result.replace("(", " ").replace(")", " ").split():
        assert word in heard.replace("(", " ").replace(")", " ")


@pytest.mark.parametrize(
    "text",
    ["", "   ", "?!?", "…", "hej", "Hej!", "Tack så mycket!", "thanks a lot", "ok", "asdf",
     "asdfgh", "qwertyuiop", "12345", "aaaaa", "👍", "xkcdqwrtz", "How are you?"],
)  # fmt: skip
def test_no_question(text: str) -> None:
    assert not is_question(text, "en")


@pytest.mark.parametrize(
    "text",
    ["rare earths tariffs", "Trump?", "SVT", "tullar", "Kina", "Vad hände?", "öl", "NATO",
     "Hej, vad kostar dammen?", "Thanks. And Norway?", "GDP 2024", "Why?", "关税是多少",
     "Tell me about the dam."],
)  # fmt: skip
def test_a_question_or_a_topic(text: str) -> None:
    assert is_question(text, "sv")
