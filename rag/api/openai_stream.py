"""A question in hand, as the pieces of text that OpenAI's clients get while it is answered."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from fastapi import Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from rag import links
from rag.api import sse
from rag.api.asking import Asking, Beat
from rag.api.door import Caller, Door
from rag.api.errors import ApiError, as_api_error, error_value
from rag.api.openai_cite import Link, Piece, Teller
from rag.api.openai_input import Conversation
from rag.errors import StoreError
from rag.types import Answer, Filters, Finished, StatementAccepted

if TYPE_CHECKING:
    from rag.store.store import Store

SILENCE = ": still at it\n\n"

# The finished answer comes last.
Told = Piece | Beat | Answer


@dataclass(frozen=True, slots=True)
class Taken:
    """A question that was taken, and how its answer links to its quotes."""

    asked: Asking
    said: Conversation
    link: Link
    store: Store

    @classmethod
    def of(
        cls,
        door: Door,
        request: Request,
        caller: Caller,
        said: Conversation,
        filters: Filters | None,
    ) -> Taken:
        """Puts the question to the bot; raises as `door.ask` does."""
        asked = door.ask(request, caller, said.question, said.history, filters)
        base = door.base(request)
        return cls(asked, said, lambda quote: links.article_link(base, quote), door.bot.store)

    async def pieces(self) -> AsyncGenerator[Told, None]:
        """The pieces as they come, from when the bot has begun: it is waited for that, so that
        what fails at once still has its own status. Raises `ApiError`."""
        told = self._told()
        try:
            first = await anext(told)
        except StopAsyncIteration:
            raise ApiError(499, "The client hung up before the answer was there.") from None
        return _from(first, told)

    async def _told(self) -> AsyncGenerator[Told, None]:
        teller = Teller(cache(self._article_text))
        async with aclosing(self.asked.events()) as events:
            async for event in events:
                if isinstance(event, StatementAccepted):
                    yield await run_in_threadpool(teller.statement, event)
                elif isinstance(event, Finished):
                    yield teller.rest(event.answer)
                    yield event.answer
                else:
                    yield Beat()

    def _article_text(self, article_id: str) -> str:
        article = self.store.article(article_id)
        if article is None:
            raise StoreError(f"The article {article_id} was removed while being quoted: ask again.")
        return article.text


async def _from(first: Told, told: AsyncGenerator[Told, None]) -> AsyncGenerator[Told, None]:
    async with aclosing(told):
        yield first
        async for one in told:
            yield one


def data(value: dict[str, Any]) -> str:
    """One event without a name; its JSON is ASCII, so no character of it can end a line."""
    return f"data: {json.dumps(value)}\n\n"


def error_of(failed: Exception) -> dict[str, Any]:
    """OpenAI's `{"error": …}` for what went wrong after the reply had begun."""
    error = as_api_error(failed)
    return error_value("/v1/", error.status, str(error))


def streamed(written: AsyncIterator[str]) -> StreamingResponse:
    return StreamingResponse(
        written,
        media_type=sse.MEDIA_TYPE,
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )
