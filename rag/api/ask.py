"""POST /api/ask: a question in, the answer object out."""

from __future__ import annotations

from datetime import date
from typing import Literal

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from rag.api.door import Caller, Door
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


def router(door: Door) -> APIRouter:
    """The routes of questions."""
    routes = APIRouter(tags=["ask"])
    may_ask = Depends(door.allow("ask"))

    @routes.post("/api/ask")
    async def ask(body: AskIn, request: Request, caller: Caller = may_ask) -> Answer:
        history = [Turn(t.role, t.content) for t in body.history]
        filters = Filters(**body.filters.model_dump())
        return await door.ask(request, caller, body.question, history, filters).answer()

    return routes
