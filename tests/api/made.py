"""A bot whose statements are scripted and whose answer is made of them as the real one's is.

For what a script cannot promise: that what was told on the way is how the answer begins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, cast

from rag.answering.assemble import Accepted
from rag.answering.conflicts import ConflictDraft
from rag.answering.figures import SideDraft
from rag.answering.telling import Besides
from rag.course import Run
from rag.replies import Replies
from rag.types import (
    Answer,
    Event,
    EvidenceFound,
    EvidenceSet,
    Filters,
    Finished,
    StatementAccepted,
    Turn,
)
from tests.ui.script import ScriptedBot, ScriptedStore, evidence, made_article

QUESTION = "Who won, and what is [1]?"
_TEXT = (
    "😀 The Reds won 3–1 on Sunday. 🏆 Some say it was 4–1. Anna Öst scored twice 🥅 that day.\n"
    "The match was played in Umeå."
)
REDS = made_article("reds/1 åäö?", _TEXT, title="Reds “win”", outlet="Sportbladet")
BLUES = made_article(
    "blues", "The Blues lost 1–3.\nIt rained.", source="https://blues.example/match?a=1&b=2"
)
ITEMS = [
    evidence(REDS, "😀 The Reds won 3–1 on Sunday.", 1),
    evidence(REDS, "Anna Öst scored twice 🥅 that day.", 2),
    evidence(BLUES, "The Blues lost 1–3.", 3),
    evidence(REDS, "🏆 Some say it was 4–1.", 4),
    evidence(BLUES, "It rained.", 5),
]


class _Store(ScriptedStore):
    def record_answer(self, answer: Answer) -> None:
        pass


class MadeBot(ScriptedBot):
    """Three statements, one on several quotes, one with `[3]` in its words; then a conflict, and
    a part without an answer that repeats the `[1]` of the question."""

    def __init__(self) -> None:
        super().__init__([REDS, BLUES], {})
        self.store: Any = _Store([REDS, BLUES])
        self.accepted: list[Accepted] = [
            Accepted(" 😀 The Reds won 3–1. ", (ITEMS[2], ITEMS[0])),
            Accepted("It rained 🌧 [3].", (ITEMS[4],)),
            Accepted("Anna Öst scored twice 🥅.", (ITEMS[1], ITEMS[0])),
        ]

    def stream(
        self,
        question: str,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
        *,
        cancelled: Callable[[], bool] | None = None,
        waiting: Callable[[int], None] | None = None,
    ) -> Iterator[Event]:
        self.asked.append((question, tuple(history)))
        found = EvidenceSet(tuple(ITEMS), 0.9, True)
        yield EvidenceFound(question, found)
        for one in self.accepted:
            yield StatementAccepted(one.text, one.evidence)
        yield Finished(self.made(question, found))

    def made(self, question: str, found: EvidenceSet) -> Answer:
        run = Run(question)
        run.unanswered = ("The articles don't say: what is [1]?",)
        sides = (SideDraft("won 3–1", (1,)), SideDraft("it was 4–1", (4,)))
        beside = Besides(conflicts=(ConflictDraft("the score", sides),))
        return Replies(cast(Any, self.store), "none").answer(run, found, self.accepted, beside)


class Astray(MadeBot):
    """Answers otherwise than it told: which must never pass for its answer."""

    def made(self, question: str, found: EvidenceSet) -> Answer:
        self.accepted.reverse()
        return super().made(question, found)


__all__ = ["ITEMS", "QUESTION", "Astray", "MadeBot"]
