"""Open WebUI in a browser: every citation of an answer on screen, with the words it stands on."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from rag.types import Answer
from tests.api.open_webui import PROGRAM, ask, open_webui
from tests.api.serving import serving

pytestmark = [
    pytest.mark.browser,
    pytest.mark.models,
    pytest.mark.skipif(
        not PROGRAM.is_file(), reason="Open WebUI is not installed: `make open-webui` does it"
    ),
]
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
QUESTIONS = (
    "What share of the world's rare earths does China account for?",
    "Vem mötte He Lifeng i Malaysia?",
)


@pytest.fixture(scope="module")
def urls(seed_bot: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Our address and Open WebUI's."""
    folder = tmp_path_factory.mktemp("open-webui")
    with serving(seed_bot) as ours, open_webui(ours, folder) as theirs:
        yield ours, theirs


@pytest.fixture(scope="module")
def page() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser.new_page(viewport={"width": 1280, "height": 900}, locale="en-US")
        browser.close()


@pytest.mark.parametrize("question", QUESTIONS)
def test_each_source_shows_its_quote_and_leads_to_it(
    urls: tuple[str, str], page: Any, question: str
) -> None:
    from playwright.sync_api import expect

    ours, theirs = urls
    reply = httpx.post(f"{ours}/api/ask", json={"question": question}, timeout=60)
    answer = Answer.model_validate(reply.json())
    shown = ask(page, theirs, question)
    for statement in answer.statements:
        expect(shown).to_contain_text(statement.text, timeout=30_000)
    # A chip for each run of marks; none is left as a bare number.
    assert not re.search(r"\[\d+\]", shown.inner_text())
    page.get_by_role("button", name=f"{len(answer.quotes)} Source").last.click()
    for quote in answer.quotes:
        page.locator("button", has_text=re.compile(rf"^\s*{quote.n}\s")).last.click()
        opened = page.get_by_role("dialog")
        opened.get_by_text(quote.text, exact=True).first.wait_for(timeout=10_000)
        link = opened.locator("a").first.get_attribute("href")
        assert link.startswith(f"{ours}/a/{quote.article_id}?")
        marked = re.search(r'<mark id="quote"[^>]*>(.*?)</mark>', httpx.get(link).text, re.DOTALL)
        assert marked is not None and html.unescape(marked[1]) == quote.text
        page.keyboard.press("Escape")
        opened.wait_for(state="detached", timeout=10_000)
