"""An answer without an LLM is given again only where making it again would change nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rag.again import Again, Told
from rag.bot import Bot
from rag.settings import Settings
from rag.store.ingest import ingest
from rag.store.store import Store
from rag.types import Filters, Finished, Turn
from tests.test_bot import ARTICLE, BY_READER, Overlap, Words

QUESTION = "How many kronor was the damage?"


class Counted(Overlap):
    """Counts how often it is asked to read."""

    def __init__(self) -> None:
        self.times = 0

    def read(self, question: Any, passages: Any) -> Any:
        self.times += 1
        return super().read(question, passages)


@pytest.fixture
def bot(settings: Settings, tmp_path: Path) -> Any:
    (tmp_path / "fire.txt").write_text(ARTICLE, encoding="utf-8")
    store = Store.open(settings)
    ingest(store, [tmp_path / "fire.txt"], Words(), settings)
    with Bot(settings, store, Words(), Counted(), None, BY_READER) as made:
        yield made


def times(bot: Bot) -> int:
    assert isinstance(bot.reader, Counted)
    return bot.reader.times


def test_the_second_asking_reads_nothing_and_is_an_answer_of_its_own(bot: Bot) -> None:
    events = list(bot.stream(QUESTION))
    read = times(bot)
    again = list(bot.stream(QUESTION))
    assert times(bot) == read > 0
    assert [type(e) for e in again] == [type(e) for e in events]
    assert again[:-1] == events[:-1]
    first, second = events[-1].answer, again[-1].answer  # type: ignore[union-attr]
    own = {"trace_id", "timings_ms"}
    assert second.model_dump(exclude=own) == first.model_dump(exclude=own)
    assert second.trace_id != first.trace_id
    assert bot.store.answer(second.trace_id) == second


def test_changed_articles_make_another_answer(bot: Bot, tmp_path: Path) -> None:
    assert "30 million" in bot.ask(QUESTION).answer
    (tmp_path / "fire.txt").write_text(ARTICLE.replace("30", "45"), encoding="utf-8")
    ingest(bot.store, [tmp_path / "fire.txt"], Words(), bot.settings)
    assert "45 million" in bot.ask(QUESTION).answer


def test_other_history_and_filters_are_another_question(bot: Bot) -> None:
    bot.ask(QUESTION)
    read = times(bot)
    bot.ask(QUESTION, [Turn("user", "What burned down in Norrby?")])
    assert times(bot) > read
    read = times(bot)
    assert bot.ask(QUESTION, filters=Filters(language="sv")).refusal is not None
    bot.ask(QUESTION, filters=Filters(language="en"))
    assert times(bot) > read


def test_an_answer_that_was_given_up_is_not_kept(bot: Bot) -> None:
    stream = bot.stream(QUESTION)
    next(stream)
    stream.close()
    given_up = bot.stream(QUESTION, cancelled=lambda: True)
    assert not any(isinstance(event, Finished) for event in given_up)
    read = times(bot)
    bot.ask(QUESTION)
    assert times(bot) > read


def test_the_oldest_is_forgotten_first(bot: Bot, make_told: Callable[[str], Told]) -> None:
    again = Again(bot.store, most=2)
    keys = [again.key(question, (), Filters()) for question in ("a", "b", "c")]
    for key in keys[:2]:
        again.keep(key, make_told(str(key[1])))
    again.find(keys[0])
    again.keep(keys[2], make_told("c"))
    assert again.find(keys[1]) is None
    assert again.find(keys[0]) == make_told("a")


@pytest.fixture
def make_told(bot: Bot) -> Callable[[str], Told]:
    answer = bot.ask(QUESTION)
    return lambda question: Told((), answer.model_copy(update={"question": question}))


def test_a_typographic_apostrophe_is_the_same_question(bot: Bot) -> None:
    straight, curly = bot.ask("What was Berg's figure?"), bot.ask("What was Berg’s figure?")
    own = {"trace_id", "timings_ms", "question", "standalone_question"}
    assert curly.model_dump(exclude=own) == straight.model_dump(exclude=own)
    assert curly.question == "What was Berg’s figure?"
