"""The bot's own logic, with hand-checkable parts: what is cited, removed, refused, recorded."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag.bot import Bot
from rag.calibration import Calibration, Logistic
from rag.errors import LlmError
from rag.models.llm import Message, Reply
from rag.settings import Settings
from rag.store.ingest import ingest
from rag.store.store import Store
from rag.types import EvidenceFound, Finished, Passage, Reading, StatementAccepted, Support, Turn

ARTICLE = (
    "The mill in Norrby burned down on Monday. Mayor Anna Berg said the damage was 30 million "
    "kronor.\n\nThe bakery beside it was saved. It will open again in May.\n"
)


class Words:
    """An embedder over a fixed vocabulary: texts that share words are near each other."""

    name = "words"
    dimension = 64

    def embed_passages(self, texts: Sequence[str]) -> Any:
        return np.stack([self.embed_query(t) for t in texts])

    def embed_query(self, text: str) -> Any:
        vector = np.full(self.dimension, 0.01, dtype=np.float32)
        for word in text.lower().split():
            vector[sum(map(ord, word.strip(".,?"))) % self.dimension] += 1
        return vector / np.linalg.norm(vector)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(t.split()) for t in texts]


class Overlap:
    """A reader that scores a sentence by the share of the question's long words in it."""

    name = "overlap"

    def read(self, question: str, passages: Sequence[Passage]) -> list[Reading]:
        wanted = {w.strip("?.,").lower() for w in question.split() if len(w) > 3}
        readings = []
        for passage in passages:
            scores = []
            for span in passage.sentences:
                words = {w.strip(".,").lower() for w in span.slice(passage.text).split()}
                scores.append(len(wanted & words) / max(1, len(wanted)))
            best = max(scores)
            readings.append(Reading(best, 0, 1, tuple(scores)))
        return readings

    def support(self, claims: Sequence[tuple[str, str]]) -> list[Support] | None:
        return None


# The reader's word alone decides, as if nothing else were known.
BY_READER = Calibration(
    sentence=Logistic({"reader": 1.0, "cosine": 0.0, "rank": 0.0}, 0.0),
    closer=Logistic({"first": 1.0, "near": 0.0}, 0.0),
    question=Logistic({"reader": 1.0, "near": 0.0, "unnamed": 0.0}, 0.0),
    refuse_below=0.4,
    refuse_outright=0.4,
)


class Scripted:
    """An LLM that replies what it was given."""

    label = "scripted"

    def __init__(self, reply: object) -> None:
        self.reply = reply
        self.asked: list[Sequence[Message]] = []

    def json(
        self,
        messages: Sequence[Message],
        schema: dict[str, Any],
        *,
        max_tokens: int,
        on_text: Callable[[str], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Reply:
        self.asked.append(messages)
        if isinstance(self.reply, Exception):
            raise self.reply
        text = json.dumps(self.reply, ensure_ascii=False)
        if on_text is not None:
            on_text(text)
        return Reply(text, 10, 10)

    def text(self, messages: Sequence[Message], **_: Any) -> Reply:
        raise LlmError("The scripted model writes JSON only.")


def statements(*pairs: tuple[str, list[int]]) -> dict[str, Any]:
    return {"statements": [{"text": text, "cites": cites} for text, cites in pairs]}


@pytest.fixture
def make_bot(settings: Settings, tmp_path: Path) -> Callable[[Any], Bot]:
    (tmp_path / "fire.txt").write_text(ARTICLE, encoding="utf-8")

    def make(chat: Any) -> Bot:
        store = Store.open(settings)
        ingest(store, [str(tmp_path / "fire.txt")], Words(), settings)
        return Bot(settings, store, Words(), Overlap(), chat, BY_READER)

    return make


QUESTION = "What did Mayor Anna Berg say the damage was?"


def test_a_statement_stands_on_slices_of_the_article(make_bot: Any) -> None:
    answer = make_bot(Scripted(statements(("The damage was 30 million kronor.", [1])))).ask(
        QUESTION
    )
    assert answer.status == "answered"
    assert answer.answer == "The damage was 30 million kronor. [1]"
    quote = answer.quotes[0]
    assert quote.text == ARTICLE[quote.start : quote.end]
    assert quote.text == "Mayor Anna Berg said the damage was 30 million kronor."
    assert answer.tokens == {"prompt": 10, "output": 10}


def test_a_wrong_number_is_removed_and_the_quote_itself_answers(make_bot: Any) -> None:
    answer = make_bot(Scripted(statements(("The damage was 80 million kronor.", [1])))).ask(
        QUESTION
    )
    assert answer.status == "answered"
    assert [r.text for r in answer.removed] == ["The damage was 80 million kronor."]
    assert "80" in answer.removed[0].reason
    assert "30 million kronor" in answer.answer
    assert "80" not in answer.answer


def test_numbers_of_quotes_run_in_order_of_first_use(make_bot: Any) -> None:
    bot = make_bot(Scripted(None))
    question = "Mayor Anna Berg said what damage the mill took?"
    numbers = {e.sentence.text[:5]: e.n for e in bot.evidence_for(question).items}
    bot.chat = Scripted(
        statements(
            ("The mill in Norrby burned down.", [numbers["The m"]]),
            ("The damage was 30 million kronor.", [numbers["Mayor"]]),
        )
    )
    answer = bot.ask(question)
    assert answer.status == "answered"
    assert [q.n for q in answer.quotes] == [1, 2]
    assert answer.quotes[0].text.startswith("The mill")
    assert answer.answer.endswith("30 million kronor. [2]")


def test_what_the_articles_lack_is_refused_with_the_nearest_passages(make_bot: Any) -> None:
    answer = make_bot(None).ask("Which football club won the league championship?")
    assert answer.status == "refused"
    assert answer.refusal is not None and answer.refusal.reason == "no_evidence"
    assert answer.statements == ()
    assert set(answer.refusal.nearest) == {q.n for q in answer.quotes}


def test_an_llm_that_says_not_answered_is_believed(make_bot: Any) -> None:
    answer = make_bot(Scripted({"not_answered": True})).ask(QUESTION)
    assert answer.status == "refused"


def test_a_failing_llm_costs_its_words_but_not_the_quotes(make_bot: Any) -> None:
    answer = make_bot(Scripted(LlmError("The server is down: start it."))).ask(QUESTION)
    assert answer.status == "answered"
    assert "The server is down" in answer.removed[0].reason


@pytest.mark.parametrize("question", ["", "   ", "hej", "!!??", "x" * 5_000])
def test_what_is_no_question_gets_a_clear_reply(make_bot: Any, question: str) -> None:
    answer = make_bot(None).ask(question)
    assert answer.refusal is not None and answer.refusal.reason == "not_a_question"
    assert answer.quotes == ()


def test_an_empty_corpus_says_how_to_fill_it(settings: Settings) -> None:
    with Store.open(settings) as store:
        answer = Bot(settings, store, Words(), Overlap(), None, BY_READER).ask(QUESTION)
    assert "ordagrant ingest" in answer.answer


def test_events_come_in_order_and_the_answer_is_recorded(make_bot: Any) -> None:
    bot = make_bot(Scripted(statements(("The damage was 30 million kronor.", [1]))))
    events = list(bot.stream(QUESTION))
    assert [type(e) for e in events] == [EvidenceFound, StatementAccepted, Finished]
    answer = events[-1].answer
    assert bot.store.answer(answer.trace_id) == answer


def test_history_is_taken_as_turns(make_bot: Any) -> None:
    bot = make_bot(None)
    history = [Turn("user", QUESTION), Turn("assistant", "30 million kronor. [1]")]
    answer = bot.ask("What burned down in Norrby?", history)
    assert answer.question == "What burned down in Norrby?"
    assert answer.quotes[0].text.startswith("The mill")


def test_the_best_sentence_is_told_even_if_the_llm_leaves_it_out(make_bot: Any) -> None:
    bot = make_bot(Scripted(None))
    question = "Mayor Anna Berg said what damage the mill took?"
    numbers = {e.sentence.text[:5]: e.n for e in bot.evidence_for(question).items}
    bot.chat = Scripted(statements(("The mill in Norrby burned down.", [numbers["The m"]])))
    answer = bot.ask(question)
    assert answer.statements[0].text == "The mill in Norrby burned down."
    assert "30 million kronor" in answer.statements[1].text
    assert [q.n for q in answer.quotes] == [1, 2]


def test_a_part_that_the_articles_do_not_answer_is_named(make_bot: Any) -> None:
    question = f"{QUESTION} Which football club won the league championship?"
    answer = make_bot(None).ask(question)
    assert answer.status == "partial"
    assert "30 million kronor" in answer.statements[0].text
    missing = "The articles don't say: which football club won the league championship?"
    assert answer.unanswered == (missing,)
    assert answer.answer.endswith(missing)


def test_with_no_part_answered_the_question_is_refused(make_bot: Any) -> None:
    answer = make_bot(None).ask("Which football club won the league? When did the referee retire?")
    assert answer.status == "refused"
    assert answer.unanswered == ()


def test_with_all_parts_answered_nothing_is_missing(make_bot: Any) -> None:
    answer = make_bot(None).ask(f"{QUESTION} When did the mill in Norrby burn down?")
    assert answer.status == "answered"
    assert answer.unanswered == ()
    assert {q.text.split()[0] for q in answer.quotes} >= {"The", "Mayor"}


class Refuting(Overlap):
    """A reader that finds every claim refuted by whatever it is held against."""

    def support(self, claims: Sequence[tuple[str, str]]) -> list[Support] | None:
        return [Support(0.98, 0.01, 0.01) for _ in claims]


def test_a_false_premise_is_corrected_with_the_quote_that_contradicts_it(make_bot: Any) -> None:
    bot = make_bot(None)
    bot.reader = Refuting()
    answer = bot.ask("Why did Anna Berg say the damage was 80 million kronor?")
    assert answer.status == "answered"
    assert [s.quotes for s in answer.statements] == [(1,)]
    assert answer.answer.startswith("The articles say otherwise:")
    assert answer.quotes[0].text == "Mayor Anna Berg said the damage was 30 million kronor."


def test_who_waits_for_a_busy_llm_hears_its_place_after_the_evidence(make_bot: Any) -> None:
    class Busy(Scripted):
        def telling(self, on_ahead: Callable[[int], None]) -> Busy:
            self.on_ahead = on_ahead
            return self

        def json(self, *args: Any, **options: Any) -> Reply:
            self.on_ahead(2)
            self.on_ahead(0)
            return super().json(*args, **options)

    told: list[object] = []
    bot = make_bot(Busy(statements(("The damage was 30 million kronor.", [1]))))
    for event in bot.stream(QUESTION, waiting=told.append):
        told.append(type(event))
    assert told == [EvidenceFound, 2, 0, StatementAccepted, Finished]
