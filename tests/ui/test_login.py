"""The login before a page: who gets in, for how long, and how one gets out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.testclient import TestClient

from rag.settings import Settings
from rag.store.database import Database
from rag.store.keys import Keys
from rag.ui import shell
from rag.ui.login import Login
from rag.ui.session import Session
from rag.ui.strings import Strings
from rag.ui.visit import Visit
from rag.ui.words_login import WORDS

HTML = {"Accept": "text/html,*/*"}


@pytest.fixture
def keys(settings: Settings) -> Iterator[Keys]:
    database = Database.open(settings)
    yield Keys(database)
    database.close()


def guarded(keys: Keys, base_url: str = "http://news.example.org", **more: Any) -> TestClient:
    """A client of a small page that tells who visits it, behind the login."""
    page = FastAPI()
    wait = more.pop("wait", lambda _address: 0)
    login = Login(keys, wait, **more)

    @page.get("/")
    def who(request: Request) -> str | None:
        return login.visitor(request)

    api = FastAPI()
    login.add_routes(api, "/chat")
    api.mount("/chat", login.gate(page))
    return TestClient(api, base_url=base_url, follow_redirects=False)


def enter(client: TestClient, key: str, query: str = "") -> Any:
    return client.post(f"/chat/login{query}", data={"key": key})


def key(keys: Keys, name: str = "web", *scopes: Any) -> str:
    return keys.create(name, frozenset(scopes or ("ask",)))


def test_who_has_no_session_is_led_to_the_form_with_what_was_asked(keys: Keys) -> None:
    client = guarded(keys)
    page = client.get("/chat/?q=Vem%20vann%3F", headers=HTML)
    assert page.status_code == 303
    assert page.headers["location"] == "/chat/login?q=Vem%20vann%3F"
    for reply in (client.get("/chat/x"), client.post("/chat/x", headers=HTML)):
        assert reply.status_code == 401 and "log in again" in reply.json()["error"]


def test_a_key_opens_the_page_which_knows_its_name(keys: Keys) -> None:
    client = guarded(keys)
    reply = enter(client, f" {key(keys)}\n", "?q=Vem%3F")
    assert (reply.status_code, reply.headers["location"]) == (303, "/chat/?q=Vem%3F")
    assert client.get("/chat/").json() == "web"
    within = client.get("/chat/login")
    assert "You are logged in" in within.text and "With the key web." in within.text


def test_the_cookie_is_no_key_and_only_for_this_page(keys: Keys) -> None:
    made = key(keys)
    cookie = enter(guarded(keys), made).headers["set-cookie"]
    assert made not in cookie and made[-43:] not in cookie
    assert all(part in cookie for part in ("HttpOnly", "SameSite=lax", "Path=/chat"))
    assert "Secure" not in cookie and "expires" not in cookie.lower()
    assert "Secure" in enter(guarded(keys, https=True), made).headers["set-cookie"]
    by_tls = guarded(keys, "https://news.example.org")
    assert "Secure" in enter(by_tls, made).headers["set-cookie"]


@pytest.mark.parametrize("end", [Keys.revoke, Keys.rotate])
def test_a_key_that_was_ended_ends_its_sessions_and_no_others(keys: Keys, end: Any) -> None:
    client = guarded(keys)
    for name in ("web", "desk"):
        enter(client, key(keys, name))
        # Two visitors of one server: each with its own cookie.
        assert client.get("/chat/").json() == name
        if name == "web":
            webs = dict(client.cookies)
            client.cookies.clear()
    end(keys, "web")
    assert client.get("/chat/").json() == "desk"
    client.cookies.clear()
    client.cookies.update(webs)
    assert client.get("/chat/").status_code == 401
    assert client.get("/chat/", headers=HTML).headers["location"] == "/chat/login"


def test_a_wrong_key_and_one_that_may_not_ask_are_told_apart(keys: Keys) -> None:
    client = guarded(keys)
    for given, problem in (
        ("og_x", "unknown"),
        ("", "unknown"),
        ("å" * 5_000, "unknown"),
        (key(keys, "reading", "read", "manage"), "may_not"),
    ):
        reply = enter(client, given)
        assert reply.status_code == 403 and "set-cookie" not in reply.headers
        assert f'<p id="problem" role="alert">{WORDS[f"login_{problem}"][0]}</p>' in reply.text
        assert client.get("/chat/").status_code == 401


def test_whoever_tries_too_often_waits_even_with_a_right_key(keys: Keys) -> None:
    tried: list[str] = []

    def wait(address: str) -> int:
        tried.append(address)
        return 7 if len(tried) > 2 else 0

    client = guarded(keys, wait=wait)
    made = key(keys)
    assert [enter(client, "og_x").status_code for _ in range(2)] == [403, 403]
    reply = enter(client, made)
    assert (reply.status_code, reply.headers["retry-after"]) == (429, "7")
    assert "try again in 7 seconds" in reply.text and "set-cookie" not in reply.headers
    assert tried == ["testclient"] * 3


def test_whoever_logs_out_is_out_also_with_the_old_cookie(keys: Keys) -> None:
    client = guarded(keys)
    enter(client, key(keys))
    kept = dict(client.cookies)
    assert client.get("/chat/logout").headers["location"] == "/chat/login"
    assert client.get("/chat/").status_code == 200  # following a link is no wish to leave
    reply = client.post("/chat/logout")
    assert (reply.status_code, reply.headers["location"]) == (303, "/chat/login")
    assert not client.cookies
    client.cookies.update(kept)
    assert client.get("/chat/").status_code == 401


def test_sessions_end_unused_and_are_bounded(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    made = key(keys)
    client = guarded(keys)
    enter(client, made)
    monkeypatch.setattr("rag.ui.login._IDLE", -1.0)
    assert client.get("/chat/").status_code == 401
    monkeypatch.setattr("rag.ui.login._IDLE", 60.0)
    assert client.get("/chat/").status_code == 401
    monkeypatch.setattr("rag.ui.login._MOST", 1)
    enter(client, made)
    kept = dict(client.cookies)
    client.cookies.clear()
    enter(client, made)
    assert client.get("/chat/").status_code == 200
    client.cookies.clear()
    client.cookies.update(kept)
    assert client.get("/chat/").status_code == 401


@pytest.mark.parametrize("login", [True, False])
def test_the_page_shows_the_way_out_where_visitors_logged_in(login: bool) -> None:
    t = Strings("sv")
    top = shell.header(t, 5, Visit(), Session(), library=True, login=login)
    side = shell.sidebar(t, [], "", None, login=login)
    for html in (top, side):
        assert ("Logga ut" in html) is ("data-leave" in html) is login


@pytest.mark.parametrize(("language", "place"), [("en", 0), ("sv", 1)])
def test_the_form_is_in_the_visitors_language_and_runs_nothing(
    keys: Keys, language: str, place: int
) -> None:
    reply = guarded(keys).get("/chat/login", headers={"Accept-Language": language})
    assert f'<html lang="{language}">' in reply.text
    assert f'<label for="key">{WORDS["login_key"][place]}</label>' in reply.text
    policy = reply.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'") and "form-action 'self'" in policy
    assert "script" not in reply.text and "unsafe" not in policy
    assert reply.headers["cache-control"] == "no-store"
