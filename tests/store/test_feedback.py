from __future__ import annotations

from typing import Any

import pytest

from rag.settings import Settings
from rag.store import schema
from rag.store.feedback import MOST_REASON
from rag.store.store import Store
from tests.store.test_conversations import ME, YOU, answer_to


def test_one_verdict_for_one_thing(store: Store, settings: Settings) -> None:
    log = store.feedback
    log.give(ME, "t1", "answer", 0, "up")
    log.give(ME, "t1", "statement", 0, "up")
    log.give(ME, "t1", "quote", 1, "down", " not \n the point ")
    log.give(ME, "t1", "answer", 0, "down", "wrong")
    log.give(ME, "t2", "answer", 0, "up")
    log.give(ME, "t1", "statement", 0, None, "taken back")
    with Store.open(settings) as again:
        found = again.feedback.of(ME, ["t1", "none"])
    assert {(f.target, f.index): (f.verdict, f.reason) for f in found} == {
        ("answer", 0): ("down", "wrong"),
        ("quote", 1): ("down", "not the point"),
    }
    assert log.of(ME, []) == []
    assert len(log.of(ME, [f"t{n}" for n in range(2_000)])) == 3


def test_two_visitors_judge_the_same_answer_apart(store: Store) -> None:
    log = store.feedback
    log.give(ME, "t1", "answer", 0, "up")
    assert log.of(YOU, ["t1"]) == []
    log.give(YOU, "t1", "answer", 0, "down")
    log.give(YOU, "t1", "answer", 0, None)
    assert [f.verdict for f in log.of(ME, ["t1"])] == ["up"]


def test_all_comes_with_question_and_answer(store: Store) -> None:
    answer = answer_to("Did it sink?")
    store.record_answer(answer)
    store.feedback.give(ME, "lost", "answer", 0, "up")
    store.feedback.give(ME, answer.trace_id, "quote", 1, "down", "r" * 5_000)
    store.feedback.give(YOU, answer.trace_id, "quote", 1, "up")
    first, second, third = store.feedback.all()
    assert (first.feedback.trace_id, first.question, first.answer) == ("lost", None, None)
    assert (second.question, second.answer) == ("Did it sink?", answer)
    assert second.feedback.reason == "r" * MOST_REASON
    assert (third.feedback.verdict, third.answer) == ("up", answer)
    with store.database.write() as connection:
        connection.execute(schema.answers.update().values(body='{"mood": "newer"}'))
    assert [j.answer for j in store.feedback.all()] == [None, None, None]


@pytest.mark.parametrize(
    ("target", "index", "verdict"),
    [("page", 0, "up"), ("answer", -1, "up"), ("quote", 1 << 40, "up"), ("answer", 0, "sideways")],
)
def test_nonsense_is_refused(store: Store, target: Any, index: int, verdict: Any) -> None:
    with pytest.raises(ValueError, match=r"no feedback on|up, down or None"):
        store.feedback.give(ME, "t", target, index, verdict)
    assert store.feedback.all() == []
