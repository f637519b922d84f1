"""What one visitor has asked and got: values, replaced and never changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from rag.types import Answer, Event, Evidence, EvidenceFound, Finished, StatementAccepted, Turn

Phase = Literal["looking", "writing", "done", "stopped", "failed"]

# Earlier questions and answers that a follow-up may lean on; more only slows the rewriting.
_REMEMBERED = 4


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

    @property
    def running(self) -> bool:
        return self.phase in ("looking", "writing")

    def after(self, event: Event) -> Exchange:
        """This exchange once `event` has happened."""
        match event:
            case EvidenceFound(standalone, evidence):
                return replace(
                    self, phase="writing", standalone=standalone, evidence=evidence.items
                )
            case StatementAccepted():
                return replace(self, phase="writing", accepted=(*self.accepted, event))
            case Finished(answer):
                return replace(
                    self, phase="done", answer=answer, standalone=answer.standalone_question
                )

    def stopped(self) -> Exchange:
        return replace(self, phase="stopped")

    def failed(self, problem: str) -> Exchange:
        return replace(self, phase="failed", problem=problem)


@dataclass(frozen=True, slots=True)
class Session:
    """A conversation, oldest exchange first."""

    exchanges: tuple[Exchange, ...] = ()

    def asking(self, question: str) -> Session:
        return Session((*self.exchanges, Exchange(question)))

    def with_last(self, exchange: Exchange) -> Session:
        return Session((*self.exchanges[:-1], exchange))

    def history(self) -> list[Turn]:
        """The finished exchanges as turns, for rewriting a follow-up question."""
        turns: list[Turn] = []
        for exchange in self.exchanges[-_REMEMBERED:]:
            if exchange.answer is not None:
                turns.append(Turn("user", exchange.question))
                turns.append(Turn("assistant", exchange.answer.answer))
        return turns
