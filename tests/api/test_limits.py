"""Rates, sizes, and who may come: hosts, origins, proxies, and the headers of each reply."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from fastapi.testclient import TestClient

from rag.api.app import build_api
from rag.api.door import Door
from rag.api.errors import ApiError
from rag.api.limits import BodyLimit, Rates, network_of
from rag.bot import Bot
from rag.errors import SettingsError
from rag.settings import load_settings
from tests.api.conftest import key, served, with_settings
from tests.test_bot import QUESTION

BODY = {"question": QUESTION}


def test_a_rate_counts_each_by_itself() -> None:
    rates = Rates("2/minute", "1/minute")
    for name in ("a", "b"):
        rates.take_key(name)
        rates.take_key(name)
        with pytest.raises(ApiError, match="2 per 1 minute that one key may send") as refused:
            rates.take_key(name)
        assert 1 <= int(refused.value.headers["Retry-After"]) <= 61  # type: ignore[index]
    rates.take_address("192.0.2.1")
    rates.take_address("192.0.2.2")
    with pytest.raises(ApiError):
        rates.take_address("192.0.2.1")


def test_one_ipv6_user_has_one_address() -> None:
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:1") == "2001:db8::/64"
    assert network_of("2001:db8:0:1::1") != network_of("2001:db8::1")
    assert network_of("::ffff:192.0.2.1") == "192.0.2.1"
    assert network_of("testclient") == "testclient"


def test_a_key_has_its_own_rate_and_strangers_theirs(news: Bot) -> None:
    changed = {"api_rate_key": "2/minute", "api_rate_address": "3/minute"}
    with served(news, "192.168.1.4", **changed) as client:
        made = key(news, "read")
        found = [client.get("/api/articles", headers=made).status_code for _ in range(3)]
        assert found == [200, 200, 429]
        # Who guesses keys is slowed down, whatever he guesses.
        wrong = [
            client.get("/api/articles", headers={"X-API-Key": f"og_{n}"}).status_code
            for n in range(5)
        ]
        assert wrong == [401, 401, 401, 429, 429]


def test_nobody_is_counted_on_loopback_by_default(news: Bot) -> None:
    with served(news) as client:
        assert {client.get("/api/articles").status_code for _ in range(130)} == {200}


def test_a_large_body_is_refused_said_or_not(news: Bot) -> None:
    with served(news, api_body_kb=10) as client:
        said = client.post("/api/ask", content=b"x" * 10_001)
        unsaid = client.post("/api/ask", content=(b"x" * 1_000 for _ in range(20)))
        for response in (said, unsaid):
            assert response.status_code == 413
            assert "larger than the 10 kB" in response.json()["error"]
        assert client.post("/api/ask", json=BODY).status_code == 200


def test_a_file_may_be_larger_than_a_question(news: Bot) -> None:
    with served(news, api_body_kb=1, max_file_mb=1) as client:
        text = ("The bridge at Norrby was opened on Sunday. " * 100).encode()
        files = [("files", ("bridge.txt", text))]
        assert client.post("/api/articles", files=files).json()["added"] == 1


def test_a_body_that_does_not_come_is_given_up(door: Door) -> None:
    app = BodyLimit(build_api(door), most=lambda path: 1_000, reading=0.05)
    sent: list[Any] = []

    async def call() -> None:
        async def receive() -> Any:
            await asyncio.sleep(10)

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http", "method": "POST", "path": "/api/ask", "query_string": b"",
            "headers": [(b"host", b"localhost"), (b"content-length", b"5")],
            "scheme": "http", "server": ("localhost", 80), "client": ("::1", 1), "root_path": "",
        }  # fmt: skip
        await app(scope, receive, send)

    asyncio.run(call())
    assert sent[0]["status"] == 408


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost:8000", 200),
        ("127.0.0.1", 200),
        ("[::1]:8000", 200),
        ("news.example.org", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("", 421),
    ],
)
def test_a_foreign_name_does_not_reach_an_open_door(news: Bot, host: str, status: int) -> None:
    with served(news, api_hosts=("news.example.org",)) as client:
        response = client.get("/api/articles", headers={"Host": host})
    assert response.status_code == status


def test_pages_of_other_sites_change_nothing(news: Bot) -> None:
    with served(news) as client:
        for origin in ("https://evil.example", "null", "http://127.0.0.1:9999", "http://["):
            response = client.post("/api/ask", json=BODY, headers={"Origin": origin})
            assert response.status_code == 403, origin
            assert "access-control-allow-origin" not in response.headers
        own = client.post("/api/ask", json=BODY, headers={"Origin": "http://127.0.0.1"})
        assert own.status_code == 200
        read = client.get("/api/articles", headers={"Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in read.headers


def test_an_allowed_origin_may(news: Bot) -> None:
    origin = "https://www.example.org"
    with served(news, api_origins=(origin,)) as client:
        asked = {
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, content-type",
        }
        allowed = client.options("/api/ask", headers=asked)
        assert allowed.status_code == 200
        assert allowed.headers["access-control-allow-origin"] == origin
        response = client.post("/api/ask", json=BODY, headers={"Origin": origin})
        assert response.headers["access-control-allow-origin"] == origin
        assert "access-control-allow-credentials" not in response.headers
        other = client.options("/api/ask", headers={**asked, "Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in other.headers


@pytest.mark.parametrize(
    ("client_at", "counted"), [("10.0.0.9", "203.0.113.7"), ("198.51.100.1", "198.51.100.1")]
)
def test_only_a_trusted_proxy_is_believed(news: Bot, client_at: str, counted: str) -> None:
    bot = with_settings(news, api_proxies=("10.0.0.0/8",))
    seen: list[str] = []
    door = Door.of(bot, "192.168.1.4")
    door.rates.take_address = seen.append  # type: ignore[method-assign]
    forwarded = {"X-Forwarded-For": "1.2.3.4, 203.0.113.7", "X-Forwarded-Proto": "https"}
    with TestClient(build_api(door), client=(client_at, 5)) as client:
        client.get("/api/articles", headers=forwarded)
    assert seen == [counted]


def test_each_reply_tells_the_browser_what_it_may(news: Bot) -> None:
    with served(news, base_url="https://127.0.0.1") as client:
        for path in ("/api/articles", "/healthz", "/nothing", "/api/nothing"):
            headers = client.get(path).headers
            assert headers["x-content-type-options"] == "nosniff", path
            assert headers["referrer-policy"], path
            assert "frame-ancestors" in headers["content-security-policy"], path
            assert headers["strict-transport-security"], path
        assert client.get("/api/articles").headers["cache-control"] == "no-store"
        refused = client.post("/api/ask", headers={"Origin": "https://evil.example"})
        assert refused.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("api_rate_key", "often"),
        ("api_rate_address", "5 per blue moon"),
        ("api_origins", "*"),
        ("api_origins", "www.example.org"),
        ("api_proxies", "proxy.example.org"),
        ("base_url", "news.example.org"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: Any) -> None:
    with pytest.raises(SettingsError, match=f"ORDAGRANT_{name.upper()}"):
        load_settings(**{name: value})


def test_lists_are_set_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDAGRANT_API_ORIGINS", "https://a.example, https://b.example:8443")
    assert load_settings().api_origins == ("https://a.example", "https://b.example:8443")
