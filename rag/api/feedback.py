"""/api/feedback: a thumb for an answer, for one of its statements or one of its quotes."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import ConfigDict, Field, JsonValue

from rag.api.conversations import Owner
from rag.api.door import Caller, Door
from rag.api.errors import ApiError
from rag.api.schemas import In
from rag.store.feedback import MOST_REASON, Target, Thumb
from rag.types import Answer

_EXAMPLE: dict[str, JsonValue] = {
    "trace_id": "0f8e6a1c2b3d4e5f8091a2b3c4d5e6f7",
    "target": "quote",
    "index": 1,
    "verdict": "down",
    "reason": "It is about another year.",
}


class FeedbackIn(In):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_EXAMPLE]})
    trace_id: str = Field(max_length=64)
    target: Target = "answer"
    index: int = Field(
        0, ge=0, le=10_000, description="0 for an answer, a statement's place from 0, a quote's n"
    )
    verdict: Thumb | None = Field(description="null takes an earlier verdict back")
    reason: str = Field("", max_length=MOST_REASON)


def router(door: Door) -> APIRouter:
    """The routes of feedback."""
    routes = APIRouter(prefix="/api/feedback", tags=["feedback"])
    store = door.bot.store
    may_ask = Depends(door.allow("ask"))

    def whose(request: Request, caller: Caller = may_ask, owner: Owner = None) -> str:
        return door.owner(request, caller)

    owned = Depends(whose)

    @routes.post("")
    def give(body: FeedbackIn, owner: str = owned) -> dict[str, Any]:
        """Say what is good or wrong; a later verdict on the same thing replaces it."""
        answer = store.answer(body.trace_id)
        if answer is None:
            raise ApiError(404, "There is no answer under this trace id.")
        if not _there(answer, body.target, body.index):
            raise ApiError(422, f"index: this answer has no {body.target} {body.index}.")
        store.feedback.give(
            owner, body.trace_id, body.target, body.index, body.verdict, body.reason
        )
        return {"trace_id": body.trace_id, "verdict": body.verdict}

    @routes.get("")
    def given(
        trace_id: Annotated[list[str], Query(max_length=100, description="of the answers")],
        owner: str = owned,
    ) -> dict[str, Any]:
        """What the owner gave on these answers."""
        return {"feedback": [asdict(one) for one in store.feedback.of(owner, trace_id)]}

    return routes


def _there(answer: Answer, target: Target, index: int) -> bool:
    if target == "answer":
        return index == 0
    if target == "statement":
        return index < len(answer.statements)
    return any(quote.n == index for quote in answer.quotes)
