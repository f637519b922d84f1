"""Pictures of the chat for the documentation: light, dark, phone, Swedish, refusal, conflict.

    python tools/screenshots.py [--out docs/images] [--url http://127.0.0.1:7860]

Without --url it starts the page by itself over the scripted answers of the tests, which need
no model; with --url it photographs a running chat, whose answers are then the bot's own.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

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


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: the window, what is asked in it, and whether the first quote is opened."""

    name: str
    question: str | None = None
    size: tuple[int, int] = _WIDE
    scheme: Literal["light", "dark"] = "light"
    locale: str = "en-GB"
    opened: int | None = None  # which mark of the answer is clicked
    whole: bool = False  # tall enough for all of the answer
    held: bool = False  # photographed while the answer is being written


SHOTS = (
    Shot("home"),
    Shot("light", "What did Trump and Xi talk about on the phone?", opened=0),
    Shot("dark", "What did Trump and Xi talk about on the phone?", scheme="dark", opened=0),
    Shot("conflict", "How much of the world’s rare earths does China refine?", whole=True),
    Shot("refusal", "How many soybeans did China buy in 2024?"),
    Shot("swedish", "Hur höga är tullarna på kinesiska varor?", locale="sv-SE", opened=0),
    Shot("phone", "Hur höga är tullarna på kinesiska varor?", size=_PHONE, locale="sv-SE"),
    Shot("phone-article", "What did Trump and Xi talk about on the phone?", size=_PHONE, opened=0),
    Shot("phone-dark", "How many soybeans did China buy in 2024?", size=_PHONE, scheme="dark"),
    Shot("streaming", "What must China do first?", held=True),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    parser.add_argument("--url", help="a running chat; default: one with scripted answers")
    parser.add_argument("--only", nargs="*", help="names of pictures")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    wanted = [s for s in SHOTS if not arguments.only or s.name in arguments.only]
    with _page_at(arguments.url) as (url, release), sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=list(CHROMIUM_ARGUMENTS)
        )
        for shot in wanted:
            if shot.held and arguments.url:
                continue  # only the scripted bot waits to be photographed
            take(browser, url, shot, arguments.out / f"{shot.name}.png")
            if shot.held:
                release()
            print(arguments.out / f"{shot.name}.png")
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
    page.goto(url)
    page.wait_for_selector(".og-home")
    page.wait_for_timeout(600)
    if shot.question:
        _ask(page, shot.question, ".og-statement" if shot.held else ".og-done")
    if shot.opened is not None:
        page.locator(".og-answer .og-cite, .og-quote").nth(shot.opened).click()
        page.wait_for_selector("mark.og-current")
        page.wait_for_timeout(300)
    if shot.whole:
        height = page.evaluate("document.querySelector('#og-live .og-exchange').scrollHeight")
        page.set_viewport_size({"width": shot.size[0], "height": int(height) + 140})
    page.mouse.move(2, shot.size[1] // 2)
    page.wait_for_timeout(500)
    page.screenshot(path=path)
    context.close()
    # Pages of text have few colours: a palette cuts a picture from 430 to about 130 kB.
    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(128, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


def _ask(page: Page, question: str, until: str) -> None:
    page.fill("#og-box textarea", question)
    page.keyboard.press("Enter")
    page.wait_for_selector(until, timeout=120_000)
    page.wait_for_timeout(700)


@contextmanager
def _page_at(url: str | None) -> Iterator[tuple[str, Callable[[], None]]]:
    if url:
        yield url, lambda: None
        return
    from rag.settings import Settings
    from rag.ui.app import build_app, launch_options
    from rag.ui.examples import SAMPLE_QUESTIONS
    from tests.ui.scripted import sample_bot

    bot = sample_bot()
    app = build_app(bot, Settings(), examples=SAMPLE_QUESTIONS)
    _, local, _ = app.launch(**launch_options(port=None), prevent_thread_lock=True)
    try:
        yield local, bot.gate.set
    finally:
        app.close()


if __name__ == "__main__":
    main()
