"""The errors of what is mounted beside the API, in our words."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from fastapi import FastAPI, HTTPException
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.testclient import TestClient

from rag.api.errors import UNEXPECTED
from rag.api.mounted import Mounted, Posts


def made(**more: Any) -> TestClient:
    """A client of an application that errs in many ways."""
    app = FastAPI()

    @app.get("/fails/{kind}")
    def fails(kind: str) -> None:
        raise {"key": KeyError(9), "disk": OSError("the disk is full")}[kind]

    @app.get("/plain")
    def plain() -> PlainTextResponse:
        return PlainTextResponse("Invalid Content-Type header", 400, {"X-Kept": "yes"})

    @app.get("/known")
    def known() -> JSONResponse:
        return JSONResponse({"error": "Log in again."}, 401)

    @app.get("/rpc/{code}")
    def rpc(code: int) -> JSONResponse:
        error = {"code": code, "message": "Validation error: 4 validation errors for union[A,B]\nA"}
        return JSONResponse({"jsonrpc": "2.0", "id": None, "error": error}, 400)

    @app.get("/refused")
    def refused() -> None:
        raise HTTPException(403, "File not allowed: x.")

    @app.get("/number/{n}")
    def number(n: int) -> int:
        return n

    @app.get("/null")
    def null() -> JSONResponse:
        return JSONResponse({"error": None}, 500)

    return TestClient(Mounted(app, wrong=(LookupError, ValueError), **more))


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        ("/fails/key", 400, "This request makes no sense here: load the page again, or see the "
                            "documentation."),
        ("/fails/disk", 500, UNEXPECTED),
        ("/plain", 400, "Invalid Content-Type header."),
        ("/known", 401, "Log in again."),
        ("/refused", 403, "File not allowed: x."),
        ("/number/five", 422, "n: Input should be a valid integer, unable to parse string as an "
                              "integer."),
        ("/nothing", 404, "There is nothing at this address: see /openapi.json for what there is."),
        ("/null", 500, UNEXPECTED),
    ],
)  # fmt: skip
def test_each_error_is_one_sentence(path: str, status: int, sentence: str) -> None:
    reply = made().get(path)
    assert (reply.status_code, reply.json()["error"]) == (status, sentence)


def test_what_it_said_itself_stays_beside_and_so_do_its_headers() -> None:
    client = made()
    assert client.get("/refused").json()["detail"] == "File not allowed: x."
    assert client.get("/number/five").json()["detail"][0]["loc"] == ["path", "n"]
    assert client.post("/plain").headers["allow"] == "GET"
    plain = client.get("/plain")
    assert plain.headers["x-kept"] == "yes" and plain.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("code", "begins"),
    [(-32700, "The body cannot be read"), (-32602, "The body is not a JSON-RPC request")],
)
def test_json_rpc_keeps_its_shape(code: int, begins: str) -> None:
    value = made().get(f"/rpc/{code}").json()
    assert (value["jsonrpc"], value["id"], value["error"]["code"]) == ("2.0", None, code)
    assert value["error"]["message"].startswith(begins) and "\n" not in value["error"]["message"]


@pytest.mark.parametrize(
    ("path", "debug", "traced"),
    [("/fails/key", False, False), ("/fails/key", True, True), ("/fails/disk", False, True)],
)
def test_an_exception_is_a_line_of_the_log_and_a_fault_of_ours_its_traceback_too(
    caplog: pytest.LogCaptureFixture, path: str, debug: bool, traced: bool
) -> None:
    made(debug=debug).get(path)
    (record,) = caplog.records
    assert path in record.getMessage()
    assert (record.levelno, bool(record.exc_info)) == (
        logging.WARNING if path.endswith("key") else logging.ERROR,
        traced,
    )


def test_what_breaks_in_the_middle_of_a_reply_is_not_told_as_its_end(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sent: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"begun ", "more_body": True})
        raise ValueError("in the middle")

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/midway", "headers": []}
    asyncio.run(Mounted(app, wrong=(ValueError,))(scope, None, send))  # type: ignore[arg-type]
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert "in the middle" in caplog.text


def test_posts_alone_are_taken_and_given_whole() -> None:
    app = FastAPI()

    @app.post("/")
    def length(body: dict[str, str]) -> int:
        return len(body["text"])

    client = TestClient(Posts(app))
    for method in ("GET", "DELETE", "OPTIONS", "PUT"):
        reply = client.request(method, "/")
        assert (reply.status_code, reply.headers["allow"]) == (405, "POST")
        assert f"does not take {method}" in reply.json()["error"]
    assert client.post("/", json={"text": "x" * 200_000}).json() == 200_000
