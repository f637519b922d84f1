"""Conversations, editing, filters and links in a real browser, over scripted answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from rag.types import Filters
from tests.ui import scripted
from tests.ui.scripted import ScriptedBot
from tests.ui.test_browser import _ask

pytestmark = pytest.mark.browser

Visit = Callable[..., Any]


def _questions(page: Any) -> list[str]:
    """The questions on the page, without what only a screen reader hears before them."""
    found = page.locator(".og-question").all_text_contents()
    return [text.split(": ", 1)[1] for text in found]


def _open_side(page: Any) -> None:
    page.click("#og-top [data-side]")
    page.wait_for_selector(".og-sidebar", state="visible")


def test_a_reload_shows_the_conversation_again(visit: Visit, url: str) -> None:
    page = visit()
    _ask(page, scripted.PHONE)
    _ask(page, scripted.FOLLOW_UP)
    assert "?c=" in page.url
    page.reload()
    page.wait_for_selector("#og-live .og-done")
    assert _questions(page) == [scripted.PHONE, scripted.FOLLOW_UP]
    page.locator("#og-past .og-cite").first.click()
    page.wait_for_selector("mark.og-current")
    page.goto(url)  # as after a restart of the browser: what was open last
    page.wait_for_selector("#og-live .og-done")
    assert _questions(page) == [scripted.PHONE, scripted.FOLLOW_UP]
    page.click("#og-top [data-act=fresh]")
    page.wait_for_selector(".og-home")
    assert "c=" not in page.url
    page.reload()
    page.wait_for_selector(".og-home")


def test_conversations_are_listed_opened_searched_and_renamed(visit: Visit) -> None:
    page = visit()
    _ask(page, scripted.PHONE)
    page.click("#og-top [data-act=fresh]")
    page.wait_for_selector(".og-home")
    _ask(page, scripted.TARIFFS)
    _open_side(page)
    titles = page.locator(".og-conversation")
    assert titles.all_text_contents() == [scripted.TARIFFS, scripted.PHONE]
    assert page.inner_text(".og-here .og-conversation") == scripted.TARIFFS
    titles.nth(1).click()
    page.locator("#og-live .og-question", has_text=scripted.PHONE).wait_for()
    assert _questions(page) == [scripted.PHONE]

    page.locator(".og-here [data-more]").click()
    page.locator(".og-here [data-rename]").click()
    page.keyboard.type("The call <b>")
    page.keyboard.press("Enter")
    page.locator(".og-toast", has_text="Renamed to “The call <b>”.").wait_for()
    assert page.evaluate("document.activeElement.textContent") == "The call <b>"

    page.fill(".og-search", "genève")
    page.wait_for_function("document.querySelectorAll('.og-conversation').length === 1")
    assert titles.all_text_contents() == [scripted.TARIFFS]
    page.fill(".og-search", "nothing like it")
    page.locator(".og-side-none", has_text="No conversation holds these words.").wait_for()
    page.reload()
    page.wait_for_selector(".og-here", state="visible")  # open as it was, and the search is gone
    assert titles.all_text_contents() == [scripted.TARIFFS, "The call <b>"]


def test_deleting_can_be_undone(visit: Visit) -> None:
    page = visit()
    _ask(page, scripted.PHONE)
    _open_side(page)
    page.click(".og-here [data-more]")
    page.click(".og-here [data-act=delete-conversation]")
    page.wait_for_selector(".og-home")
    assert page.locator(".og-conversation").count() == 0
    assert page.locator("[role=status] .og-toast").count() == 1
    page.wait_for_timeout(10_000)
    page.click(".og-undo-button")
    page.locator(".og-conversation", has_text=scripted.PHONE).click()
    page.wait_for_selector("#og-live .og-done")
    assert _questions(page) == [scripted.PHONE]


@pytest.mark.parametrize(("form", "ending"), [("markdown", ".md"), ("json", ".json")])
def test_a_conversation_is_saved_with_its_quotes(visit: Visit, form: str, ending: str) -> None:
    page = visit()
    _ask(page, scripted.PHONE)
    _open_side(page)
    page.click(".og-here [data-more]")
    with page.expect_download() as waiting:
        page.click(f".og-here [data-form={form}]")
    assert waiting.value.suggested_filename.endswith(ending)
    text = Path(waiting.value.path()).read_text(encoding="utf-8")
    assert "harsh warnings about Taiwan" in text
    if form == "json":
        assert json.loads(text)


def test_an_address_asks_its_question_under_its_filters(
    bot: ScriptedBot, visit: Visit, url: str
) -> None:
    address = f"{url}?q={quote(scripted.TARIFFS)}&from=2025-04-01&language=sv"
    page = visit(url=address, home="#og-live .og-done", locale="sv-SE")
    assert _questions(page) == [scripted.TARIFFS]
    assert bot.filters[-1].language == "sv" and str(bot.filters[-1].date_from) == "2025-04-01"
    assert "q=" not in page.url and "c=" in page.url
    asked = len(bot.asked)
    page.reload()
    page.wait_for_selector("#og-live .og-done")
    assert (_questions(page), len(bot.asked)) == ([scripted.TARIFFS], asked)


def test_the_link_to_a_question_can_be_copied(visit: Visit, url: str) -> None:
    page = visit()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    _ask(page, scripted.PHONE)
    page.click("#og-live [data-act=copylink]")
    page.locator(".og-toast", has_text="is copied").wait_for()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == page.input_value(".og-link")
    page.goto(link)
    page.wait_for_selector("#og-live .og-done")
    assert link.startswith(url) and _questions(page) == [scripted.PHONE]


def test_an_earlier_question_is_edited_and_replaces_what_followed(visit: Visit) -> None:
    page = visit()
    _ask(page, scripted.PHONE)
    _ask(page, scripted.FOLLOW_UP)
    page.click("#og-past [data-act=edit]")
    page.wait_for_selector("#og-note [data-editing]")
    assert page.input_value("#og-box textarea") == scripted.PHONE
    page.keyboard.press("Escape")
    page.wait_for_selector("#og-note [data-editing]", state="detached")
    assert page.input_value("#og-box textarea") == ""

    page.click("#og-live [data-act=rephrase]")
    page.wait_for_selector("#og-note [data-editing]")
    assert page.input_value("#og-box textarea").startswith("What did China say about")
    page.click("[data-act=cancel-edit]")
    page.wait_for_selector("#og-note [data-editing]", state="detached")

    page.click("#og-past [data-act=edit]")
    page.wait_for_selector("#og-note [data-editing]")
    page.fill("#og-box textarea", scripted.TARIFFS)
    page.keyboard.press("Enter")
    page.locator("#og-live .og-question", has_text=scripted.TARIFFS).wait_for()
    page.wait_for_selector("#og-live .og-done")
    assert _questions(page) == [scripted.TARIFFS]
    assert page.locator("#og-note [data-editing]").count() == 0


def test_asking_again_keeps_the_place(bot: ScriptedBot, visit: Visit) -> None:
    page = visit()
    _ask(page, scripted.PHONE)
    asked = len(bot.asked)
    page.click("#og-live [data-act=retry]")
    page.wait_for_function(
        "document.querySelector('#og-ask')?.checkVisibility() &&"
        " document.querySelectorAll('#og-live .og-done').length === 1"
    )
    page.wait_for_timeout(500)
    assert _questions(page) == [scripted.PHONE]
    assert [q for q, _ in bot.asked[asked:]] == [scripted.PHONE]


def test_filters_are_set_shown_and_taken_away(bot: ScriptedBot, visit: Visit) -> None:
    page = visit()
    page.click(".og-filter summary")
    page.fill("[data-field=from]", "2025-06-30")
    page.fill("[data-field=to]", "2025-04-01")
    page.keyboard.press("Tab")
    page.locator(".og-filter-problem", has_text="is after the last").wait_for()
    page.fill("[data-field=from]", "2025-04-01")
    page.fill("[data-field=to]", "2025-06-30")
    page.select_option("[data-field=source]", "SVT")
    chips = page.locator(".og-chip")
    page.wait_for_function("document.querySelectorAll('.og-chip').length === 2")
    assert chips.all_inner_texts() == ["2025-04-01 – 2025-06-30", "SVT"]
    page.keyboard.press("Escape")
    _ask(page, scripted.TARIFFS)
    assert (str(bot.filters[-1].date_to), bot.filters[-1].source) == ("2025-06-30", "SVT")
    chips.nth(0).click()
    page.wait_for_function("document.querySelectorAll('.og-chip').length === 1")
    chips.nth(0).click()
    page.wait_for_function("document.querySelectorAll('.og-chip').length === 0")
    _ask(page, scripted.PHONE)
    assert bot.filters[-1] == Filters()


def test_a_thumb_stays_where_it_was_given(bot: ScriptedBot, visit: Visit) -> None:
    page = visit()
    _ask(page, scripted.PHONE)
    thumb = "#og-live [data-target=answer][data-verdict=up]"
    page.click(thumb)
    page.wait_for_selector(f"{thumb}[aria-pressed=true]")
    page.reload()
    page.wait_for_selector(f"{thumb}[aria-pressed=true]")
    assert bot.store.feedback.all()
    page.click(thumb)
    page.wait_for_selector(f"{thumb}[aria-pressed=false]")
    assert bot.store.feedback.all() == []


def test_two_browsers_never_see_each_others_conversations(visit: Visit, url: str) -> None:
    one, other = visit(), visit()
    _ask(one, scripted.PHONE)
    address = one.url
    other.goto(address)  # even knowing where it is
    other.locator(".og-toast", has_text="belongs to another browser").wait_for()
    assert other.locator(".og-exchange").count() == 0
    _open_side(other)
    other.wait_for_selector(".og-side-none")
    assert other.locator(".og-conversation").count() == 0


def test_the_place_in_line_is_shown_and_closing_the_page_gives_it_up(
    bot: ScriptedBot, visit: Visit
) -> None:
    page = visit()
    bot.gate.clear()
    bot.closed.clear()
    _ask(page, scripted.QUEUED, ".og-quote")
    page.locator("#og-note", has_text="2 questions ahead of yours").wait_for()
    assert page.locator("#og-note [role=status]").count() == 1
    page.context.close()
    assert bot.closed.wait(20)
    bot.gate.set()


def test_stopping_puts_the_cursor_back_into_the_box(bot: ScriptedBot, visit: Visit) -> None:
    page = visit()
    bot.gate.clear()
    _ask(page, scripted.QUEUED, ".og-quote")
    page.click("#og-stop")
    page.wait_for_selector("#og-live .og-stopped")
    page.wait_for_selector("#og-box textarea:focus")
    assert page.locator(".og-note-line").count() == 0
    bot.gate.set()
    _ask(page, scripted.UNANSWERED)
    page.wait_for_selector("#og-box textarea:focus")


def test_on_a_phone_the_conversations_are_a_drawer(visit: Visit) -> None:
    page = visit(size=(390, 844))
    _ask(page, scripted.PHONE)
    page.click("#og-top [data-side]")
    page.wait_for_selector(".og-sidebar .og-new:focus")
    assert page.evaluate("document.getElementById('og-main').inert")
    assert _still(page)
    for _ in range(8):
        page.keyboard.press("Tab")
        assert page.evaluate("Boolean(document.activeElement.closest('#og-side'))")
    page.keyboard.press("Escape")
    page.wait_for_selector(".og-sidebar", state="hidden")
    assert page.evaluate("document.activeElement.dataset.side") == "toggle"
    assert not page.evaluate("document.getElementById('og-main').inert")
    assert not _still(page)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def _still(page: Any) -> bool:
    """Whether a turn of the wheel leaves the page where it is."""
    return bool(page.evaluate("getComputedStyle(document.documentElement).overflow === 'hidden'"))


@pytest.mark.parametrize("width", [1100, 1110, 1600])
def test_where_there_is_room_the_conversations_stand_beside_the_chat(
    visit: Visit, width: int
) -> None:
    page = visit(size=(width, 700))
    _ask(page, scripted.PHONE)
    free = page.locator("#og-talk").bounding_box()
    _open_side(page)
    side, talk = (page.locator(part).bounding_box() for part in ("#og-side", "#og-talk"))
    assert side["x"] == 0 and side["width"] > 200
    assert talk["x"] >= side["x"] + side["width"] and talk["x"] + talk["width"] <= width
    page.click("#og-top [data-side]")
    page.wait_for_selector(".og-sidebar", state="hidden")
    assert page.locator("#og-talk").bounding_box() == free


def test_the_shell_speaks_swedish(visit: Visit) -> None:
    page = visit(locale="sv-SE")
    _open_side(page)
    assert page.inner_text(".og-new") == "Nytt samtal"
    assert page.inner_text(".og-side-none") == "Inget har frågats än."
    assert page.inner_text(".og-filter summary") == "Alla artiklar"
