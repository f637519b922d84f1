"""`ordagrant serve`: the API, the chat beside it and the MCP server, over one bot in one process.

/api/…  /v1/…  /healthz  /readyz  /metrics  /openapi.json
/chat/  the Gradio chat; where keys are needed, behind a login with one: /chat/login
/mcp    the MCP server, if its extra is installed
"""

from __future__ import annotations

import logging
import socket
import sys
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.responses import RedirectResponse
from starlette.routing import Route

from rag import tracing
from rag.api.app import build_api
from rag.api.door import AddArticles, Added, Door
from rag.api.errors import ApiError
from rag.api.gate import Gate, Slash, caller_name
from rag.api.mounted import Mounted, Posts
from rag.cli_io import complain, progress_on_stderr
from rag.errors import MissingExtra, OrdagrantError, SettingsError, StoreError
from rag.logs import set_up_logs

if TYPE_CHECKING:
    from rag.bot import Bot
    from rag.settings import Settings
    from rag.ui.login import Login

log = logging.getLogger(__name__)

CHAT, MCP = "/chat", "/mcp"
_GRACE = 5  # seconds that answers in hand have when the server is stopped
_IDLE = 15  # seconds that a connection without a request stays open


def serve(settings: Settings, host: str, port: int, *, chat: bool = True) -> None:
    """Serves until interrupted; port 0 takes a free one.

    Raises `SettingsError` where nothing can listen at that address.
    """
    import uvicorn

    from rag.bot import Bot
    from rag.http_server import HttpServer

    set_up_logs(settings)
    if settings.traces:
        tracing.set_up()
    with _listening(host, port) as listening:
        with progress_on_stderr() as progress:
            bot = Bot.open(settings, progress)
        with bot:
            door = Door.of(bot, host, adding(bot))
            api = build_app(door, host, chat=chat)
            _say(door, host, listening.getsockname()[1], chat)
            threading.Thread(target=_warm, args=(door,), name="ordagrant-warm", daemon=True).start()
            config = uvicorn.Config(
                api,
                log_config=None,
                log_level="warning",
                access_log=False,
                proxy_headers=False,  # only those that the settings trust are: see build_api
                server_header=False,
                timeout_keep_alive=_IDLE,
                timeout_graceful_shutdown=_GRACE,
            )
            HttpServer(config, _IDLE).run(sockets=[listening])


def build_app(door: Door, host: str, *, chat: bool = True) -> FastAPI:
    """The API behind `door`, with the MCP server and the chat mounted beside it."""
    api = build_api(door)
    _mount_mcp(api, door)
    if chat:
        from rag.ui.mounting import WRONG, mount_chat

        @api.get("/", include_in_schema=False)
        def home() -> RedirectResponse:
            return RedirectResponse(f"{CHAT}/")

        # Where others can come, visitors may change nothing unless the settings say so.
        reached_at = "" if door.keys_needed else host
        mount_chat(
            api,
            door.bot,
            CHAT,
            reached_at,
            login=_login(door),
            heard=door.heard,
            around=partial(Mounted, wrong=WRONG, debug=door.settings.debug),
        )
    return api


def adding(bot: Bot) -> AddArticles:
    """How uploads become articles: as in the chat's page of articles."""
    from rag.ui.library import Added as Told
    from rag.ui.library import Library, ingest_with
    from rag.ui.uploads import Upload

    # Whether a caller may is a matter of its key.
    library = Library(
        bot.store,
        ingest_with(bot),
        folder=bot.settings.data / "uploads",
        editable=True,
        most_mb=bot.settings.max_file_mb,
    )

    def add(files: Sequence[tuple[str, Path]], /) -> Added:
        uploads = [Upload(name, path, size=path.stat().st_size) for name, path in files]
        told = Told()
        for step in library.add(uploads):
            if isinstance(step, Told):
                told = step
        if told.problem is not None:
            raise StoreError(told.problem)
        failed = tuple(failure.error for failure in told.failed)
        return Added(told.added, told.changed, told.unchanged, failed)

    return add


def _login(door: Door) -> Login | None:
    """The login of the chat, where a key is needed."""
    from rag.ui.login import Login

    if not door.keys_needed or door.keys is None:
        return None

    def wait(address: str) -> int:
        try:
            door.rates.take_address(address)
        except ApiError as error:
            return int((error.headers or {})["Retry-After"])
        return 0

    return Login(door.keys, wait, https=(door.base_url or "").startswith("https:"))


def _mount_mcp(api: FastAPI, door: Door) -> None:
    """The MCP server under /mcp; without its extra there is none."""
    try:
        from rag.mcp_server import http_app
    except MissingExtra:
        return
    # Questions are in one line with those of the API, so that both together keep its bounds.
    mcp = http_app(door.bot, lambda answer: door.heard(caller_name.get(), answer), door.desk)
    inner = api.router.lifespan_context

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[Any]:
        async with inner(app) as state, mcp.router.lifespan_context(mcp):
            yield state

    api.router.lifespan_context = life
    gate = Gate(Posts(Mounted(mcp, debug=door.settings.debug)), door, "ask")
    api.router.routes.append(Route(MCP, Slash(gate, MCP), include_in_schema=False))
    api.mount(MCP, gate)


def _listening(host: str, port: int) -> socket.socket:
    """A socket that listens; taken before the models load, which takes long."""
    name = host.strip("[]")
    try:
        family = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((name, port), family=family, backlog=2048)
    except OSError as error:
        raise SettingsError(
            f"The API cannot listen on {host}:{port} ({error.strerror}): choose another --port or "
            "--host, or end what listens there."
        ) from error


def _say(door: Door, host: str, port: int, chat: bool) -> None:
    name = f"[{host.strip('[]')}]" if ":" in host else host
    where = f"http://{name}:{port}"
    beside = f", the chat at {where}{CHAT}/" if chat else ""
    print(f"Ordagrant's API is at {where}/api{beside} (Ctrl+C ends it)", file=sys.stderr)
    known = door.keys.list() if door.keys_needed and door.keys is not None else None
    if known is not None and all(key.revoked is not None for key in known):
        complain("a key is needed here and there is none: `ordagrant keys create NAME`.")


def _warm(door: Door) -> None:
    """Loads what loads late before it is needed, and says when the bot is ready."""
    door.readiness.say("The models are being loaded: try again in a few seconds.")
    try:
        door.bot.warm()
    except OrdagrantError as error:  # an LLM that is away: answers are quotes until it is back
        log.warning("%s", error)
    finally:
        door.readiness.say(None)
