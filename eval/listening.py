"""A bot that is asked as any other, and remembers how sure it was that the articles answer.

The probability is no part of an answer: a person is told the answer or the refusal. Whether it
can be believed is for the calibration plot to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from rag.types import Answer, Event, EvidenceFound, Filters, Finished, Hit, Turn


class Searches(Protocol):
    """What the bot searches with; the runner asks it for the hits."""

    def search(
        self, question: str, language: str, k: int, filters: Filters | None = None
    ) -> Sequence[Hit]: ...


class Streams(Protocol):
    """What is listened to."""

    @property
    def retriever(self) -> Searches: ...

    def stream(
        self, question: str, history: Sequence[Turn] = (), filters: Filters | None = None
    ) -> Iterable[Event]: ...


class Listening:
    """Asks `bot` and keeps the probabilities by the answer's trace id; safe between threads."""

    def __init__(self, bot: Streams) -> None:
        self._bot = bot
        self.probabilities: dict[str, float] = {}

    @property
    def retriever(self) -> Searches:
        return self._bot.retriever

    def ask(
        self, question: str, history: Sequence[Turn] = (), filters: Filters | None = None
    ) -> Answer:
        """The answer, as `Bot.ask` gives it."""
        answerable: float | None = None
        for event in self._bot.stream(question, history, filters):
            if isinstance(event, EvidenceFound):
                answerable = event.evidence.answerable
            elif isinstance(event, Finished):
                if answerable is not None:
                    self.probabilities[event.answer.trace_id] = answerable
                return event.answer
        raise AssertionError("a stream ends with Finished")
