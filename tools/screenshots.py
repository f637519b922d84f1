"""Pictures of the chat for the documentation, each of what the bot really answers.

    python tools/screenshots.py [--out docs/images] [--url http://127.0.0.1:7860] [--only NAME …]

Without --url it takes the sample articles into a folder of its own and answers without an LLM,
so that the pictures come out the same on every machine; with --url it photographs a chat that
runs already.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_WIDE, _PHONE = (1280, 800), (390, 844)
_CALL = "What did Trump and Xi talk about on the phone?"
_RARE = "How much of the world’s rare earths does China refine?"
_BEANS = "How many soybeans did China buy in 2024?"
_TARIFFS = "Hur höga är tullarna på kinesiska varor?"


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: the window, what is asked in it, and what is opened then."""

    name: str
    questions: tuple[str, ...] = ()
    size: tuple[int, int] = _WIDE
    scheme: Literal["light", "dark"] = "light"
    locale: str = "en-GB"
    cite: int | None = None  # which number of the answer is clicked
    view: Literal["talk", "articles"] = "talk"
    listed: bool = False  # the conversations; each question begins one
    whole: bool = False  # tall enough for all of the answer


SHOTS = (
    Shot("light", (_CALL,), cite=0),
    Shot("dark", (_CALL,), scheme="dark", cite=0),
    Shot("conflict", (_RARE,), whole=True),
    Shot("refusal", (_BEANS,)),
    Shot("swedish", (_TARIFFS,), locale="sv-SE"),
    Shot("phone", (_CALL,), size=_PHONE),
    Shot("articles", view="articles"),
    Shot("conversations", (_TARIFFS, _BEANS, _RARE, _CALL), listed=True),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--url", help="a running chat; default: one over the sample articles")
    parser.add_argument("--only", nargs="*", help="names of pictures")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    wanted = [s for s in SHOTS if not arguments.only or s.name in arguments.only]
    with _chat_at(arguments.url) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=list(CHROMIUM_ARGUMENTS)
        )
        for shot in wanted:
            path = arguments.out / f"{shot.name}.png"
            take(browser, url, shot, path)
            print(f"{path}  {path.stat().st_size / 1000:.0f} kB", flush=True)
        browser.close()


def take(browser: Browser, url: str, shot: Shot, path: Path) -> None:
    """Open a fresh visit, ask, and save the picture."""
    context = browser.new_context(
        viewport={"width": shot.size[0], "height": shot.size[1]},
        color_scheme=shot.scheme,
        locale=shot.locale,
        device_scale_factor=2,
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.goto(url)
    page.wait_for_selector(".og-home")
    page.wait_for_timeout(600)
    for i, question in enumerate(shot.questions):
        if i and shot.listed:
            page.click("#og-top [data-act=fresh]")
            page.wait_for_selector(".og-home")
        _ask(page, question)
    if shot.cite is not None:
        page.locator("#og-live .og-answer .og-cite").nth(shot.cite).click()
        page.wait_for_selector("mark.og-current")
    if shot.listed:
        page.click("#og-top [data-side]")
        page.wait_for_selector(".og-sidebar", state="visible")
    if shot.view == "articles":
        page.click("#og-top [data-act=articles]")
        page.wait_for_selector(".og-lib-row")
    if shot.whole:
        height = page.evaluate("document.querySelector('#og-live .og-exchange').scrollHeight")
        page.set_viewport_size({"width": shot.size[0], "height": int(height) + 220})
    page.evaluate("document.activeElement?.blur()")
    page.mouse.move(2, shot.size[1] // 2)
    page.wait_for_timeout(700)
    page.screenshot(path=path)
    context.close()
    # Pages of text have few colours: a palette cuts a picture from 430 to about 120 kB.
    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(96, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


def _ask(page: Page, question: str) -> None:
    page.wait_for_selector("#og-ask", state="visible")
    page.fill("#og-box textarea", question)
    page.keyboard.press("Enter")
    page.locator("#og-live .og-question", has_text=question[:40]).wait_for()
    page.wait_for_selector("#og-live .og-done")
    page.wait_for_timeout(700)


@contextmanager
def _chat_at(url: str | None) -> Iterator[str]:
    if url:
        yield url
        return
    from rag.bot import Bot
    from rag.settings import Settings
    from rag.store.ingest import ingest
    from rag.ui.app import build_app, launch_options
    from rag.ui.examples import SAMPLE_QUESTIONS
    from rag.ui.library import Library
    from rag.ui.library_page import LibraryPage

    with tempfile.TemporaryDirectory(prefix="ordagrant-pictures-") as folder:
        settings = Settings(data=Path(folder), llm="none")
        with Bot.open(settings) as bot:
            ingest(bot.store, [ROOT / "seeds"], bot.embedder, settings)
            bot.warm()
            library = LibraryPage(Library.of(bot))
            app = build_app(bot, settings, examples=SAMPLE_QUESTIONS, library=library)
            _, local, _ = app.launch(**launch_options(port=None), prevent_thread_lock=True)
            try:
                yield local
            finally:
                app.close(verbose=False)


if __name__ == "__main__":
    main()
