"""The order of an answer: changes, statements, overtaken ones, conflicts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pytest

from rag.answering.assemble import Accepted, Quotes
from rag.answering.telling import besides, in_order, tell
from rag.types import EvidenceSet, Passage, Reading
from tests.answering.evidence import item

OLD = item(
    1,
    "a",
    "Beijing insists on Washington dropping the 145% tariffs on Chinese goods.",
    date(2025, 5, 2),
)
NEW = item(
    2,
    "b",
    "The US agreed to reduce tariffs on Chinese goods from 145 percent to 30 percent.",
    date(2025, 6, 5),
)
EVIDENCE = EvidenceSet((OLD, NEW), 0.9, True)
FIRST, SECOND = (
    Accepted("The tariff on Chinese goods is 145 per cent.", (OLD,)),
    Accepted("The US agreed to reduce it.", (NEW,)),
)
CHANGED = (
    "Most recent, b (5 June 2025): “The US agreed to reduce tariffs on Chinese goods from 145 "
    "percent to 30 percent”; earlier, a (2 May 2025): “Beijing insists on Washington "
    "dropping the 145% tariffs on Chinese goods”."
)


def _silent(_: str, passages: Sequence[Passage]) -> list[Reading]:
    """A reader that finds no answer anywhere."""
    return [Reading(0.0, 0, 0, (0.0,)) for _ in passages]


def ordered(question: str, *statements: Accepted) -> list[str]:
    changes = besides(question, "en", EVIDENCE, _silent).changes
    return [one.text for one in in_order(statements, changes, EVIDENCE, question, "en")]


def test_the_latest_value_leads_and_the_old_one_ends_with_its_day() -> None:
    assert ordered("How high is the US tariff on Chinese goods?", FIRST, SECOND) == [
        CHANGED,
        "The US agreed to reduce it.",
        "The tariff on Chinese goods is 145 per cent (as of 2 May 2025).",
    ]


def test_an_overtaken_value_is_told_as_such_though_no_value_was_asked_for() -> None:
    question = "What does Beijing insist on for Chinese goods?"
    assert ordered(question, FIRST, SECOND) == [
        CHANGED,
        "The US agreed to reduce it.",
        "The tariff on Chinese goods is 145 per cent (as of 2 May 2025).",
    ]


def test_a_question_about_the_past_gets_the_value_of_that_time() -> None:
    question = "How high was the US tariff on Chinese goods in April 2025?"
    assert ordered(question, FIRST, SECOND) == [FIRST.text, SECOND.text]


def test_a_change_alone_is_no_answer() -> None:
    assert ordered("How high is the US tariff on Chinese goods?") == []


def test_a_statement_that_tells_its_day_gets_no_second_one() -> None:
    dated = Accepted("a, 2 May 2025: “the 145% tariffs”.", (OLD,))
    assert ordered("How high is the US tariff on Chinese goods?", dated)[-1] == dated.text


@pytest.mark.parametrize("language", ["en", "sv"])
def test_a_conflict_is_told_once_and_knows_its_statement(language: str) -> None:
    a = item(1, "a", "China refines 86 per cent of the world's rare earths.")
    b = item(2, "b", "China refines 90 per cent of the world's rare earths.")
    evidence = EvidenceSet((a, b), 0.9, True)
    question = "How large a share of the world's rare earths does China refine?"
    beside = besides(question, language, evidence, _silent)
    texts = {"a": a.sentence.text, "b": b.sentence.text}
    told = tell(
        [Accepted("China refines most of it.", (b,))], beside, evidence,
        Quotes(texts.__getitem__), language,
    )  # fmt: skip
    assert [c.statement for c in told.conflicts] == [1]
    assert told.statements[1].text.startswith(
        {"en": "The articles disagree:", "sv": "Artiklarna är oense:"}[language]
    )
    assert [side.quotes for side in told.conflicts[0].sides] == [(2,), (1,)]
    assert told.changes == ()


def test_a_told_change_is_in_the_answer_with_days_and_quotes() -> None:
    question = "How high is the US tariff on Chinese goods?"
    beside = besides(question, "en", EVIDENCE, _silent)
    accepted = list(in_order([FIRST], beside.changes, EVIDENCE, question, "en"))
    texts = {"a": OLD.sentence.text, "b": NEW.sentence.text}
    quotes = Quotes(texts.__getitem__)
    (change,) = tell(accepted, beside, EVIDENCE, quotes, "en").changes
    assert [(s.published, s.quotes) for s in change.steps] == [
        ("2025-05-02", (2,)),
        ("2025-06-05", (1,)),
    ]
    assert tell([SECOND], beside, EVIDENCE, quotes, "en").changes == ()
