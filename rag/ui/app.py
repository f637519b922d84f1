"""The Gradio app: built over a bot, and launched. Everything a visitor has is in `gr.State` (this
visit), in `gr.BrowserState` (language, token) or in the store under that token; nothing is global.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from rag.settings import Settings
from rag.types import Answer
from rag.ui.chat import Chat
from rag.ui.library import MOST_MB
from rag.ui.library_page import LibraryPage
from rag.ui.page import Page
from rag.ui.protocol import ChatBot

_ASSETS = Path(__file__).with_name("assets")
_STYLES = ("style", "shell", "answer", "library")
_SANS = (
    "-apple-system", "BlinkMacSystemFont", "Segoe UI", "Inter", "Noto Sans", "Roboto",
    "Liberation Sans", "system-ui", "sans-serif",
)  # fmt: skip
_MONO = ("ui-monospace", "SF Mono", "Cascadia Mono", "Liberation Mono", "monospace")

# Questions in hand at once. Gradio's default is 1 for each event; retrieval runs side by side
# and only a local LLM makes its callers wait, each with its evidence already on screen.
CONCURRENT = 32
_WAITING = 256


def build_app(
    bot: ChatBot,
    settings: Settings,
    *,
    examples: Mapping[str, Sequence[str]] | None = None,
    library: LibraryPage | None = None,
    heard: Callable[[str, Answer], None] | None = None,
    login: bool = False,
) -> gr.Blocks:
    """The chat over `bot`. `examples`: questions to offer, by language code; `library`: the page
    of the articles, for a bot whose store can be listed and added to; `heard`: see `Chat`;
    `login`: visitors logged in, so there is a way out."""
    chat = Chat(bot, settings, heard)
    page = Page(chat, library, examples or {}, str(settings.data), login=login)
    demo: gr.Blocks
    with gr.Blocks(title="Ordagrant", analytics_enabled=False, fill_width=True) as demo:
        page.lay_out()
        page.connect(demo)
    demo.queue(max_size=_WAITING, default_concurrency_limit=CONCURRENT, api_open=False)
    return demo


def launch_options(
    host: str = "127.0.0.1", port: int | None = 7860, most_mb: int = MOST_MB
) -> dict[str, Any]:
    """All options of `Blocks.launch`, so that every door and test shows the same page.

    `most_mb`: of one uploaded file.
    """
    return {
        "server_name": host,
        "server_port": port,
        "theme": _theme(),
        "css": "".join(_asset(f"{name}.css") for name in _STYLES),
        "favicon_path": str(_ASSETS / "favicon.svg"),
        "footer_links": [],
        "ssr_mode": False,
        "share": False,
        "show_error": False,
        "max_file_size": f"{most_mb}mb",
        "max_threads": 2 * CONCURRENT,
        "enable_monitoring": False,
        "quiet": True,
    }


def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


def _theme() -> gr.themes.Base:
    """Fonts of the reader's own system (nothing is fetched) and the page's two grounds."""
    return gr.themes.Base(font=_SANS, font_mono=_MONO).set(
        body_background_fill="#faf9f6",
        body_background_fill_dark="#171614",
        body_text_color="#1d1b18",
        body_text_color_dark="#ebe7df",
        button_primary_background_fill="#1a5a5c",
        button_primary_background_fill_dark="#7cc5bf",
        button_primary_background_fill_hover="#134748",
        button_primary_background_fill_hover_dark="#97d6d0",
        button_primary_text_color="#ffffff",
        button_primary_text_color_dark="#10201f",
    )
