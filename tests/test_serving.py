"""What is served beside the API: the chat, behind a login where keys are needed, and MCP."""

from __future__ import annotations

import json
import logging
import socket
from typing import Any

import pytest
from fastapi.testclient import TestClient

from rag.api.door import Door
from rag.bot import Bot
from rag.errors import SettingsError
from rag.serving import _listening, _login, adding, build_app
from rag.store.keys import Keys
from tests.api.conftest import key, news
from tests.test_bot import QUESTION

__all__ = ["news"]

CALL = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "ask", "arguments": {"question": QUESTION}},
}
MCP = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2025-06-18"}


def app_of(bot: Bot, host: str, chat: bool = False) -> TestClient:
    door = Door.of(bot, host, adding(bot))
    return TestClient(build_app(door, host, chat=chat), base_url=f"http://{host}")


def test_the_chat_is_beside_the_api(news: Bot) -> None:
    with app_of(news, "127.0.0.1", chat=True) as client:
        page = client.get("/")
        assert page.status_code == 200 and page.url.path == "/chat/"
        assert "Ordagrant" in page.text
        assert "default-src 'none'" not in page.headers["content-security-policy"]
        assert client.get("/api/articles").json()["total"] == 1
        assert client.get("/api/none").json()["error"]
        assert client.get("/favicon.ico").headers["content-type"] == "image/svg+xml"


def test_where_keys_are_needed_the_chat_wants_one_too(news: Bot) -> None:
    with app_of(news, "192.168.1.4", chat=True) as client:
        assert client.get("/chat/config").status_code == 401
        key(news, "ask", name="web")
        word = Keys(news.store.database).rotate("web")
        wrong = client.post("/chat/login", data={"username": "x", "password": "og_x"})
        assert wrong.status_code == 400
        right = client.post("/chat/login", data={"username": "x", "password": word})
        assert right.status_code == 200
        assert client.get("/chat/config").status_code == 200


def test_a_login_takes_a_key_that_may_ask(news: Bot) -> None:
    login = _login(Door.of(news, "192.168.1.4"))
    keys = Keys(news.store.database)
    assert login(keys.create("a", frozenset({"ask"})))
    assert not login(keys.create("b", frozenset({"read"})))
    assert not login("")


@pytest.mark.parametrize("path", ["/mcp", "/mcp/"])
def test_mcp_is_mounted_behind_the_keys_and_audited(
    news: Bot, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("mcp")
    caplog.set_level(logging.INFO, "ordagrant.audit")
    with app_of(news, "192.168.1.4") as client:
        assert client.post(path, json=CALL, headers=MCP).status_code == 401
        reading = key(news, "read", name="reading")
        assert client.post(path, json=CALL, headers=MCP | reading).status_code == 403
        asking = key(news, "ask", name="asking")
        reply = client.post(path, json=CALL, headers=MCP | asking, follow_redirects=False)
    assert reply.status_code == 200, reply.text
    assert "30 million kronor" in _result(reply.text)["structuredContent"]["answer"]
    lines = [json.loads(r.getMessage()) for r in caplog.records if r.name == "ordagrant.audit"]
    assert [line["key"] for line in lines] == ["asking"]


def test_an_address_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=rf"127\.0\.0\.1:{port}.*--port"):
            _listening("127.0.0.1", port)
    with _listening("127.0.0.1", 0) as free:
        assert free.getsockname()[1] > 0


def _result(text: str) -> Any:
    data = next((line[6:] for line in text.splitlines() if line.startswith("data: ")), text)
    return json.loads(data)["result"]
