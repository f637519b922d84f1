"""The course of one question: its clock, its language, what was removed on the way."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rag.tracing import Trace
from rag.types import Removed

T = TypeVar("T")


class Run:
    """What one question gathers on its way: clock, language, removed statements."""

    def __init__(self, question: str) -> None:
        self.question = question
        self.standalone = question
        # What the answer is to: the question, or those of its parts that can be answered.
        self.asked = question
        self.unanswered: tuple[str, ...] = ()
        self.language = "en"
        self._trace = Trace()
        self.trace_id = self._trace.id or uuid.uuid4().hex
        self.removed: list[Removed] = []
        self.tokens: dict[str, int] | None = None
        self.timings: dict[str, float] = dict.fromkeys(
            ("retrieve", "evidence", "compose", "verify", "total"), 0.0
        )
        self._begun = time.perf_counter()

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        begun = time.perf_counter()
        try:
            with self._trace.stage(stage):
                yield
        finally:
            self.timings[stage] += 1000 * (time.perf_counter() - begun)

    def each(self, stage: str, things: Iterable[T]) -> Iterator[T]:
        """The things, with the time that each took to arrive booked on `stage`."""
        iterator = iter(things)
        while True:
            with self.timed(stage):
                thing = next(iterator, None)
            if thing is None:
                return
            yield thing

    def finish(self) -> dict[str, float]:
        self.timings["total"] = 1000 * (time.perf_counter() - self._begun)
        self._trace.end(language=self.language, removed=len(self.removed))
        return {stage: round(ms, 1) for stage, ms in self.timings.items()}
