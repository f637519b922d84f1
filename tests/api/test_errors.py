"""What a wrong request is told: one clear sentence, whoever found it wrong."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient

from rag.api.door import Door
from rag.bot import Bot
from rag.serving import build_app
from tests.api.conftest import key, served
from tests.api.serving import listening
from tests.ui.scripted import PHONE

JSON = {"Content-Type": "application/json"}
HALF = json.loads(r'"\ud800"')  # of a surrogate pair: JSON can write it, UTF-8 cannot


@pytest.mark.parametrize(
    ("body", "headers", "sentence"),
    [
        (
            b"{not json",
            JSON,
            "The body is not JSON (Expecting property name enclosed in double quotes, at character "
            "1): send a JSON object.",
        ),
        (
            '{"question": "Vad sägs?"}'.encode("latin-1"),
            JSON,
            "The body cannot be read: send JSON in UTF-8 that is not nested too deeply.",
        ),
        (
            b'{"question":' + b"[" * 50_000,
            JSON,
            "The body cannot be read: send JSON in UTF-8 that is not nested too deeply.",
        ),
        (
            b"[]",
            JSON,
            "Send a JSON object as the body, with `Content-Type: application/json`.",
        ),
        (
            b'{"question": "Who?"}',
            {"Content-Type": "text/plain"},
            "Send a JSON object as the body, with `Content-Type: application/json`.",
        ),
        (
            b'{"question": "Who?", "filters": []}',
            JSON,
            "filters: Input should be a JSON object.",
        ),
        (
            b'{"question": "Who?", "filters": {"date_from": 0}}',
            JSON,
            "filters.date_from: write a day as YYYY-MM-DD.",
        ),
        (
            b'{"question": "Who?", "filters": {"date_to": "2025-02-30"}}',
            JSON,
            "filters.date_to: Input should be a valid date or datetime, day value is outside "
            "expected range.",
        ),
    ],
)
@pytest.mark.parametrize("path", ["/api/ask", "/v1/chat/completions"])
def test_a_body_that_is_not_as_asked_for(
    client: TestClient, path: str, body: bytes, headers: dict[str, str], sentence: str
) -> None:
    if path.startswith("/v1") and b"filters" in body:
        body = body.replace(b'"question": "Who?"', b'"messages": []')
    reply = client.post(path, content=body, headers=headers)
    assert reply.status_code in (400, 422)
    error = reply.json()["error"]
    assert (error["message"] if path.startswith("/v1") else error) == sentence


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/ask", {"question": PHONE, "history": [{"role": "user", "content": HALF}]}),
        ("/api/ask", {"question": PHONE, "filters": {"source": HALF}}),
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": HALF}]}),
        (
            "/v1/chat/completions",
            {"messages": [{"role": "user", "content": [{"type": "text", "text": HALF}]}]},
        ),
        ("/v1/responses", {"input": HALF}),
        ("/v1/responses", {"input": PHONE, "metadata": {"a": HALF}}),
        ("/v1/responses", {"input": PHONE, "instructions": HALF, "stream": True}),
    ],
)
def test_what_no_text_can_hold_is_refused(
    client: TestClient, path: str, body: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    reply = client.post(path, content=json.dumps(body), headers=JSON)
    assert reply.status_code in (400, 422)
    assert "valid string" in reply.text and not caplog.records


def test_a_text_in_the_place_of_a_file(news: Bot) -> None:
    with served(news) as client:
        reply = client.post("/api/articles", data={"files": "x"})
    assert (reply.status_code, reply.json()) == (
        422,
        {"error": "files.0: Input should be a file."},
    )


@pytest.mark.parametrize("query", ["date_from=0", "date_to=1700000000", "date_from=x"])
def test_a_number_is_no_day(news: Bot, query: str) -> None:
    with served(news) as client:
        reply = client.get(f"/api/articles?{query}")
        assert client.get("/api/articles?date_from=2025-01-01").status_code == 200
    assert (reply.status_code, "YYYY-MM-DD" in reply.json()["error"]) == (422, True)


def test_a_wrong_method_is_told_those_that_there_are(news: Bot) -> None:
    with served(news) as client:
        for path, allowed in (
            ("/api/articles", "GET, POST, HEAD"),
            ("/api/conversations/x", "GET, PATCH, DELETE, HEAD"),
            ("/api/ask", "POST"),
        ):
            reply = client.put(path)
            assert (reply.status_code, reply.headers["allow"]) == (405, allowed)


def test_the_document_tells_the_shape_of_errors(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    shapes = document["components"]["schemas"]
    assert not any(name.startswith("HTTPValidation") for name in shapes)
    for path, operations in document["paths"].items():
        shape = "OpenAiErrorOut" if path.startswith("/v1/") else "ErrorOut"
        for operation in operations.values():
            told = operation["responses"]["4XX"]["content"]["application/json"]["schema"]
            assert told == {"$ref": f"#/components/schemas/{shape}"}


def test_an_id_that_is_not_there_is_not_repeated_without_end(news: Bot) -> None:
    with served(news) as client:
        reply = client.get(f"/api/articles/{'x' * 5_000}")
    assert reply.status_code == 404 and len(reply.json()["error"]) < 300


def test_the_list_of_articles_may_have_a_slash_at_its_end(news: Bot) -> None:
    with served(news) as client:
        assert client.get("/api/articles/").json() == client.get("/api/articles").json()
        files = [("files", ("bridge.txt", b"The bridge at Norrby was opened on Sunday."))]
        assert client.post("/api/articles/", files=files).json()["added"] == 1


@pytest.fixture
def address(news: Bot) -> Iterator[str]:
    """A real server: only that leaves out the body of a reply, and meets who hangs up."""
    door = Door.of(news, "127.0.0.1")
    with listening(build_app(door, "127.0.0.1")) as url:
        yield url


def _sent(url: str, request: bytes) -> bytes:
    """All that comes back for the bytes of a request."""
    at = urlsplit(url)
    with socket.create_connection((at.hostname, at.port), timeout=60) as connection:
        connection.sendall(request)
        got = b""
        while part := connection.recv(65_536):
            got += part
    return got


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/healthz", 200),
        ("/api/articles", 200),
        ("/a/fire", 200),
        ("/a/none", 404),
        ("/chat/", 200),
        ("/api/ask", 405),
        ("/mcp", 405),
    ],
)
def test_head_is_answered_as_get_without_a_body(address: str, path: str, status: int) -> None:
    request = f"HEAD {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    head, _, body = _sent(address, request.encode()).partition(b"\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ".encode()) and body == b""


@pytest.mark.parametrize(
    "path", ["/api/ask", "/api/articles", "/mcp", "/chat/gradio_api/upload", "/chat/login"]
)
@pytest.mark.parametrize("keys", [False, True])
def test_who_hangs_up_in_the_middle_of_a_request_is_not_an_error(
    news: Bot, path: str, keys: bool, caplog: pytest.LogCaptureFixture
) -> None:
    made = key(news, "ask", "manage")["Authorization"] if keys else ""
    door = Door.of(news, "192.168.1.4" if keys else "127.0.0.1")
    request = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {made}\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\nContent-Length: 999\r\n\r\n"
        '--x\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\nhalf'
    )
    caplog.set_level(logging.WARNING)
    with listening(build_app(door, "127.0.0.1")) as url:
        at = urlsplit(url)
        with socket.create_connection((at.hostname, at.port), timeout=60) as connection:
            connection.sendall(request.encode())
        alive = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        assert b'"ok"' in _sent(url, alive)
    # By now it has stopped, so all that it had in hand is done with.
    assert [record.getMessage() for record in caplog.records] == []
