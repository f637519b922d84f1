"""POST /api/ask: a question in, the answer object out, at once or as it comes; and old answers."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from rag.api import sse
from rag.api.door import Caller, Door
from rag.api.errors import ApiError
from rag.api.schemas import AskIn
from rag.types import Answer

# As OpenAPI has it: the same address answers in either way.
STREAMED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The answer object; or, if asked for, events: evidence, statement, answer.",
        "content": {sse.MEDIA_TYPE: {}},
    }
}


def router(door: Door) -> APIRouter:
    """The routes of questions."""
    routes = APIRouter(tags=["ask"])
    may_ask = Depends(door.allow("ask"))

    @routes.post("/api/ask", response_model=Answer, responses=STREAMED)
    async def ask(body: AskIn, request: Request, caller: Caller = may_ask) -> Answer | Response:
        """Ask a question. A refusal is an answer too: its `status` is `refused`."""
        asked = door.ask(request, caller, body.question, body.turns(), body.filters.value())
        if sse.wants_stream(request, body.stream):
            return sse.stream(asked)
        return await asked.answer()

    @routes.get("/api/answers/{trace_id}", dependencies=[Depends(door.allow("manage"))])
    def answer(trace_id: str) -> Answer:
        """An answer as it was given, by the trace id of its audit line."""
        found = door.bot.store.answer(trace_id)
        if found is None:
            raise ApiError(404, "There is no answer under this trace id.")
        return found

    return routes
