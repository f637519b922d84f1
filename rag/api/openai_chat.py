"""GET /v1/models and POST /v1/chat/completions, as OpenAI has them.

    message.content       the answer, each statement a paragraph with its marks [n]
    message.annotations   a url_citation for each mark, its indexes those of the mark
    citations, search_results      as Perplexity has them; the addresses show the quotes in place
    ordagrant             the answer object of /api/ask: statements, quotes, conflicts, refusal

A stream brings each statement when it has passed verification, then its annotations; the last
chunk with a choice brings the fields of the last two lines. Chunks with an `event` are for Open
WebUI. A silence is filled with comment lines.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response

from rag.api import sse
from rag.api.asking import Beat
from rag.api.door import Caller, Door
from rag.api.openai_cite import (
    Link,
    Mark,
    Piece,
    citation,
    extras,
    source_event,
    usage,
    whole,
)
from rag.api.openai_input import MODEL, ChatIn, OpenAiRoute, conversation, unknown_model
from rag.api.openai_stream import SILENCE, Taken, Told, data, error_of, streamed
from rag.corpus.language import detect_question
from rag.types import Answer, Quote

_CREATED = 1_793_491_200  # 1 November 2026; clients sort by it, nothing else reads it
_STREAMED: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A `chat.completion`; or, if asked for, a stream of its chunks.",
        "content": {"application/json": {}, sse.MEDIA_TYPE: {}},
    }
}


def router(door: Door) -> APIRouter:
    """The routes of models and of chat completions."""
    routes = APIRouter(tags=["openai"], route_class=OpenAiRoute)
    may_ask = Depends(door.allow("ask"))

    @routes.get("/v1/models", dependencies=[may_ask])
    def models() -> dict[str, Any]:
        """The one model: this bot."""
        return {"object": "list", "data": [_model()]}

    @routes.get("/v1/models/{name}", dependencies=[may_ask])
    def model(name: str) -> dict[str, Any]:
        """The model, if that is its name."""
        if name != MODEL:
            raise unknown_model(name)
        return _model()

    @routes.post("/v1/chat/completions", responses=_STREAMED, response_class=JSONResponse)
    async def complete(body: ChatIn, request: Request, caller: Caller = may_ask) -> Response:
        """Answer the last message of the user, in OpenAI's shape."""
        body.check()
        said = conversation(body.messages, door.settings, "messages")
        filters = body.filters.value() if body.filters else None
        taken = Taken.of(door, request, caller, said, filters)
        if not body.stream:
            return JSONResponse(_completion(await taken.asked.answer(), taken))
        writer = _Writer(taken, _head(), body.usage_wanted)
        return streamed(writer.written(await taken.pieces()))

    return routes


def _model() -> dict[str, Any]:
    return {"id": MODEL, "object": "model", "created": _CREATED, "owned_by": "ordagrant"}


def _head() -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "created": int(time.time()),
        "model": MODEL,
        "system_fingerprint": None,
    }


def _completion(answer: Answer, taken: Taken) -> dict[str, Any]:
    """The whole reply."""
    told = whole(answer)
    message = {
        "role": "assistant",
        "content": told.text,
        # OpenAI's is for what a model will not say; what the articles don't say is `content`.
        "refusal": None,
        "annotations": _annotations(told.marks, told.quotes, taken.link),
    }
    return {
        **_head(),
        "object": "chat.completion",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}],
        "usage": _usage(answer, taken),
        **extras(answer, taken.link),
    }


def _annotations(
    marks: tuple[Mark, ...], quotes: tuple[Quote, ...], link: Link
) -> list[dict[str, Any]]:
    by_number = {quote.n: quote for quote in quotes}
    return [
        {"type": "url_citation", "url_citation": citation(by_number[mark.n], mark, link)}
        for mark in marks
    ]


def _usage(answer: Answer, taken: Taken) -> dict[str, Any]:
    asked, told, estimated = usage(answer, taken.said.characters)
    return {
        "prompt_tokens": asked,
        "completion_tokens": told,
        "total_tokens": asked + told,
        "estimated": estimated,
    }


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes the chunks of one stream."""

    taken: Taken
    head: dict[str, Any]
    usage_wanted: bool

    async def written(self, pieces: AsyncGenerator[Told, None]) -> AsyncIterator[str]:
        """The lines of the stream; what goes wrong on the way is its last event."""
        language = detect_question(self.taken.said.question)
        known: tuple[Quote, ...] = ()
        try:
            yield self._chunk({"role": "assistant", "content": ""})
            async with aclosing(pieces):
                async for told in pieces:
                    if isinstance(told, Beat):
                        yield SILENCE
                    elif isinstance(told, Piece):
                        known += told.quotes
                        for chunk in self._piece(told, known, language):
                            yield chunk
                    else:
                        for chunk in self._end(told):
                            yield chunk
        except Exception as error:
            yield data(error_of(error))

    def _piece(self, piece: Piece, known: tuple[Quote, ...], language: str) -> list[str]:
        """Open WebUI's sources first, so that they have the numbers of their marks."""
        link = self.taken.link
        chunks = [
            self._chunk({}, event=source_event(quote, link, language)) for quote in piece.quotes
        ]
        if piece.text:
            chunks.append(self._chunk({"content": piece.text}))
        if piece.marks:
            chunks.append(self._chunk({"annotations": _annotations(piece.marks, known, link)}))
        return chunks

    def _end(self, answer: Answer) -> list[str]:
        chunks = [self._chunk({}, "stop", **extras(answer, self.taken.link))]
        if self.usage_wanted:
            last = {**self._common(), "choices": [], "usage": _usage(answer, self.taken)}
            chunks.append(data(last))
        return [*chunks, "data: [DONE]\n\n"]

    def _chunk(self, delta: dict[str, Any], finish: str | None = None, **more: Any) -> str:
        # Every chunk has its choice, those of Open WebUI's events too: clients read it unasked.
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        unknown = {"usage": None} if self.usage_wanted else {}
        return data({**self._common(), "choices": [choice], **unknown, **more})

    def _common(self) -> dict[str, Any]:
        return {**self.head, "object": "chat.completion.chunk"}
