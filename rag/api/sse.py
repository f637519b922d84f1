"""An answer as server-sent events.

    evidence   {"standalone_question", "enough", "evidence": [{"n", "text", …its address}]}
    waiting    {"ahead"}               questions before this one at an LLM that takes one at a time
    statement  {"text", "evidence": [n, …]}                    as soon as it passed verification
    answer     the answer object, last
    error      {"error"}, last, in the place of an answer

The numbers of evidence are not those of the answer's quotes, which run in order of first use.
A comment line goes out in each silence, so that no proxy takes the connection for dead.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any

from fastapi import Request
from fastapi.responses import StreamingResponse

from rag.api.asking import Asking, Beat
from rag.api.errors import as_api_error
from rag.types import (
    Answer,
    Event,
    Evidence,
    EvidenceFound,
    Finished,
    StatementAccepted,
    Waiting,
)

MEDIA_TYPE = "text/event-stream"
Then = Callable[[Answer], Awaitable[None]]
_HEARTBEAT = ": still at it\n\n"


def wants_stream(request: Request, said: bool) -> bool:
    """Whether the caller asked for events, in the body or by `Accept`."""
    return said or MEDIA_TYPE in request.headers.get("accept", "")


def stream(asked: Asking, then: Then | None = None) -> StreamingResponse:
    """The events of a question that was taken; `then` hears the answer before it is sent."""
    return StreamingResponse(
        _written(asked, then),
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def event(name: str, value: object) -> str:
    """One event; its JSON is ASCII, so no character of it can end a line."""
    return f"event: {name}\ndata: {json.dumps(value)}\n\n"


async def _written(asked: Asking, then: Then | None) -> AsyncIterator[str]:
    try:
        async with aclosing(asked.events()) as events:
            async for told in events:
                if then is not None and isinstance(told, Finished):
                    await then(told.answer)
                yield _HEARTBEAT if isinstance(told, Beat) else event(*_told(told))
    except Exception as error:
        yield event("error", {"error": str(as_api_error(error))})


def _told(told: Event | Waiting) -> tuple[str, object]:
    match told:
        case EvidenceFound():
            found = told.evidence
            return "evidence", {
                "standalone_question": told.standalone_question,
                "enough": found.enough,
                "evidence": [_evidence(item) for item in found.items],
            }
        case StatementAccepted():
            return "statement", {"text": told.text, "evidence": [e.n for e in told.evidence]}
        case Waiting():
            return "waiting", {"ahead": told.ahead}
        case Finished():
            return "answer", told.answer.model_dump(mode="json")


def _evidence(item: Evidence) -> dict[str, Any]:
    info, sentence = item.article, item.sentence
    return {
        "n": item.n,
        "text": sentence.text,
        "article_id": info.id,
        "start": sentence.start,
        "end": sentence.end,
        "source": info.source,
        "outlet": info.outlet,
        "title": info.title,
        "published": info.published.on.isoformat() if info.published.on else None,
        "published_is": info.published.how,
        "language": info.language,
        "article_sha256": info.sha256,
    }
