"""The HTTP door: all routers over one bot, one FastAPI application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from rag import __version__
from rag.api import (
    articles,
    ask,
    conversations,
    errors,
    feedback,
    health,
    metrics,
    openai_chat,
    openai_responses,
    page,
    widget,
)
from rag.api.access import Guard, Heads, SecurityHeaders
from rag.api.counts import Counting
from rag.api.door import Door
from rag.api.limits import BodyLimit
from rag.settings import Settings

_ABOUT = (
    "Questions about a body of news articles; every sentence of an answer stands on verbatim "
    'quotes at their addresses. Errors are one sentence: `{"error": "…"}`.'
)


def build_api(door: Door) -> FastAPI:
    """The API behind `door`."""

    @asynccontextmanager
    async def life(_api: FastAPI) -> AsyncIterator[None]:
        yield
        door.desk.close()

    # The pages of Swagger and ReDoc fetch their scripts from another host: there are none.
    api = FastAPI(
        title="Ordagrant",
        description=_ABOUT,
        version=__version__,
        docs_url=None,
        redoc_url=None,
        lifespan=life,
    )
    errors.install(api)
    for module in (ask, articles, conversations, feedback, page, widget, health, metrics):
        api.include_router(module.router(door), responses=errors.described(errors.ErrorOut))
    for module in (openai_chat, openai_responses):
        api.include_router(module.router(door), responses=errors.described(errors.OpenAiErrorOut))
    _protect(api, door)
    return api


def _protect(api: FastAPI, door: Door) -> None:
    """Around the routes, the last added outermost."""
    settings = door.settings
    api.add_middleware(errors.CatchAll)
    api.add_middleware(BodyLimit, most=_most(settings))
    if settings.api_origins:
        api.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.api_origins),
            allow_methods=["GET", "POST", "PATCH", "DELETE"],
            allow_headers=["Authorization", "Content-Type", "X-API-Key", "X-Ordagrant-Owner"],
            expose_headers=["Retry-After"],
            max_age=600,
        )
    api.add_middleware(Guard, hosts=door.hosts, origins=settings.api_origins)
    if door.metrics is not None:
        api.add_middleware(Counting, metrics=door.metrics)
    https = (door.base_url or "").startswith("https:")
    api.add_middleware(SecurityHeaders, https=https, origins=settings.api_origins)
    api.add_middleware(Heads)
    if settings.api_proxies:
        api.add_middleware(ProxyHeadersMiddleware, trusted_hosts=list(settings.api_proxies))


def _most(settings: Settings) -> Callable[[str], int]:
    """The largest body in bytes by path: files may be large where files are taken."""
    text, files = 1_000 * settings.api_body_kb, 4_000_000 * settings.max_file_mb

    def most(path: str) -> int:
        return files if path.startswith(("/api/articles", "/chat")) else text

    return most
