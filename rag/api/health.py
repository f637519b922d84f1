"""/healthz: the process is alive; /readyz: it can answer. Neither needs a key."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from rag.api.door import Door
from rag.errors import OrdagrantError


def router(door: Door) -> APIRouter:
    """The routes that a supervisor asks; they tell nothing of the articles but their number."""
    routes = APIRouter(tags=["health"])

    @routes.get("/healthz")
    def alive() -> dict[str, str]:
        """Answers as long as the process lives."""
        return {"status": "ok"}

    @routes.get("/readyz", responses={503: {"description": "Not yet, or not any more."}})
    def ready() -> JSONResponse:
        """Whether the models are loaded and the store can be read."""
        problem = door.readiness.problem()
        value: dict[str, Any] = {"status": "ok", "llm": door.bot.llm_label}
        try:
            value["articles"], value["chunks"] = door.bot.store.count()
        except OrdagrantError as error:
            problem = problem or str(error)
        if problem is not None:
            headers = {"Retry-After": "5"}
            return JSONResponse({"error": problem}, status_code=503, headers=headers)
        return JSONResponse(value)

    return routes
