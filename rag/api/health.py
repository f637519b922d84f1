"""/healthz: is the process alive; /readyz: can it answer."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from rag.api.door import Door


def router(door: Door) -> APIRouter:
    """The routes that a supervisor asks; they need no key."""
    routes = APIRouter(tags=["health"])

    @routes.get("/healthz")
    def health() -> dict[str, Any]:
        articles, chunks = door.bot.store.count()
        return {
            "status": "ok",
            "articles": articles,
            "chunks": chunks,
            "llm": door.bot.llm_label,
        }

    return routes
