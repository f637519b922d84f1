"""The HTTP door: questions in, answer objects out, as JSON.

    POST /api/ask             {"question", "history"?, "filters"?}  -> the answer object
    GET  /api/articles        ?search&limit&offset
    GET  /api/articles/{id}
    GET  /healthz

Errors are `{"error": "one sentence"}` with status 4xx (what was asked) or 503 (what we lack).
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import FastAPI, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from rag import __version__
from rag.bot import Bot
from rag.errors import OrdagrantError
from rag.present import article_value, info_value
from rag.settings import Settings
from rag.types import Answer, Filters, Turn

# More turns than this add nothing that the rewriting of a follow-up could use.
MAX_TURNS = 50


class TurnIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    role: Literal["user", "assistant"]
    content: str = Field(max_length=20_000)


class FiltersIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    date_from: date | None = None
    date_to: date | None = None
    source: str | None = Field(default=None, max_length=500)
    language: str | None = Field(default=None, max_length=16)


class AskIn(BaseModel):
    model_config = ConfigDict(extra="forbid")
    question: str = Field(max_length=20_000)
    history: list[TurnIn] = Field(default_factory=list, max_length=MAX_TURNS)
    filters: FiltersIn = FiltersIn()


def build_api(bot: Bot) -> FastAPI:
    """The API over an open bot."""
    api = FastAPI(title="Ordagrant", version=__version__)

    @api.exception_handler(OrdagrantError)
    async def _ours(_request: Request, error: OrdagrantError) -> JSONResponse:
        return JSONResponse({"error": str(error)}, status_code=503)

    @api.exception_handler(RequestValidationError)
    async def _invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"][1:]) or "the body"
        return JSONResponse({"error": f"{where}: {first['msg']}."}, status_code=422)

    @api.get("/healthz")
    def _health() -> dict[str, Any]:
        articles, chunks = bot.store.count()
        return {"status": "ok", "articles": articles, "chunks": chunks, "llm": bot.llm_label}

    @api.post("/api/ask")
    async def _ask(body: AskIn) -> Answer:
        history = [Turn(t.role, t.content) for t in body.history]
        filters = Filters(**body.filters.model_dump())
        return await run_in_threadpool(bot.ask, body.question, history, filters)

    @api.get("/api/articles")
    def _articles(
        search: Annotated[str | None, Query(max_length=500)] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 50,
        offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
    ) -> dict[str, Any]:
        found, total = bot.store.articles(search=search, limit=limit, offset=offset)
        return {"articles": [info_value(a) for a in found], "total": total}

    @api.get("/api/articles/{article_id:path}", response_model=None)
    def _article(article_id: str) -> dict[str, Any] | JSONResponse:
        found = bot.store.article(article_id)
        if found is None:
            return JSONResponse({"error": f"There is no article {article_id!r}."}, status_code=404)
        return article_value(found)

    return api


def run_api(settings: Settings, host: str, port: int) -> None:
    """Serves until interrupted."""
    import uvicorn

    with Bot.open(settings) as bot:
        uvicorn.run(build_api(bot), host=host, port=port, log_level="warning")
