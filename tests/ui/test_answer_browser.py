"""An answer in a real browser: quotes beside their numbers, reasons, the article as a dialog."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from rag.types import Published
from tests.ui import scripted
from tests.ui.conftest import served
from tests.ui.script import Script, ScriptedBot, evidence, made_article
from tests.ui.test_browser import _ask, _fits

pytestmark = pytest.mark.browser

Visit = Callable[..., Any]

POP = ".og-pop:popover-open:not(.og-ask-why)"
WHY = ".og-ask-why:popover-open"
LONG = "Where is it said?"


def test_a_quote_shows_beside_its_number_until_it_is_sent_away(visit: Visit) -> None:
    page = visit()
    _ask(page, scripted.PHONE)
    words = page.locator(".og-quotes .og-words").all_text_contents()
    before = page.locator(".og-evidence").bounding_box()
    number = page.locator(".og-answer .og-cite").nth(1)
    number.hover()
    page.wait_for_selector(POP)
    assert page.locator(f"{POP} .og-words").text_content() == words[1]
    assert "6 June 2025" in page.inner_text(POP)
    page.locator(f"{POP} .og-words").hover()  # it stays under the pointer
    page.wait_for_timeout(500)
    assert page.locator(POP).count() == 1
    page.keyboard.press("Escape")
    assert page.locator(POP).count() == 0
    assert page.locator(".og-evidence").bounding_box() == before
    page.locator(".og-answer .og-cite").first.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    page.wait_for_selector(POP)
    assert page.locator(f"{POP} .og-words").text_content() == words[0]
    described = page.locator(".og-answer .og-cite").first.get_attribute("aria-describedby")
    assert words[0] in page.locator(f"[id='{described}']").text_content()
    page.keyboard.press("Enter")
    page.wait_for_selector("mark.og-current:focus")
    assert page.locator(POP).count() == 0


def test_escape_closes_the_quote_before_the_article(visit: Visit) -> None:
    page = visit()
    _ask(page, scripted.PHONE)
    page.locator(".og-answer .og-cite").first.click()
    page.wait_for_selector("mark.og-current:focus")
    page.locator(".og-answer .og-cite").nth(2).hover()
    page.wait_for_selector(POP)
    page.keyboard.press("Escape")
    assert page.locator(POP).count() == 0 and page.locator(".og-article").count() == 1
    page.keyboard.press("Escape")
    page.wait_for_selector(".og-article", state="detached")


def test_a_thumb_down_asks_why_and_gives_the_focus_back(visit: Visit) -> None:
    page = visit()
    _ask(page, scripted.PHONE)
    down = page.locator(".og-said .og-down").first
    down.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector(WHY)
    assert page.evaluate("document.activeElement.dataset.reason") == "wrong"
    page.keyboard.press("Escape")
    assert page.locator(WHY).count() == 0
    assert page.evaluate("document.activeElement.classList.contains('og-down')")
    page.wait_for_selector(".og-said .og-down[aria-pressed=true]")
    page.locator(".og-said .og-down").nth(1).click()
    page.locator(f"{WHY} input").fill("It <b>was</b> Tuesday.")
    page.keyboard.press("Enter")
    assert page.locator(WHY).count() == 0
    page.wait_for_selector(".og-said:nth-child(2) .og-down[aria-pressed=true]")


def test_nothing_below_jumps_when_the_answer_is_done(bot: ScriptedBot, visit: Visit) -> None:
    page = visit()
    bot.gate.clear()
    _ask(page, scripted.HELD, ".og-statement")
    first = "#og-live .og-quote >> nth=0"
    held = page.locator(first).bounding_box()
    one = page.locator("#og-live .og-said").first.bounding_box()
    bot.gate.set()
    page.wait_for_selector("#og-live .og-done")
    page.wait_for_timeout(300)
    done = page.locator(first).bounding_box()
    assert page.locator("#og-live .og-said").first.bounding_box() == one
    # Only the second statement has come between: the foot keeps its height.
    added = page.locator("#og-live .og-said").nth(1).bounding_box()
    assert (
        abs(done["y"] - held["y"] - (added["y"] + added["height"] - one["y"] - one["height"])) < 2
    )


def test_on_a_phone_the_article_is_a_dialog(visit: Visit) -> None:
    page = visit(size=(390, 844))
    _ask(page, scripted.RARE_EARTHS)
    assert _fits(page)
    page.locator("#og-live .og-answer .og-cite").first.click()
    page.wait_for_selector(".og-article[role=dialog][aria-modal=true]")
    assert page.evaluate("getComputedStyle(document.body).overflow") == "hidden"
    for _ in range(12):
        page.keyboard.press("Tab")
        assert page.evaluate(
            "document.activeElement === document.body"
            " || !!document.activeElement.closest('.og-article')"
        )
    page.click("[data-close]")
    page.wait_for_selector(".og-article", state="detached")
    assert page.locator("[inert]").count() == 0
    page.set_viewport_size({"width": 1280, "height": 800})
    page.locator("#og-live .og-answer .og-cite").first.click()
    page.wait_for_selector(".og-article[role=complementary]")
    assert page.locator("[inert]").count() == 0


@pytest.fixture(scope="module")
def long_url() -> Iterator[str]:
    """Twenty thousand words, and the quote far down in them."""
    paragraphs = [f"Paragraph {i}. " + "Some words go on for long. " * 20 for i in range(200)]
    paragraphs[170] += "Only here is it said."
    article = made_article(
        "long", "\n\n".join(paragraphs), title="Long", published=Published(), outlet="Post"
    )
    item = evidence(article, "Only here is it said.", 1)
    bot = ScriptedBot([article], {LONG: Script([item], [("It is said there.", [1])])})
    with served(bot, {"en": [LONG]}) as address:
        yield address


def test_a_long_article_opens_at_the_passage(visit: Visit, long_url: str) -> None:
    page = visit(url=long_url)
    _ask(page, LONG)
    page.locator(".og-answer .og-cite").first.click()
    page.wait_for_selector("mark.og-current:focus")
    page.wait_for_function(
        "() => { const m = document.querySelector('mark.og-current').getBoundingClientRect();"
        " const t = document.querySelector('.og-text').getBoundingClientRect();"
        " return m.top >= t.top && m.bottom <= t.bottom }"
    )
