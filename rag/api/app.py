"""The HTTP door: all routers over one bot, one FastAPI application."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from fastapi import FastAPI

from rag import __version__
from rag.api import articles, ask, errors, health
from rag.api.door import Door
from rag.bot import Bot
from rag.settings import Settings

_ROUTERS = ("openai_chat", "openai_responses", "page", "widget")


def build_api(bot: Bot, *, door: Door | None = None) -> FastAPI:
    """The API over an open bot."""
    door = door or Door(bot, bot.settings)
    api = FastAPI(title="Ordagrant", version=__version__)
    errors.install(api)
    for module in (ask, articles, health):
        api.include_router(module.router(door))
    for name in _ROUTERS:
        if find_spec(f"rag.api.{name}") is not None:
            api.include_router(import_module(f"rag.api.{name}").router(door))
    return api


def run_api(settings: Settings, host: str, port: int) -> None:
    """Serves until interrupted."""
    import uvicorn

    with Bot.open(settings) as bot:
        uvicorn.run(build_api(bot), host=host, port=port, log_level="warning")
