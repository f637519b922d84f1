"""The login in a browser: the way in, out, and what happens to a page whose key is ended."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from rag.api.door import Door
from rag.bot import Bot
from rag.serving import build_app
from rag.store.keys import Keys
from tests.api.conftest import news, with_settings
from tests.api.serving import listening
from tests.test_bot import QUESTION
from tests.ui.test_accessible import _grave

__all__ = ["news"]

pytestmark = pytest.mark.browser


@pytest.fixture
def address(news: Bot) -> Iterator[str]:
    """The whole server, with keys asked for."""
    bot = with_settings(news, api_keys=True)
    with listening(build_app(Door.of(bot, "127.0.0.1"), "127.0.0.1")) as url:
        yield url


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context(locale="sv-SE", viewport={"width": 400, "height": 700})
    page = context.new_page()
    page.set_default_timeout(60_000)
    yield page
    context.close()


def _enter(page: Any, key: str) -> None:
    page.fill("#key", key)
    page.keyboard.press("Enter")


def test_the_way_in_and_what_a_revoked_key_ends(
    news: Bot, address: str, page: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "ordagrant.audit")
    keys = Keys(news.store.database)
    made = keys.create("desk", frozenset({"ask"}))
    page.goto(f"{address}/chat/?q={QUESTION}")
    assert page.url.startswith(f"{address}/chat/login?q=")
    assert _grave(page, "form") == []
    _enter(page, "og_x")
    page.get_by_role("alert").wait_for()
    assert "okänd" in page.get_by_role("alert").inner_text()
    assert page.evaluate("document.activeElement.id") == "key"
    assert _grave(page, "wrong key") == []
    _enter(page, made)
    page.wait_for_selector("#og-live .og-done")  # what the address asked was asked
    (line,) = [json.loads(r.getMessage()) for r in caplog.records if r.name == "ordagrant.audit"]
    assert line["key"] == "desk"
    managing = keys.create("metrics", frozenset({"manage"}))
    metrics = httpx.get(f"{address}/metrics", headers={"X-API-Key": managing}).text
    assert 'ordagrant_answers_total{language="en",refusal="",status="answered"} 1.0' in metrics
    keys.revoke("desk")
    page.fill("#og-box textarea", "And then?")
    page.keyboard.press("Enter")
    page.wait_for_url("**/chat/login**")
    page.wait_for_selector("#key")


@pytest.mark.parametrize("width", [320, 1280])
def test_the_way_out_is_in_reach(news: Bot, address: str, page: Any, width: int) -> None:
    made = Keys(news.store.database).create("desk", frozenset({"ask"}))
    page.set_viewport_size({"width": width, "height": 700})
    page.goto(f"{address}/chat/")
    _enter(page, made)
    page.wait_for_selector(".og-home")
    page.wait_for_function("document.documentElement.lang === 'sv'")
    leave = page.get_by_role("button", name="Logga ut")
    if width < 480:
        assert leave.count() == 0
        page.click("[data-side=toggle]")
    assert _grave(page, "within") == []
    leave.click()
    page.wait_for_url("**/chat/login")
    page.goto(f"{address}/chat/")
    page.wait_for_selector("#key")
