"""The article's page in a browser: it jumps to the quote, and nothing is blocked or fetched."""

from __future__ import annotations

import os
from typing import Any

import pytest

from tests.api.serving import serving
from tests.ui.scripted import TRUCE, sample_bot

pytestmark = pytest.mark.browser
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
WORDS = "China refines 90 per cent of the world’s rare earths"


@pytest.mark.parametrize(("scheme", "ground"), [("light", "250, 249, 246"), ("dark", "23, 22, 20")])
def test_it_jumps_to_the_quote(scheme: Any, ground: str) -> None:
    from playwright.sync_api import sync_playwright

    bot = sample_bot()
    article = bot.store.article(TRUCE)
    assert article is not None
    start = article.text.index(WORDS)
    said: list[str] = []
    with serving(bot) as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 400, "height": 500}, color_scheme=scheme)
        page.on("console", lambda message: said.append(message.text))
        page.on("request", lambda r: None if r.url.startswith(url) else said.append(r.url))
        page.goto(f"{url}/a/{TRUCE}?start={start}&end={start + len(WORDS)}#quote")
        quote = page.locator("mark")
        box = quote.bounding_box()
        assert quote.inner_text() == WORDS
        assert box is not None and 0 < box["y"] < 400
        assert page.evaluate("document.activeElement.id") == "quote"
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == f"rgb({ground})"
        browser.close()
    assert said == []
