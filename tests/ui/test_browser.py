"""The page in a real browser, over scripted answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.ui import scripted
from tests.ui.conftest import served
from tests.ui.scripted import ScriptedBot

pytestmark = pytest.mark.browser

Visit = Callable[..., Any]


def _ask(page: Any, question: str, until: str = "#og-live .og-done") -> None:
    # While an answer is being written there is no such button, and Enter asks nothing.
    page.wait_for_selector("#og-ask", state="visible")
    page.fill("#og-box textarea", question)
    page.keyboard.press("Enter")
    page.locator("#og-live .og-question", has_text=question[:40]).wait_for()
    page.wait_for_selector(until)


def _fits(page: Any) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


@pytest.mark.parametrize("question", [scripted.PHONE, scripted.TARIFFS])
def test_every_mark_opens_exactly_the_words_of_its_quote(visit: Visit, question: str) -> None:
    page = visit()
    _ask(page, question)
    marks = page.locator(".og-answer .og-cite")
    words = page.locator(".og-quotes .og-words").all_text_contents()
    assert marks.count() == len(words) > 1
    for i, expected in enumerate(words):
        marks.nth(i).click()
        mark = page.locator("mark.og-current")
        page.wait_for_function(
            "w => document.querySelector('mark.og-current')?.textContent === w", arg=expected
        )
        assert mark.count() == 1
        # In view, once the scrolling is done.
        page.wait_for_function(
            "() => { const m = document.querySelector('mark.og-current').getBoundingClientRect();"
            " const t = document.querySelector('.og-text').getBoundingClientRect();"
            " return m.top >= t.top && m.bottom <= t.bottom }"
        )


def test_the_keyboard_opens_an_article_and_comes_back(visit: Visit) -> None:
    page = visit()
    _ask(page, scripted.PHONE)
    page.locator(".og-answer .og-cite").nth(2).focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("mark.og-current:focus")
    assert page.locator("mark.og-other").count() == 1
    page.keyboard.press("Escape")
    page.wait_for_selector(".og-article", state="detached")
    assert page.evaluate("document.activeElement.textContent") == "3"
    page.keyboard.press("Enter")
    page.wait_for_selector("mark.og-current")


def test_a_quote_of_an_earlier_answer_opens_too(visit: Visit) -> None:
    page = visit()
    _ask(page, scripted.PHONE)
    _ask(page, scripted.FOLLOW_UP)
    assert "What did China say about" in page.inner_text("#og-live .og-understood")
    page.locator("#og-past .og-cite").first.click()
    page.wait_for_selector("mark.og-current")
    assert page.inner_text("mark.og-current").startswith("However, subsequent posts")


def test_evidence_stands_before_the_answer_and_numbers_stay(bot: ScriptedBot, visit: Visit) -> None:
    page = visit()
    bot.gate.clear()
    _ask(page, scripted.HELD, ".og-statement")
    assert page.locator("#og-live [aria-busy=true]").count() == 1
    numbers = page.locator(".og-quotes .og-n").all_inner_texts()
    assert [n.strip() for n in numbers] == ["1", ""]
    page.locator(".og-quote").nth(1).click()  # found, not yet used
    page.wait_for_selector("mark.og-current")
    bot.gate.set()
    page.wait_for_selector("#og-live .og-done")
    assert page.locator(".og-quotes .og-n").all_inner_texts() == ["1", "2"]
    assert page.inner_text("#og-live [role=status]") == "Answer ready. 2 quotes."


def test_stop_ends_at_once_and_the_next_question_works(bot: ScriptedBot, visit: Visit) -> None:
    page = visit()
    bot.gate.clear()
    _ask(page, scripted.HELD, ".og-statement")
    page.click("#og-stop")
    page.wait_for_selector("#og-live .og-stopped")
    page.wait_for_selector("#og-ask")
    assert page.locator("#og-stop").count() == 0
    _ask(page, scripted.TARIFFS)
    bot.gate.set()
    assert page.locator("#og-past .og-stopped .og-statement").count() == 1


def test_a_new_conversation_leaves_a_running_answer_behind(bot: ScriptedBot, visit: Visit) -> None:
    page = visit()
    bot.gate.clear()
    _ask(page, scripted.HELD, ".og-statement")
    page.click("[data-act=fresh]")
    page.wait_for_selector(".og-home")
    bot.gate.set()
    _ask(page, scripted.TARIFFS)
    assert page.locator(".og-exchange").count() == 1


def test_a_refusal_a_conflict_and_an_error_look_different(visit: Visit) -> None:
    page = visit()
    _ask(page, scripted.UNANSWERED)
    assert "Not in the articles" in page.inner_text(".og-refusal")
    assert page.locator("#og-live .og-answer").count() == 0
    page.locator(".og-quote").first.click()
    page.wait_for_selector("mark.og-current")
    _ask(page, scripted.RARE_EARTHS)
    left, right = (box.bounding_box() for box in page.locator(".og-side").all())
    assert left["y"] == right["y"] and left["x"] + left["width"] <= right["x"]
    assert "80 per cent is not in its quote" in page.inner_text(".og-removed summary")
    _ask(page, scripted.CRASH, "#og-live .og-failed")
    assert "secret detail" not in page.inner_text("body")
    _ask(page, scripted.LLM_DOWN, "#og-live .og-failed")
    assert "does not answer: start it." in page.inner_text("#og-live .og-problem")


def test_the_page_speaks_the_browsers_language_and_can_be_switched(visit: Visit) -> None:
    page = visit(locale="sv-SE")
    assert page.get_attribute("#og-box textarea", "placeholder") == "Fråga om artiklarna"
    page.locator("[data-act=example]").first.click()
    page.wait_for_selector("#og-live .og-done")
    assert page.inner_text("#og-live .og-question").endswith(scripted.TARIFFS)
    assert page.inner_text("#og-live .og-evidence h3") == "Citat"
    page.click("[data-act=tongue]")
    page.wait_for_function("document.documentElement.lang === 'en'")
    assert page.inner_text("#og-live .og-evidence h3") == "Quotes"
    page.reload()
    page.wait_for_function("document.documentElement.lang === 'en'")
    assert page.inner_text("#og-ask") == "Ask"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_shows_everything_without_sideways_scrolling(visit: Visit, scheme: str) -> None:
    page = visit(size=(390, 844), scheme=scheme)
    assert _fits(page)
    for question in (scripted.RARE_EARTHS, scripted.UNANSWERED, scripted.PHONE):
        _ask(page, question)
        assert _fits(page)
    page.locator("#og-live .og-answer .og-cite").first.click()
    page.wait_for_selector("mark.og-current:focus")
    assert _fits(page)
    box = page.locator(".og-article").bounding_box()
    assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 390, 844)
    page.click("[data-close]")
    page.wait_for_selector(".og-article", state="detached")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(23, 22, 20)"
    assert dark is (scheme == "dark")


def test_nothing_leaves_for_another_host(visit: Visit, url: str, browser: Any) -> None:
    context = browser.new_context(locale="en-GB")
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector(".og-home")
    _ask(page, scripted.PHONE)
    page.locator(".og-answer .og-cite").first.click()
    page.wait_for_selector("mark.og-current")
    page.wait_for_timeout(1_000)
    context.close()
    assert asked
    outside = [u for u in asked if not u.startswith((url, "data:", "blob:"))]
    assert outside == []


def test_two_visitors_see_their_own_questions_only(visit: Visit) -> None:
    one, other = visit(), visit(locale="sv-SE")
    _ask(one, scripted.PHONE)
    _ask(other, scripted.TARIFFS)
    _ask(one, scripted.FOLLOW_UP)
    assert one.locator(".og-exchange").count() == 2
    assert other.locator(".og-exchange").count() == 1
    assert "Trump and Xi talk" not in other.inner_text("body")
    other.locator(".og-answer .og-cite").first.click()
    other.wait_for_selector("mark.og-current")
    assert one.locator(".og-article").count() == 0


@pytest.fixture(scope="module")
def attacked() -> Iterator[str]:
    with served(scripted.attacked_bot(), {"en": [scripted.ATTACKED]}) as address:
        yield address


def test_attack_strings_are_shown_and_never_run(visit: Visit, attacked: str) -> None:
    page = visit(url=attacked)
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.locator("[data-act=example]").first.click()
    page.wait_for_selector("#og-live .og-done")
    for thing in (".og-cite", ".og-quote", ".og-removed summary", ".og-question"):
        page.locator(thing).first.hover()
    page.locator(".og-answer .og-cite").first.click()
    page.wait_for_selector("mark.og-current")
    page.locator(".og-article h2").hover()
    page.wait_for_timeout(500)
    assert page.evaluate("typeof window.__xss") == "undefined"
    assert dialogs == []
    for attack in scripted.ATTACKS:
        assert attack in page.locator(".og-question").text_content()
        assert attack in page.locator("mark.og-current").text_content()
    inside = "[id^=og-] :is(script, img, svg, iframe, style, [onerror], [onload], [onmouseover])"
    assert page.locator(".og-exchange, .og-article").locator(inside).count() == 0
    assert page.locator(".og-article a").count() == 0


def test_without_articles_the_page_says_how_to_add_them(browser: Any) -> None:
    with served(scripted.empty_bot()) as address:
        page = browser.new_page()
        page.goto(address)
        page.wait_for_selector(".og-command")
        assert "ordagrant ingest PATH… --data .ordagrant" in page.inner_text(".og-home")
        page.close()
