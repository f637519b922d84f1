"""Feedback: what visitors think of answers, of their statements and of their quotes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from pydantic import ValidationError
from sqlalchemy import Row, delete, insert, select

from rag.store.database import Database
from rag.store.keeping import now, one_line, owner_key, storable
from rag.store.schema import answers, feedback
from rag.types import Answer

Target = Literal["answer", "statement", "quote"]
Thumb = Literal["up", "down"]

MOST_REASON = 1_000  # characters
_MOST_VARIABLES = 500


@dataclass(frozen=True, slots=True)
class Feedback:
    """A thumb for one thing in one answer.

    `index` is 0 for the answer itself, a statement's place from 0, a quote's number from 1.
    """

    trace_id: str
    target: Target
    index: int
    verdict: Thumb
    reason: str
    given: str  # ISO 8601, UTC


@dataclass(frozen=True, slots=True)
class Judged:
    """A thumb with what it was given for; `question` and `answer` are None where not kept."""

    feedback: Feedback
    question: str | None
    answer: Answer | None


class FeedbackLog:
    """The feedback of all visitors. Safe between threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def give(
        self,
        owner: str,
        trace_id: str,
        target: Target,
        index: int,
        verdict: Thumb | None,
        reason: str = "",
    ) -> None:
        """Keep a visitor's verdict in the place of an earlier one; None takes it back.

        Of the reason the first `MOST_REASON` characters are kept. Raises `ValueError` for a
        target, index or verdict that there is not.
        """
        if target not in get_args(Target) or not 0 <= index < 1 << 31:
            raise ValueError(f"there is no feedback on the {target} {index}")
        if verdict is not None and verdict not in get_args(Thumb):
            raise ValueError(f"a verdict is up, down or None, got {verdict!r}")
        own = {
            "owner": owner_key(owner),
            "trace_id": storable(trace_id),
            "target": target,
            "place": index,
        }
        with self._database.write() as connection:
            connection.execute(
                delete(feedback).where(*(feedback.c[name] == value for name, value in own.items()))
            )
            if verdict is not None:
                said = {"verdict": verdict, "reason": one_line(reason, MOST_REASON)}
                connection.execute(insert(feedback).values(**own, **said, given=now()))

    def of(self, owner: str, trace_ids: Sequence[str]) -> list[Feedback]:
        """What a visitor gave on these answers, in no order that means something."""
        found: list[Feedback] = []
        ids = [storable(trace_id) for trace_id in trace_ids]
        with self._database.read() as connection:
            for start in range(0, len(ids), _MOST_VARIABLES):
                rows = connection.execute(
                    select(feedback).where(
                        feedback.c.owner == owner_key(owner),
                        feedback.c.trace_id.in_(ids[start : start + _MOST_VARIABLES]),
                    )
                )
                found += [_to_feedback(row) for row in rows]
        return found

    def all(self) -> list[Judged]:
        """All feedback of all visitors, the earliest first, with question and answer."""
        joined = (
            select(feedback, answers.c.question, answers.c.body)
            .join(answers, answers.c.trace_id == feedback.c.trace_id, isouter=True)
            .order_by(feedback.c.given, feedback.c.trace_id, feedback.c.target, feedback.c.place)
        )
        with self._database.read() as connection:
            rows = connection.execute(joined).all()
        return [Judged(_to_feedback(row), row.question, _to_answer(row.body)) for row in rows]


def _to_feedback(row: Row[Any]) -> Feedback:
    return Feedback(
        trace_id=row.trace_id,
        target=cast(Target, row.target),
        index=row.place,
        verdict=cast(Thumb, row.verdict),
        reason=row.reason,
        given=row.given,
    )


def _to_answer(body: str | None) -> Answer | None:
    """The answer as kept; None where it is not, or was by a version that said more."""
    if body is None:
        return None
    try:
        return Answer.model_validate_json(body)
    except ValidationError:
        return None
