"""Pages served for the browser, and the browser itself, once for all tests of this room."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import pytest

from rag.settings import Settings
from tests.ui import scripted
from tests.ui.scripted import ScriptedBot

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def served(bot: ScriptedBot, examples: Mapping[str, Sequence[str]] | None = None) -> Iterator[str]:
    """The chat over `bot` on a free port; gives its address."""
    from rag.ui.app import build_app, launch_options

    app = build_app(bot, Settings(), examples=examples)
    _, url, _ = app.launch(**launch_options(port=None), prevent_thread_lock=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        yield url
    finally:
        app.close(verbose=False)


@pytest.fixture(scope="module")
def bot() -> ScriptedBot:
    return scripted.sample_bot()


@pytest.fixture(scope="module")
def url(bot: ScriptedBot) -> Iterator[str]:
    with served(bot, {"en": [scripted.PHONE], "sv": [scripted.TARIFFS]}) as address:
        yield address


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser, url) -> Iterator[Callable[..., object]]:  # type: ignore[no-untyped-def]
    """`visit(size=, scheme=, locale=, url=)`: a new visitor's page, home shown.

    At the end no request of a page may have failed on the server.
    """
    contexts = []
    failed: list[str] = []

    def open_page(  # type: ignore[no-untyped-def]
        size=(1280, 800), scheme="light", locale="en-GB", url=url, home=".og-home"
    ):
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=scheme,
            locale=locale,
            reduced_motion="reduce",
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.on(
            "response",
            lambda reply: (
                failed.append(f"{reply.status} {reply.url}") if reply.status >= 400 else None
            ),
        )
        page.goto(url)
        page.wait_for_selector(home)
        # The greeting in the visitor's language has arrived once the page's own says so.
        page.wait_for_function(f"document.documentElement.lang === '{locale[:2]}'")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert failed == []
