"""What one visitor has asked and got: values, replaced and never changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from rag.store.conversations import StoredExchange
from rag.types import (
    Answer,
    Event,
    Evidence,
    EvidenceFound,
    Filters,
    Finished,
    StatementAccepted,
    Turn,
    Waiting,
)

Phase = Literal["looking", "writing", "done", "stopped", "failed"]

# Earlier questions and answers that a follow-up may lean on; more only slows the rewriting.
_REMEMBERED = 4

ALL = Filters()


@dataclass(frozen=True, slots=True)
class Exchange:
    """One question and what has come of it so far."""

    question: str
    phase: Phase = "looking"
    standalone: str | None = None
    evidence: tuple[Evidence, ...] = ()
    accepted: tuple[StatementAccepted, ...] = ()
    answer: Answer | None = None
    problem: str | None = None
    filters: Filters = ALL
    ahead: int = 0  # questions before this one in line for the LLM

    @property
    def running(self) -> bool:
        return self.phase in ("looking", "writing")

    @property
    def understood(self) -> str:
        """The question as it can be asked without those before it."""
        return self.standalone or self.question

    def after(self, event: Event | Waiting) -> Exchange:
        """This exchange once `event` has happened."""
        match event:
            case EvidenceFound(standalone, evidence):
                return replace(
                    self, phase="writing", standalone=standalone, evidence=evidence.items
                )
            case StatementAccepted():
                return replace(self, phase="writing", accepted=(*self.accepted, event))
            case Waiting(ahead):
                return replace(self, ahead=ahead)
            case Finished(answer):
                return replace(
                    self,
                    phase="done",
                    answer=answer,
                    standalone=answer.standalone_question,
                    ahead=0,
                )

    def stopped(self) -> Exchange:
        return replace(self, phase="stopped", ahead=0)

    def failed(self, problem: str) -> Exchange:
        return replace(self, phase="failed", problem=problem, ahead=0)

    def stored(self, place: int) -> StoredExchange:
        """What is kept of it; while it runs, what is left should the program end now."""
        return StoredExchange(
            place=place,
            question=self.question,
            standalone=self.standalone,
            answer=self.answer,
            problem=self.problem,
            stopped=self.running or self.phase == "stopped",
            filters=self.filters,
        )


def _restored(kept: StoredExchange) -> Exchange:
    phase: Phase = "done"
    if kept.answer is None:
        phase = "failed" if kept.problem else "stopped"
    return Exchange(
        question=kept.question,
        phase=phase,
        standalone=kept.standalone,
        answer=kept.answer,
        problem=kept.problem,
        filters=kept.filters,
    )


@dataclass(frozen=True, slots=True)
class Session:
    """The conversation that is open, oldest exchange first; `conversation` is where it is kept."""

    exchanges: tuple[Exchange, ...] = ()
    conversation: str | None = None
    unkept: bool = False  # its last exchange could not be stored

    @classmethod
    def restored(cls, conversation: str, kept: Sequence[StoredExchange]) -> Session:
        """A conversation as it was kept; what was under way when it was is stopped."""
        return cls(tuple(_restored(exchange) for exchange in kept), conversation)

    @property
    def running(self) -> bool:
        return bool(self.exchanges) and self.exchanges[-1].running

    def asking(self, question: str, filters: Filters = ALL, place: int | None = None) -> Session:
        """With a question added, or put at `place` instead of what stands there and after it."""
        before = self.exchanges if place is None else self.exchanges[:place]
        return replace(self, exchanges=(*before, Exchange(question, filters=filters)))

    def with_last(self, exchange: Exchange) -> Session:
        return replace(self, exchanges=(*self.exchanges[:-1], exchange))

    def with_at(self, place: int, exchange: Exchange) -> Session:
        before, after = self.exchanges[:place], self.exchanges[place + 1 :]
        return replace(self, exchanges=(*before, exchange, *after))

    def at(self, place: object) -> Exchange | None:
        """The exchange at a place that the browser named, which may be anything."""
        if not (isinstance(place, str) and place.isascii() and place.isdigit()) or len(place) > 6:
            return None
        return self.exchanges[int(place)] if int(place) < len(self.exchanges) else None

    def history(self, place: int | None = None) -> list[Turn]:
        """The finished exchanges (before `place`) as turns, for rewriting a follow-up question."""
        turns: list[Turn] = []
        before = self.exchanges if place is None else self.exchanges[:place]
        for exchange in before[-_REMEMBERED:]:
            if exchange.answer is not None:
                turns.append(Turn("user", exchange.question))
                turns.append(Turn("assistant", exchange.answer.answer))
        return turns
