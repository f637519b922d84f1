"""What is served beside the API: the chat, behind a login where keys are needed, and MCP."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from rag.api.asking import Desk
from rag.api.door import Door
from rag.bot import Bot
from rag.errors import SettingsError
from rag.serving import _listening, adding, build_app
from rag.store.keys import Keys
from tests.api.conftest import key, news, with_settings
from tests.test_bot import QUESTION

__all__ = ["news"]

ROOT = Path(__file__).parents[1]
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


def test_where_keys_are_needed_the_chat_wants_one_too_until_it_is_revoked(news: Bot) -> None:
    with app_of(news, "192.168.1.4", chat=True) as client:
        assert client.get("/chat/config").status_code == 401
        assert client.get("/chat/theme.css").status_code == 401  # which Gradio gives to anyone
        form = client.get("/", headers={"Accept": "text/html"})
        assert form.url.path == "/chat/login" and "frame-ancestors 'self'" in _policy(form)
        keys = Keys(news.store.database)
        word = keys.create("web", frozenset({"ask"}))
        assert client.post("/chat/login", data={"key": "og_x"}).status_code == 403
        foreign = {"Origin": "https://other.example.org"}
        assert client.post("/chat/login", data={"key": word}, headers=foreign).status_code == 403
        page = client.post("/chat/login", data={"key": word})
        assert page.status_code == 200 and page.url.path == "/chat/"
        assert "location.assign" in page.text and "script-src" not in _policy(page)
        assert client.get("/chat/config").json()["username"] == "web"
        assert client.get("/api/articles").status_code == 401  # the cookie is for the chat alone
        keys.revoke("web")
        assert client.get("/chat/config").status_code == 401
        assert client.post("/chat/gradio_api/queue/join", json={}).status_code == 401


def test_what_the_chat_and_mcp_refuse_is_told_in_our_words(news: Bot) -> None:
    pytest.importorskip("mcp")
    with app_of(news, "127.0.0.1", chat=True) as client:
        for reply, status in (
            (client.get("/chat/nothing"), 404),
            (client.post("/chat/gradio_api/queue/join", json={"data": [], "fn_index": 9_999}), 400),
            (client.get("/mcp", headers=MCP), 405),
            (client.post("/mcp", content=b"{", headers=MCP), 400),
        ):
            assert reply.status_code == status
            error = reply.json()["error"]
            assert (error if isinstance(error, str) else error["message"]).endswith(".")


def test_logins_are_limited_by_the_rate_of_an_address(news: Bot) -> None:
    bot = with_settings(news, api_rate_address="2/hour")
    with app_of(bot, "192.168.1.4", chat=True) as client:
        tries = [client.post("/chat/login", data={"key": "og_x"}) for _ in range(3)]
    assert [reply.status_code for reply in tries] == [403, 403, 429]
    assert 0 < int(tries[2].headers["retry-after"]) <= 3_600


def test_where_no_key_is_needed_there_is_no_login(news: Bot) -> None:
    with app_of(news, "127.0.0.1", chat=True) as client:
        page = client.get("/chat/")
        assert page.status_code == 200 and "location.assign" not in page.text
        assert client.get("/chat/config").json()["username"] is None


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


def test_questions_over_mcp_are_in_one_line_with_those_of_the_api(news: Bot) -> None:
    pytest.importorskip("mcp")
    door = replace(Door.of(news, "127.0.0.1"), desk=Desk(at_once=1, in_line=0))
    go = threading.Event()

    def question_to_the_api() -> None:
        go.wait(60)

    api = build_app(door, "127.0.0.1", chat=False)
    with TestClient(api, base_url="http://127.0.0.1") as client:
        door.desk.submit(question_to_the_api)
        full = client.post("/mcp", json=CALL, headers=MCP)
        reading = {**CALL, "params": {"name": "article", "arguments": {"article_id": "fire"}}}
        read = client.post("/mcp", json=reading, headers=MCP)
        go.set()
        while door.desk.in_hand:
            time.sleep(0.01)
        free = client.post("/mcp", json=CALL, headers=MCP)
    assert "Too many questions are waiting" in _result(full.text)["content"][0]["text"]
    assert _result(read.text)["structuredContent"]["length"] > 0  # reading has a line of its own
    assert "30 million" in _result(free.text)["structuredContent"]["answer"]


SERVER = """
from pathlib import Path
from rag.bot import Bot
from rag.serving import serve
from rag.settings import load_settings
from rag.store.store import Store
from tests.test_bot import BY_READER, Overlap, Words

class Failing(Bot):
    def stream(self, question, *args, **kwargs):
        if question == "What breaks?":
            raise RuntimeError("a gear broke")
        return super().stream(question, *args, **kwargs)

settings = load_settings(data=Path("data"), llm="none", log_json=True)
bot = Failing(settings, Store.open(settings), Words(), Overlap(), None, BY_READER)
Bot.open = lambda settings, progress: bot
serve(settings, "127.0.0.1", 0, chat=False)
"""


def test_as_json_each_line_of_a_server_is_an_object(tmp_path: Path) -> None:
    path = tmp_path / "stderr"
    with path.open("wb") as stderr:
        server = subprocess.Popen(
            [sys.executable, "-c", SERVER],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stderr=stderr,
        )
    try:
        while b"API is at" not in path.read_bytes():
            assert server.poll() is None, path.read_text()
            time.sleep(0.05)
        (said, *_) = _objects(path)
        url = said["message"].split("API is at ")[1].split("/api")[0]
        for question in ("Who won?", "What breaks?"):
            httpx.post(f"{url}/api/ask", json={"question": question}, timeout=60)
        with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as talk:
            talk.sendall(b"NO HTTP\r\n\r\n")  # which uvicorn warns of
            talk.recv(1_000)
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(60)
    lines = {line["logger"]: line for line in _objects(path)}
    assert lines["ordagrant.audit"]["audit"]["status"] == "refused"
    assert "RuntimeError: a gear broke" in lines["rag.api.errors"]["traceback"]
    assert lines["uvicorn.error"]["level"] == "warning"


def test_an_address_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=rf"127\.0\.0\.1:{port}.*--port"):
            _listening("127.0.0.1", port)
    with _listening("127.0.0.1", 0) as free:
        assert free.getsockname()[1] > 0


def _objects(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _policy(reply: Any) -> str:
    return str(reply.headers["content-security-policy"])


def _result(text: str) -> Any:
    data = next((line[6:] for line in text.splitlines() if line.startswith("data: ")), text)
    return json.loads(data)["result"]
