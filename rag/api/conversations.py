"""/api/conversations: what was asked and answered, kept for its owner alone.

The owner is the key, or a long random word that the client keeps and sends as
`X-Ordagrant-Owner`; with both, that owner among the key's. What is not the owner's is "not there".
"""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from pydantic import Field

from rag.api import sse
from rag.api.ask import STREAMED
from rag.api.door import Caller, Door
from rag.api.errors import ApiError
from rag.api.schemas import LONGEST_QUESTION, In, Question
from rag.errors import StoreError
from rag.store.conversations import StoredExchange
from rag.types import Answer, Turn

log = logging.getLogger(__name__)

_REMEMBERED = 25  # exchanges that a follow-up question is read after

Owner = Annotated[
    str | None,
    Header(
        alias="X-Ordagrant-Owner",
        description="a long random word of the client's own; not needed with a key",
        json_schema_extra={"minLength": 16, "maxLength": 200},
    ),
]


class Start(In):
    title: str = Field("", max_length=LONGEST_QUESTION, examples=["Rare earths"])


class Rename(In):
    title: str = Field(min_length=1, max_length=LONGEST_QUESTION, examples=["Rare earths"])


def router(door: Door) -> APIRouter:
    """The routes of conversations."""
    routes = APIRouter(prefix="/api/conversations", tags=["conversations"])
    conversations = door.bot.store.conversations
    may_ask = Depends(door.allow("ask"))

    def whose(request: Request, caller: Caller = may_ask, owner: Owner = None) -> str:
        return door.owner(request, caller)

    owned = Depends(whose)

    @routes.get("")
    def listed(
        owner: str = owned,
        search: Annotated[str, Query(max_length=500)] = "",
        limit: Annotated[int, Query(ge=1, le=1_000)] = 200,
    ) -> dict[str, Any]:
        """The owner's conversations, the one last written to first."""
        found = conversations.list(owner, search, limit)
        return {"conversations": [asdict(one) for one in found]}

    @routes.post("", status_code=201)
    def start(body: Start, owner: str = owned) -> dict[str, Any]:
        """Begin a conversation."""
        conversation = conversations.start(owner, body.title)
        return {"id": conversation, "title": conversations.title(owner, conversation)}

    @routes.get("/{conversation}")
    def read(conversation: str, owner: str = owned) -> dict[str, Any]:
        """A conversation with its exchanges."""
        exchanges = conversations.read(owner, conversation)
        if exchanges is None:
            raise _unknown()
        return {
            "id": conversation,
            "title": conversations.title(owner, conversation),
            "exchanges": [_value(exchange) for exchange in exchanges],
        }

    @routes.patch("/{conversation}")
    def rename(conversation: str, body: Rename, owner: str = owned) -> dict[str, Any]:
        """Give a conversation another title."""
        if not body.title.split():
            raise ApiError(422, "title: give at least one word.")
        if not conversations.rename(owner, conversation, body.title):
            raise _unknown()
        return {"id": conversation, "title": conversations.title(owner, conversation)}

    @routes.delete("/{conversation}")
    def delete(conversation: str, owner: str = owned) -> dict[str, Any]:
        """Take a conversation away; it can be restored for 30 days."""
        if not conversations.delete(owner, conversation):
            raise _unknown()
        return {"id": conversation, "deleted": True}

    @routes.post("/{conversation}/restore")
    def restore(conversation: str, owner: str = owned) -> dict[str, Any]:
        """Bring a deleted conversation back."""
        if not conversations.restore(owner, conversation):
            raise _unknown()
        return {"id": conversation, "deleted": False}

    @routes.post("/{conversation}/ask", response_model=Answer, responses=STREAMED)
    async def ask(
        conversation: str,
        body: Question,
        request: Request,
        caller: Caller = may_ask,
        owner: str = owned,
    ) -> Answer | Response:
        """Ask within a conversation, whose exchanges are the history; the answer is kept in it."""
        exchanges = await run_in_threadpool(conversations.read, owner, conversation)
        if exchanges is None:
            raise _unknown()
        place = len(exchanges)
        history = _history(exchanges)[-door.settings.max_history_turns :]
        asked = door.ask(request, caller, body.question, history, body.filters.value())

        async def keep(answer: Answer) -> None:
            standalone = answer.standalone_question
            exchange = StoredExchange(
                place=place,
                question=answer.question,
                standalone=standalone if standalone != answer.question else None,
                answer=answer,
                problem=None,
                stopped=False,
                filters=body.filters.value(),
            )
            try:
                await run_in_threadpool(conversations.write, owner, conversation, exchange)
            except StoreError as error:  # a full disk must not cost the answer itself
                log.warning("trace %s: the exchange was not kept: %s", answer.trace_id, error)

        if sse.wants_stream(request, body.stream):
            return sse.stream(asked, keep)
        answer = await asked.answer()
        await keep(answer)
        return answer

    return routes


def _history(exchanges: list[StoredExchange]) -> list[Turn]:
    turns: list[Turn] = []
    for exchange in exchanges[-_REMEMBERED:]:
        if exchange.answer is not None:
            turns.append(Turn("user", exchange.question))
            turns.append(Turn("assistant", exchange.answer.answer))
    return turns


def _value(exchange: StoredExchange) -> dict[str, Any]:
    answer = exchange.answer
    return {
        "place": exchange.place,
        "question": exchange.question,
        "standalone_question": exchange.standalone,
        "answer": answer.model_dump(mode="json") if answer else None,
        "problem": exchange.problem,
        "stopped": exchange.stopped,
    }


def _unknown() -> ApiError:
    return ApiError(404, "There is no such conversation.")
