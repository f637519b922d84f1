"""The whole app, chat and page of the articles, over scripted answers and a real store."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from tests.ui.script import ScriptedBot
from tests.ui.shelf import Shelf


@contextmanager
def whole(
    bot: ScriptedBot, shelf: Shelf, examples: Mapping[str, Sequence[str]] | None = None
) -> Iterator[str]:
    """The app on a free port: `bot` answers, `shelf` is on the page; gives its address."""
    from rag.ui.app import build_app, launch_options
    from rag.ui.library_page import LibraryPage

    app = build_app(bot, bot.settings, examples=examples, library=LibraryPage(shelf.library))
    _, url, _ = app.launch(**launch_options(port=None), prevent_thread_lock=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        yield url
    finally:
        app.close(verbose=False)


def ask(page: Any, question: str, until: str = "#og-live .og-done") -> None:
    """Type a question and wait for `until`."""
    page.wait_for_selector("#og-ask", state="visible")
    page.fill("#og-box textarea", question)
    page.keyboard.press("Enter")
    page.locator("#og-live .og-question", has_text=question[:40]).wait_for()
    page.wait_for_selector(until)
