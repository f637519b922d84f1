"""The page that an answer's links lead to."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast
from urllib.parse import urlsplit

import nh3
import pytest
from fastapi.testclient import TestClient

from rag.api.app import build_api
from rag.api.door import Door
from rag.api.page_words import WORDS, Words, wanted_language
from rag.links import article_link, web_address
from rag.settings import Settings
from rag.types import Published
from tests.api.made import ITEMS, MadeBot
from tests.ui.script import ScriptedBot, made_article, quote
from tests.ui.scripted import ATTACKED, ATTACKS, CALL, attacked_bot

QUOTED = (
    "However, subsequent posts by President Trump on his Truth Social platform shed more light on "
    "the discussion, stating it was “very good” and focused “almost entirely on TRADE.”"
)


def client_of(bot: ScriptedBot, **changes: Any) -> TestClient:
    return TestClient(build_api(replace(Door(cast(Any, bot), bot.settings), **changes)))


@pytest.fixture
def at(bot: ScriptedBot) -> tuple[int, int]:
    article = bot.store.article(CALL)
    assert article is not None
    start = article.text.index(QUOTED)
    return start, start + len(QUOTED)


def marked(page: str) -> list[str]:
    """The words that a page highlights."""
    return [html.unescape(words) for words in re.findall(r"<mark [^>]*>(.*?)</mark>", page, re.S)]


def words_of(page: str) -> str:
    body = page[page.index("<body>") :]
    return html.unescape(nh3.clean(body, tags=set()))


def test_the_quote_is_highlighted_in_its_article(client: TestClient, at: tuple[int, int]) -> None:
    reply = client.get(f"/a/{CALL}?start={at[0]}&end={at[1]}")
    assert reply.status_code == 200
    assert marked(reply.text) == [QUOTED]
    assert '<mark id="quote"' in reply.text
    assert 'href="#quote"' in reply.text
    assert "WASHINGTON – In a move" in reply.text
    assert "5 June 2025" in reply.text
    assert "(inferred date)" in reply.text
    assert '<span class="masked">Related posts</span>' in reply.text


def test_the_checksum_is_that_of_the_article(client: TestClient, bot: ScriptedBot) -> None:
    article = bot.store.article(CALL)
    assert article is not None
    assert f"<code>{article.info.sha256}</code>" in client.get(f"/a/{CALL}").text


def test_every_link_of_an_answer_leads_to_its_quote() -> None:
    client = client_of(MadeBot())
    for n, item in enumerate(ITEMS, start=1):
        link = urlsplit(article_link("http://testserver", quote(item, n)))
        assert link.fragment == "quote"
        reply = client.get(f"{link.path}?{link.query}")
        assert marked(reply.text) == [item.sentence.text]


@pytest.mark.parametrize(
    "query",
    [
        "start=5&end=5",
        "start=9&end=5",
        "start=0&end=99999999",
        "start=-1&end=5",
        "start=0",
        "end=9",
        "start=a&end=b",
        "start=٣&end=٩",
        f"start=0&end={'9' * 5000}",
        "start=&end=",
    ],
)
def test_a_wrong_place_is_said_and_the_article_shown(client: TestClient, query: str) -> None:
    reply = client.get(f"/a/{CALL}?{query}")
    assert reply.status_code == 200
    assert marked(reply.text) == []
    assert "no quote is highlighted" in words_of(reply.text)
    assert "WASHINGTON" in reply.text
    assert 'href="#quote"' not in reply.text


def test_without_a_place_there_is_nothing_to_complain_about(client: TestClient) -> None:
    assert "highlighted" not in words_of(client.get(f"/a/{CALL}").text)


def test_a_changed_article_is_not_highlighted(client: TestClient, at: tuple[int, int]) -> None:
    reply = client.get(f"/a/{CALL}?start={at[0]}&end={at[1]}&sha=0123456789abcdef")
    assert marked(reply.text) == []
    assert "has changed since it was quoted" in words_of(reply.text)


def test_an_unknown_article_is_a_page_too(client: TestClient) -> None:
    for path in ("/a/nothing", "/a/no/such/thing", "/a/%00%ff"):
        reply = client.get(path)
        assert reply.status_code == 404
        assert reply.headers["content-type"].startswith("text/html")
        assert "There is no such article" in reply.text


def test_who_has_no_key_gets_a_page_that_says_so(bot: ScriptedBot) -> None:
    reply = client_of(bot, keys_needed=True).get(f"/a/{CALL}")
    assert (reply.status_code, reply.headers["www-authenticate"]) == (401, "Bearer")
    assert "have a key" in reply.text
    assert "WASHINGTON" not in reply.text


def test_the_interface_is_in_the_language_of_the_reader(client: TestClient) -> None:
    reply = client.get(f"/a/{CALL}", headers={"Accept-Language": "sv-SE,sv;q=0.9,en;q=0.8"})
    assert '<html lang="sv">' in reply.text
    assert '<article lang="en"' in reply.text
    assert "5 juni 2025" in reply.text
    assert "uppskattat datum" in reply.text


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("de,fr", "en"),
        ("SV", "sv"),
        ("en;q=0.5, sv;q=0.8", "sv"),
        ("sv;q=0, en", "en"),
        ("de, sv;q=0.1", "sv"),
        ("sv;q=oops", "sv"),
        (";;;,,=q", "en"),
    ],
)
def test_wanted_language(accept: str | None, language: str) -> None:
    assert wanted_language(accept) == language


def test_every_word_is_there_in_both_languages() -> None:
    for key, (english, swedish) in WORDS.items():
        assert english.strip() and swedish.strip(), key
        fields = re.findall(r"\{\w+\}", english)
        assert fields == re.findall(r"\{\w+\}", swedish), key
    with pytest.raises(KeyError):
        Words("en")("no such word")


class _Attack:
    def __init__(self) -> None:
        bot = attacked_bot()
        [self.article] = bot.store.articles.values()
        self.item = bot.scripts[ATTACKED].items[0]
        self.client = client_of(bot)


@pytest.fixture
def attack() -> Iterator[_Attack]:
    yield _Attack()


def test_nothing_in_an_article_becomes_more_than_words(attack: _Attack) -> None:
    link = urlsplit(article_link("http://testserver", quote(attack.item, 1)))
    reply = attack.client.get(f"{link.path}?{link.query}")
    assert reply.status_code == 200
    assert marked(reply.text) == [attack.item.sentence.text]
    body = reply.text[reply.text.index("<body>") :]
    tags = set(re.findall(r"<(\w+)", body))
    assert tags <= {
        *("body", "a", "main", "header", "h1", "p", "time", "span", "bdi", "details", "summary"),
        *("article", "mark", "footer", "code"),
    }
    assert not re.search(r"<[^>]*\son\w+\s*=", body)
    assert "javascript:" not in " ".join(re.findall(r'href="([^"]*)"', body))
    assert len(re.findall(r"<style>", reply.text)) == 1
    for one in ATTACKS:
        assert one in words_of(reply.text)


def test_the_policy_lets_nothing_run_and_just_our_style_apply(client: TestClient) -> None:
    policy = client.get(f"/a/{CALL}").headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "script-src" not in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'self'" in policy


def test_allowed_origins_may_frame_it(bot: ScriptedBot) -> None:
    bot.settings = Settings(llm="none", api_origins=("https://chat.example",))
    policy = client_of(bot).get(f"/a/{CALL}").headers["content-security-policy"]
    assert policy.endswith("frame-ancestors 'self' https://chat.example")


@pytest.mark.parametrize(
    ("source", "linked"),
    [
        ("https://news.example/a?b=1&c=2", True),
        ("HTTP://news.example/", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("//news.example/x", False),
        ("/srv/secret/folder/a.txt", False),
        ("http://[broken", False),
    ],
)
def test_only_web_addresses_are_linked(source: str, linked: bool) -> None:
    article = made_article("x", "Words.", source=source, published=Published())
    page = client_of(ScriptedBot([article], {})).get("/a/x").text
    links = [html.unescape(href) for href in re.findall(r'<a href="([^"]*)"', page)]
    assert links == ([source] if linked else [])
    assert (web_address(source) is not None) == linked
    assert "/srv/secret" not in page
    assert "undated" in page
