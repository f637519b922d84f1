"""The chat as a part of a larger application, under a path of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr
from fastapi.responses import FileResponse

from rag.ui.app import build_app, launch_options
from rag.ui.examples import examples_for
from rag.ui.library import Library
from rag.ui.library_page import LibraryPage

if TYPE_CHECKING:
    from fastapi import FastAPI

    from rag.bot import Bot

_ICON = Path(__file__).with_name("assets") / "favicon.svg"
# What `Blocks.launch` takes and a mounted app takes too; the rest is of the server.
_SHARED = ("theme", "css", "footer_links", "ssr_mode", "show_error", "enable_monitoring")


def mount_chat(
    api: FastAPI,
    bot: Bot,
    path: str,
    host: str,
    login: Callable[[str], bool] | None = None,
) -> None:
    """Adds the chat over `bot` to `api` under `path`.

    `host` is where it is reached, which decides whether visitors may change the articles. With
    `login` the visitor gives a key first, and it says whether the key will do.
    """
    library = LibraryPage(Library.of(bot, host))
    app = build_app(bot, bot.settings, examples=examples_for(bot.store), library=library)
    options = launch_options()
    gr.mount_gradio_app(
        api,
        app,
        path=path,
        auth=None if login is None else lambda _name, key: login(key),
        auth_message=None if login is None else "Any name, and your key as the password.",
        run_history=False,
        max_file_size=f"{bot.settings.max_file_mb}mb",
        **{name: options[name] for name in _SHARED},
    )

    # Gradio serves an icon only where it is mounted at the root.
    @api.get("/favicon.ico", include_in_schema=False)
    def icon() -> FileResponse:
        return FileResponse(_ICON, media_type="image/svg+xml")
