"""What is mounted beside the API, the chat and the MCP server, with its errors in our words.

They refuse a request in shapes of their own, as plain text, or with an exception that nobody
catches: here each becomes JSON of one sentence, and a line of the log.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.api.errors import UNEXPECTED, ApiError, error_response, field_error, sentence

log = logging.getLogger(__name__)

_NO_SENSE = "This request makes no sense here: load the page again, or see the documentation."
# Of JSON-RPC. What the library says in their place is a dump of its types.
_CODES = {
    -32700: "The body cannot be read: send a JSON-RPC request in UTF-8.",
    -32602: "The body is not a JSON-RPC request: send `jsonrpc`, `id`, `method` and `params`.",
}


class Posts:
    """An application that takes POST alone, and gets it whole.

    The MCP server begins no stream of its own, and would keep who asks for one waiting for ever;
    a client that hangs up in the middle of its request it takes for an error of its own.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] != "POST":
            wrong = ApiError(405, sentence(scope["method"], 405, ""), {"Allow": "POST"})
            await error_response(Request(scope), wrong)(scope, receive, send)
            return
        if scope["type"] == "http":
            try:
                body = await Request(scope, receive).body()
            except ClientDisconnect:
                return
            receive = _again(body, receive)
        await self._app(scope, receive, send)


def _again(body: bytes, receive: Receive) -> Receive:
    """What gives a body that was read, and then what else comes."""
    first: Message | None = {"type": "http.request", "body": body, "more_body": False}

    async def given() -> Message:
        nonlocal first
        if first is None:
            return await receive()
        message, first = first, None
        return message

    return given


class Mounted:
    """An application whose errors are JSON of one sentence, `error`, beside what it said itself."""

    def __init__(
        self, app: ASGIApp, *, wrong: tuple[type[Exception], ...] = (), debug: bool = False
    ) -> None:
        """`wrong`: what it raises where a request makes no sense, which is logged without a
        traceback unless `debug` is set."""
        self._app = app
        self._wrong = wrong
        self._debug = debug

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        held: Message | None = None  # the start of an error
        body = b""
        begun = False

        async def telling(message: Message) -> None:
            nonlocal held, body, begun
            if message["type"] == "http.response.start" and _is_error(message):
                held = message
            elif held is None:
                begun = True
                await send(message)
            else:
                body += message.get("body", b"")

        try:
            await self._app(scope, receive, telling)
        except ApiError:  # what came was too large, or too slow
            raise
        except ClientDisconnect:  # nobody is there to be told
            return
        except Exception as error:
            self._log(scope, error)
            if not begun:  # else the server ends the connection in the middle of the reply
                wrong = isinstance(error, self._wrong)
                value = {"error": _NO_SENSE if wrong else UNEXPECTED}
                await JSONResponse(value, 400 if wrong else 500)(scope, receive, send)
            return
        if held is not None:
            await _in_words(scope["method"], held, body)(scope, receive, send)

    def _log(self, scope: Scope, error: Exception) -> None:
        refused = isinstance(error, self._wrong) or isinstance(error.__cause__, HTTPException)
        log.log(
            logging.WARNING if refused else logging.ERROR,
            "%s %s failed (%s: %s)",
            scope["method"],
            scope["path"],
            type(error).__name__,
            error,
            exc_info=None if refused and not self._debug else error,
        )


def _is_error(start: Message) -> bool:
    kind = Headers(raw=start["headers"]).get("content-type", "")
    return start["status"] >= 400 and not kind.startswith("text/html")


def _in_words(method: str, start: Message, body: bytes) -> JSONResponse:
    """The error that began with `start`, with the headers that it had."""
    status = start["status"]
    try:
        value = json.loads(body)
    except ValueError:
        value = body.decode("utf-8", "replace")
    headers = Headers(raw=start["headers"]).items()
    kept = {name: text for name, text in headers if not name.startswith("content-")}
    return JSONResponse(_worded(method, status, value), status, kept)


def _worded(method: str, status: int, value: object) -> dict[str, Any]:
    known = value if isinstance(value, dict) else {}
    error, detail = known.get("error"), known.get("detail")
    if isinstance(error, dict):  # JSON-RPC's
        said = _CODES.get(error.get("code", 0)) or sentence(method, 400, str(error.get("message")))
        return {**known, "error": {**error, "message": said}}
    if isinstance(error, str):
        return known
    if isinstance(detail, list) and detail and isinstance(detail[0], Mapping):
        return {"error": field_error(detail[0])[1], "detail": detail}
    if status >= 500:
        return {"error": UNEXPECTED}
    said = detail if isinstance(detail, str) else value if isinstance(value, str) else ""
    return {**known, "error": sentence(method, status, said) if said else _NO_SENSE}
