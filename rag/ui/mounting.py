"""The chat as a part of a larger application, under a path of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr
from fastapi.responses import FileResponse
from gradio.route_utils import FnIndexInferError
from starlette.routing import Mount

from rag.types import Answer
from rag.ui.app import build_app, launch_options
from rag.ui.examples import examples_for
from rag.ui.library import Library
from rag.ui.library_page import LibraryPage
from rag.ui.login import Login

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import ASGIApp

    from rag.bot import Bot

# What Gradio raises where a request names an event that there is not, or sends it other values.
WRONG = (LookupError, ValueError, TypeError, FnIndexInferError)

_ASSETS = Path(__file__).with_name("assets")
# What `Blocks.launch` takes and a mounted app takes too; the rest is of the server.
_SHARED = ("theme", "css", "footer_links", "ssr_mode", "show_error", "enable_monitoring")


def mount_chat(
    api: FastAPI,
    bot: Bot,
    path: str,
    host: str,
    *,
    login: Login | None = None,
    heard: Callable[[str, Answer], None] | None = None,
    around: Callable[[ASGIApp], ASGIApp] = lambda app: app,
) -> None:
    """Adds the chat over `bot` to `api` under `path`.

    `host` is where it is reached, which decides whether visitors may change the articles. With
    `login` the visitor gives a key first. `heard` is told each answer, with the key's name or
    "chat". `around` is put around the chat, within the login.
    """
    app = build_app(
        bot,
        bot.settings,
        examples=examples_for(bot.store),
        library=LibraryPage(Library.of(bot, host)),
        heard=heard,
        login=login is not None,
    )
    if login is not None:
        login.add_routes(api, path)
    options = launch_options()
    gr.mount_gradio_app(
        api,
        app,
        path=path,
        # The name then comes along with every event, as the request's user.
        auth_dependency=None if login is None else login.visitor,
        head=None if login is None else f"<script>{_asset('login.js')}</script>",
        run_history=False,
        max_file_size=f"{bot.settings.max_file_mb}mb",
        **{name: options[name] for name in _SHARED},
    )
    for place, route in enumerate(api.router.routes):
        if isinstance(route, Mount) and route.path == path:
            chat = around(route.app)
            # Gradio asks `auth_dependency` on some of its addresses; the gate stands before all.
            api.router.routes[place] = Mount(path, chat if login is None else login.gate(chat))

    # Gradio serves an icon only where it is mounted at the root.
    @api.get("/favicon.ico", include_in_schema=False)
    def icon() -> FileResponse:
        return FileResponse(_ASSETS / "favicon.svg", media_type="image/svg+xml")


def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")
