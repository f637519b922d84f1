"""The widget's script, and the widget on a page of another origin under a strict policy."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.api.serving import serving
from tests.ui import scripted
from tests.ui.script import ScriptedBot
from tests.ui.scripted import ATTACKED, attacked_bot, sample_bot

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
SCRIPT = files("rag.api").joinpath("assets/widget.js").read_text(encoding="utf-8")


def test_the_script_is_for_anyone_and_small(client: TestClient) -> None:
    reply = client.get("/widget.js")
    assert reply.status_code == 200 and reply.text == SCRIPT
    assert reply.headers["content-type"].startswith("text/javascript")
    assert reply.headers["cross-origin-resource-policy"] == "cross-origin"
    assert len(reply.content) <= 20_000


def test_a_script_that_is_known_is_not_sent_again(client: TestClient) -> None:
    tag = client.get("/widget.js").headers["etag"]
    again = client.get("/widget.js", headers={"If-None-Match": tag})
    assert again.status_code == 304 and not again.content
    assert client.get("/widget.js", headers={"If-None-Match": '"other"'}).status_code == 200


def test_nothing_becomes_markup_and_nothing_is_stored() -> None:
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(",
                 ".style", "localStorage", "sessionStorage", "cookie", "import("):  # fmt: skip
        assert word not in SCRIPT


class _Page(BaseHTTPRequestHandler):
    """A page of somebody else's, with the strictest policy that lets the widget in."""

    def __init__(self, told: dict[str, str], *args: Any) -> None:
        self.told = told
        super().__init__(*args)

    def do_GET(self) -> None:
        server = self.told["server"]
        body = (
            f"<!doctype html><html lang='{self.told['lang']}'><title>A newspaper</title><main>"
            f"<h1>News</h1></main><script src='{server}/widget.js' {self.told['data']} defer>"
            "</script></html>"
        ).encode()
        self.send_response(200 if self.path == "/" else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header(
            "Content-Security-Policy",
            f"default-src 'none'; script-src {server}; connect-src {server}; base-uri 'none'; "
            "require-trusted-types-for 'script'; trusted-types 'none'",
        )
        self.end_headers()
        if self.path == "/":
            self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


Visit = Callable[..., Any]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Any) -> Iterator[Visit]:
    """`visit(bot, data=, lang=, scheme=, size=, allowed=)`: a page with the widget in it.

    `page.said` gathers what the console and the policy said, `page.asked` the requests.
    """
    from contextlib import ExitStack

    with ExitStack() as stack:

        def open_page(
            bot: ScriptedBot,
            data: str = "",
            lang: str = "en",
            scheme: str = "light",
            size: tuple[int, int] = (1000, 800),
            allowed: bool = True,
        ) -> Any:
            told = {"data": data, "lang": lang, "server": ""}
            site = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Page, told))
            threading.Thread(target=site.serve_forever, daemon=True).start()
            stack.callback(site.server_close)
            stack.callback(site.shutdown)
            # By another name and another port: another origin and another site.
            origin = f"http://localhost:{site.server_address[1]}"
            if allowed:
                bot.settings = bot.settings.model_copy(update={"api_origins": (origin,)})
            told["server"] = stack.enter_context(serving(bot))
            context = chromium.new_context(
                viewport={"width": size[0], "height": size[1]},
                color_scheme=scheme,
                reduced_motion="reduce",
            )
            stack.callback(context.close)
            page = context.new_page()
            page.set_default_timeout(20_000)
            page.said, page.asked, page.server = [], [], told["server"]
            page.on("console", lambda m: page.said.append(m.text))
            page.on("pageerror", lambda e: page.said.append(str(e)))
            page.on("request", lambda r: page.asked.append(r.url))
            page.goto(origin)
            page.locator("ordagrant-widget .open").wait_for()
            return page

        yield open_page


def _ask(page: Any, question: str, until: str = ".log details, .log .state.bad") -> None:
    if page.locator(".open").is_visible():
        page.locator(".open").click()
    page.locator("textarea").fill(question)
    page.keyboard.press("Enter")
    page.locator(until).last.wait_for()


def _quiet(page: Any) -> list[str]:
    """What was said, but for the icon that a browser asks every site for."""
    return [said for said in page.said if "404" not in said and "favicon" not in said]


@pytest.mark.browser
def test_an_answer_with_its_quotes_under_a_strict_policy(visit: Visit) -> None:
    bot = sample_bot()
    page = visit(bot)
    _ask(page, scripted.RARE_EARTHS, "blockquote")
    answer = bot.scripts[scripted.RARE_EARTHS].answer(scripted.RARE_EARTHS)
    told = page.locator(".log").inner_text()
    for statement in answer.statements:
        assert statement.text in told
    quotes = page.locator("blockquote")
    for i, quote in enumerate(answer.quotes):
        assert quote.text in quotes.nth(i).inner_text()
        link = quotes.nth(i).locator("a")
        assert link.get_attribute("href") == (
            f"{page.server}/a/{quote.article_id}?start={quote.start}&end={quote.end}"
            f"&sha={quote.article_sha256[:16]}#quote"
        )
        assert link.get_attribute("rel") == "noopener noreferrer"
    assert "The articles disagree" in told and "1 statement removed" in told
    assert "23 April 2025 (inferred date)" in told and "Translation:" in told
    # The styles came through the policy too.
    assert page.locator(".panel").evaluate("e => getComputedStyle(e).borderRadius") == "12px"
    assert _quiet(page) == []
    mine = [url for url in page.asked if not url.startswith(page.url)]
    assert mine and all(url.startswith(page.server) for url in mine)


@pytest.mark.browser
def test_the_link_opens_the_article_at_the_quote(visit: Visit) -> None:
    page = visit(sample_bot())
    _ask(page, scripted.PHONE, "blockquote")
    words = page.locator("blockquote").first.inner_text()
    with page.context.expect_page() as opened:
        page.locator("blockquote a").first.click()
    mark = opened.value.locator("mark").first
    mark.wait_for()
    assert mark.inner_text() in words


@pytest.mark.browser
def test_statements_come_as_they_stand_and_can_be_stopped(visit: Visit) -> None:
    bot = sample_bot()
    page = visit(bot)
    _ask(page, scripted.HELD, ".log p:has-text('Beijing wants')")
    assert page.locator(".state").inner_text().startswith("Writing")
    page.get_by_role("button", name="Stop").click()
    page.locator(".state", has_text="Stopped.").wait_for()
    bot.gate.set()
    assert page.get_by_role("button", name="Ask", exact=True).is_visible()
    _ask(page, scripted.PHONE, "blockquote")
    # What was stopped is no part of the conversation.
    assert bot.asked[-1] == (scripted.PHONE, ())


@pytest.mark.browser
def test_the_place_in_line_is_told(visit: Visit) -> None:
    bot = sample_bot()
    page = visit(bot)
    _ask(page, scripted.QUEUED, ".state:has-text('2 questions ahead of yours')")
    bot.gate.set()
    page.locator("blockquote").wait_for()


@pytest.mark.browser
def test_a_follow_up_brings_what_was_said_until_one_starts_over(visit: Visit) -> None:
    bot = sample_bot()
    page = visit(bot)
    _ask(page, scripted.PHONE, "blockquote")
    _ask(page, scripted.FOLLOW_UP, "blockquote:has-text('harsh')")
    page.locator("details").nth(1).wait_for()
    assert [turn.role for turn in bot.asked[1][1]] == ["user", "assistant"]
    assert bot.asked[1][1][0].content == scripted.PHONE
    page.get_by_role("button", name="Start over").click()
    assert page.locator("blockquote").count() == 0
    _ask(page, scripted.FOLLOW_UP, "blockquote")
    assert bot.asked[2][1] == ()


@pytest.mark.browser
def test_the_keyboard_does_it_all(visit: Visit) -> None:
    page = visit(sample_bot())
    focused = "document.querySelector('ordagrant-widget').shadowRoot.activeElement"
    page.keyboard.press("Tab")
    assert page.evaluate(f"{focused}.className") == "open"
    page.keyboard.press("Enter")
    assert page.evaluate(f"{focused}.tagName") == "TEXTAREA"
    page.keyboard.type("One")
    page.keyboard.press("Shift+Enter")
    assert page.locator("textarea").input_value() == "One\n"
    _ask(page, scripted.PHONE, "blockquote")
    page.locator(".mark").nth(1).focus()
    page.keyboard.press("Enter")
    assert page.evaluate(f"{focused}.dataset.n") == "2"
    page.keyboard.press("Escape")
    assert page.evaluate(f"{focused}.className") == "open"
    assert page.locator(".panel").is_hidden()
    # The conversation is still there.
    page.keyboard.press("Enter")
    assert page.locator("blockquote").first.is_visible()


@pytest.mark.browser
def test_a_screen_reader_hears_the_answer_once(visit: Visit) -> None:
    bot = sample_bot()
    page = visit(bot)
    _ask(page, scripted.PHONE, "blockquote")
    answer = bot.scripts[scripted.PHONE].answer(scripted.PHONE).answer
    assert page.get_by_role("status").inner_text().strip() == answer
    assert page.get_by_role("dialog", name="Ask the articles").is_visible()
    assert page.get_by_role("textbox", name="Your question").is_visible()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_grave(visit: Visit, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = visit(sample_bot(), scheme=scheme)
    for question in (scripted.RARE_EARTHS, scripted.UNANSWERED, scripted.LLM_DOWN):
        _ask(page, question)
    found = axe.Axe().run(page).response["violations"]
    grave = [one for one in found if one["impact"] in {"serious", "critical"}]
    assert grave == []


@pytest.mark.browser
def test_swedish_dark_and_small(visit: Visit) -> None:
    data = 'data-title="Fråga <b>SVT</b>" data-theme="dark" data-side="left"'
    page = visit(sample_bot(), data, lang="sv-SE", size=(360, 640))
    _ask(page, scripted.TARIFFS, "blockquote")
    assert page.get_by_role("heading", name="Fråga <b>SVT</b>").is_visible()
    told = page.locator(".log").inner_text()
    assert "3 citat" not in told and "2 citat" in told and "23 april 2025" in told
    assert page.locator(".panel").evaluate("e => getComputedStyle(e).backgroundColor") == (
        "rgb(23, 25, 28)"
    )
    box = page.locator(".panel").bounding_box()
    assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, 360, 640)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.browser
def test_a_refusal_and_an_error_are_told_in_a_sentence(visit: Visit) -> None:
    page = visit(sample_bot())
    _ask(page, scripted.UNANSWERED, ".log details")
    told = page.locator(".log").inner_text()
    assert "The articles do not say how many soybeans" in told
    assert "What came nearest, without answering" in told
    _ask(page, scripted.LLM_DOWN, ".state.bad")
    assert page.locator(".bad").inner_text() == "The LLM at port 1 does not answer: start it."


@pytest.mark.browser
def test_an_origin_that_is_not_allowed_gets_no_answer(visit: Visit) -> None:
    bot = sample_bot()
    page = visit(bot, allowed=False)
    _ask(page, scripted.PHONE, ".state.bad")
    assert "cannot be reached from this page" in page.locator(".bad").inner_text()
    assert any("ORDAGRANT_API_ORIGINS" in said for said in page.said)
    assert bot.asked == []


@pytest.mark.browser
def test_attacks_are_shown_as_the_words_they_are(visit: Visit) -> None:
    page = visit(attacked_bot())
    _ask(page, ATTACKED, "blockquote")
    page.locator("summary").first.click()
    assert page.evaluate("window.__xss") is None
    tags = page.locator(".log").evaluate(
        "log => [...new Set([...log.querySelectorAll('*')].map(e => e.localName))].sort()"
    )
    assert set(tags) <= {"a", "blockquote", "button", "details", "div", "h3", "h4", "li", "p",
                         "span", "summary", "ul"}  # fmt: skip
    assert all(
        href.startswith(f"{page.server}/a/")
        for href in page.locator("a").evaluate_all("all => all.map(a => a.href)")
    )
    for script in ATTACKED.split(" ")[:3]:
        assert script in page.locator(".asked").inner_text()
    assert _quiet(page) == []
