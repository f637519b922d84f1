"""POST /v1/responses, as OpenAI has it: the answer as one message of one text.

The text's annotations are `url_citation`s of its marks; `citations`, `search_results` and
`ordagrant` stand beside OpenAI's fields, as in chat completions. A stream brings, each with its
`sequence_number`:

    response.created, response.in_progress
    response.output_item.added, response.content_part.added
    response.output_text.delta, response.output_text.annotation.added   for each statement
    response.output_text.done, response.content_part.done, response.output_item.done
    response.completed                                  or response.failed, whenever it happens

Responses are not kept: a conversation goes on by sending its turns.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from rag.api import sse
from rag.api.asking import Beat
from rag.api.door import Caller, Door
from rag.api.openai_cite import Link, Mark, Piece, citation, extras, usage, whole
from rag.api.openai_input import MODEL, OpenAiRoute, ResponsesIn, conversation
from rag.api.openai_stream import SILENCE, Taken, Told, error_of, streamed
from rag.types import Answer, Quote

_STREAMED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A `response`; or, if asked for, a stream of its events.",
        "content": {"application/json": {}, sse.MEDIA_TYPE: {}},
    }
}


def router(door: Door) -> APIRouter:
    """The route of responses."""
    routes = APIRouter(tags=["openai"], route_class=OpenAiRoute)
    may_ask = Depends(door.allow("ask"))

    @routes.post("/v1/responses", responses=_STREAMED, response_class=JSONResponse)
    async def respond(body: ResponsesIn, request: Request, caller: Caller = may_ask) -> Response:
        """Answer the last input of the user, in OpenAI's shape."""
        body.check()
        said = conversation(body.messages(), door.settings, "input", body.instructions)
        filters = body.filters.value() if body.filters else None
        taken = Taken.of(door, request, caller, said, filters)
        reply = _Reply(body, taken)
        if not body.stream:
            return JSONResponse(reply.completed(await taken.asked.answer()))
        return streamed(_Writer(reply).written(await taken.pieces()))

    return routes


class _Reply:
    """The response object of one request, in the states that it goes through."""

    def __init__(self, body: ResponsesIn, taken: Taken) -> None:
        self.taken = taken
        self.item_id = f"msg_{uuid.uuid4().hex}"
        self._begun = {
            "id": f"resp_{uuid.uuid4().hex}",
            "object": "response",
            "created_at": int(time.time()),
            "model": MODEL,
            "error": None,
            "incomplete_details": None,
            "instructions": body.instructions,
            "metadata": body.metadata or {},
            "max_output_tokens": None,
            "parallel_tool_calls": False,
            "previous_response_id": None,
            "reasoning": {"effort": None, "summary": None},
            "store": False,
            "temperature": None,
            "text": {"format": {"type": "text"}},
            "tool_choice": "none",
            "tools": [],
            "top_p": None,
            "truncation": "auto",
            "usage": None,
            "user": None,
        }

    def in_progress(self) -> dict[str, Any]:
        return {**self._begun, "status": "in_progress", "output": []}

    def completed(self, answer: Answer) -> dict[str, Any]:
        message = whole(answer)
        noted = noted_marks(message.marks, message.quotes, self.taken.link)
        asked, told, estimated = usage(answer, self.taken.said.characters)
        return {
            **self._begun,
            "status": "completed",
            "completed_at": int(time.time()),
            "output": [self.item("completed", [part(message.text, noted)])],
            "usage": {
                "input_tokens": asked,
                "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
                "output_tokens": told,
                "output_tokens_details": {"reasoning_tokens": 0},
                "total_tokens": asked + told,
                "estimated": estimated,
            },
            **extras(answer, self.taken.link),
        }

    def failed(self, error: Exception) -> dict[str, Any]:
        told = error_of(error)["error"]
        known = told["code"] == "rate_limit_exceeded"
        code = told["code"] if known else "server_error"  # the two of OpenAI's that can be meant
        failure = {"code": code, "message": told["message"]}
        return {**self._begun, "status": "failed", "output": [], "error": failure}

    def item(self, status: str, content: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": self.item_id,
            "type": "message",
            "role": "assistant",
            "status": status,
            "content": content,
        }


def part(text: str, noted: list[dict[str, Any]]) -> dict[str, Any]:
    """The one content part of the message."""
    return {"type": "output_text", "text": text, "annotations": noted, "logprobs": []}


def noted_marks(
    marks: tuple[Mark, ...], quotes: tuple[Quote, ...], link: Link
) -> list[dict[str, Any]]:
    by_number = {quote.n: quote for quote in quotes}
    return [{"type": "url_citation", **citation(by_number[mark.n], mark, link)} for mark in marks]


class _Writer:
    """Writes the events of one stream."""

    def __init__(self, reply: _Reply) -> None:
        self._reply = reply
        self._sent = 0
        self._noted: list[dict[str, Any]] = []
        self._quotes: tuple[Quote, ...] = ()

    async def written(self, pieces: AsyncGenerator[Told, None]) -> AsyncIterator[str]:
        """The lines of the stream; what goes wrong on the way is its last event."""
        try:
            for line in self._begin():
                yield line
            async with aclosing(pieces):
                async for told in pieces:
                    if isinstance(told, Beat):
                        yield SILENCE
                        continue
                    lines = self._piece(told) if isinstance(told, Piece) else self._end(told)
                    for line in lines:
                        yield line
        except Exception as error:
            yield self._event("response.failed", response=self._reply.failed(error))

    def _begin(self) -> Iterator[str]:
        response = self._reply.in_progress()
        yield self._event("response.created", response=response)
        yield self._event("response.in_progress", response=response)
        item = self._reply.item("in_progress", [])
        yield self._event("response.output_item.added", output_index=0, item=item)
        yield self._in_part("response.content_part.added", part=part("", []))

    def _piece(self, piece: Piece) -> Iterator[str]:
        self._quotes += piece.quotes
        if piece.text:
            yield self._in_part("response.output_text.delta", delta=piece.text, logprobs=[])
        for note in noted_marks(piece.marks, self._quotes, self._reply.taken.link):
            yield self._in_part(
                "response.output_text.annotation.added",
                annotation_index=len(self._noted),
                annotation=note,
            )
            self._noted.append(note)

    def _end(self, answer: Answer) -> Iterator[str]:
        message = part(whole(answer).text, self._noted)
        yield self._in_part("response.output_text.done", text=message["text"], logprobs=[])
        yield self._in_part("response.content_part.done", part=message)
        item = self._reply.item("completed", [message])
        yield self._event("response.output_item.done", output_index=0, item=item)
        yield self._event("response.completed", response=self._reply.completed(answer))

    def _in_part(self, kind: str, **values: Any) -> str:
        where = {"item_id": self._reply.item_id, "output_index": 0, "content_index": 0}
        return self._event(kind, **where, **values)

    def _event(self, kind: str, **values: Any) -> str:
        number, self._sent = self._sent, self._sent + 1
        return sse.event(kind, {"type": kind, "sequence_number": number, **values})
