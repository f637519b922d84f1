"""The login of the chat: a key, given once in a small form.

    /login     the form, or who is logged in; takes the `key`
    /logout    ends the session

A session is a random word in a cookie. What it stands for is in memory, so a restart ends all of
them; it is which key was given, never the key itself. Each request has the key looked up again:
one that was revoked, or has a new secret, has ended its sessions.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from rag.store.keys import Key, Keys
from rag.ui.strings import Strings, preferred_language

if TYPE_CHECKING:
    from fastapi import FastAPI

_HERE = Path(__file__).parent
_IDLE = 7 * 86_400.0  # seconds; a session that was not used for so long has ended
_MOST = 10_000  # sessions; beyond that the one longest unused ends
_LONGEST = 4_096  # bytes of the form
_VISITOR = "ordagrant.visitor"
_ENDED = "The login of this chat has ended: log in again."


class Sessions:
    """Who is logged in. Safe between threads."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._lock = threading.Lock()
        self._of: OrderedDict[str, tuple[Key, float]] = OrderedDict()

    def begin(self, key: Key) -> str:
        """A session for a key that was found; gives the word that stands for it."""
        word = secrets.token_urlsafe(32)
        with self._lock:
            self._of[word] = (key, time.monotonic())
            while len(self._of) > _MOST:
                self._of.popitem(last=False)
        return word

    def key(self, word: str) -> Key | None:
        """The key behind a word, if it is still as it was when it was given."""
        with self._lock:
            key, used = self._of.get(word, (None, 0.0))
        if key is None:
            return None
        if time.monotonic() - used > _IDLE or key not in self._keys.list():
            self.end(word)
            return None
        with self._lock:
            if word in self._of:
                self._of[word] = (key, time.monotonic())
                self._of.move_to_end(word)
        return key

    def end(self, word: str) -> None:
        with self._lock:
            self._of.pop(word, None)


class Login:
    """The form, the sessions, and the gate that lets through who has one."""

    def __init__(self, keys: Keys, wait: Callable[[str], int], *, https: bool = False) -> None:
        """`wait` counts a try from an address and gives the seconds to wait first, mostly 0;
        `https`: visitors come over TLS, whatever this server sees."""
        self._keys = keys
        self._wait = wait
        self._https = https
        self._sessions = Sessions(keys)
        # Of this process only: another one at the same host, by its port, has another cookie.
        self._cookie = f"ordagrant-{secrets.token_hex(4)}"

    def visitor(self, connection: HTTPConnection) -> str | None:
        """The name of the key that a request within the gate was made with."""
        name = connection.scope.get(_VISITOR)
        return name if isinstance(name, str) else None

    def add_routes(self, api: FastAPI, path: str) -> None:
        """Adds the form beside what is under `path`; call it before that is mounted."""

        async def form(request: Request) -> Response:
            key = await run_in_threadpool(self._sessions.key, self._word(request))
            return _page(request, key.name if key else None)

        async def enter(request: Request) -> Response:
            if seconds := self._wait(request.client.host if request.client else ""):
                headers = {"Retry-After": str(seconds)}
                return _page(request, None, "too_often", 429, headers, seconds=seconds)
            key = await run_in_threadpool(self._keys.find, await _given(request))
            if key is None or "ask" not in key.scopes:
                return _page(request, None, "unknown" if key is None else "may_not", 403)
            reply = _to(request, f"{path}/")
            self._set(reply, request, path, self._sessions.begin(key))
            return reply

        async def leave(request: Request) -> Response:
            self._sessions.end(self._word(request))
            reply = _to(request, f"{path}/login", query=False)
            reply.delete_cookie(self._cookie, path=path)
            return reply

        async def left(request: Request) -> Response:
            return _to(request, f"{path}/login", query=False)

        for name, method, reply in (
            ("login", "GET", form),
            ("login", "POST", enter),
            ("logout", "POST", leave),
            ("logout", "GET", left),
        ):
            api.router.add_route(f"{path}/{name}", reply, methods=[method], include_in_schema=False)

    def gate(self, app: ASGIApp) -> ASGIApp:
        """`app` for those who are logged in; a page leads others to the form."""

        async def guarded(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] not in ("http", "websocket"):
                await app(scope, receive, send)
                return
            connection = HTTPConnection(scope)
            key = await run_in_threadpool(self._sessions.key, self._word(connection))
            if key is not None:
                scope[_VISITOR] = key.name
                await app(scope, receive, send)
            elif scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008, "reason": _ENDED})
            else:
                await _turned_away(Request(scope))(scope, receive, send)

        return guarded

    def _word(self, connection: HTTPConnection) -> str:
        return connection.cookies.get(self._cookie, "")

    def _set(self, reply: Response, request: Request, path: str, word: str) -> None:
        reply.set_cookie(
            self._cookie,
            word,
            path=path,
            httponly=True,
            samesite="lax",
            secure=self._https or request.url.scheme == "https",
        )


def _turned_away(request: Request) -> Response:
    if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
        return _to(request, "/login")
    return JSONResponse({"error": _ENDED}, 401, {"Cache-Control": "no-store"})


def _to(request: Request, path: str, *, query: bool = True) -> Response:
    """Leads on to `path`, with what the address asks: a question that was linked to, maybe."""
    asked = f"?{request.url.query}" if query and request.url.query else ""
    return RedirectResponse(request.scope.get("root_path", "") + path + asked, 303)


async def _given(request: Request) -> str:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _LONGEST:
            return ""
    fields = parse_qs(body.decode("utf-8", "replace"))
    return fields.get("key", [""])[0].strip()


def _page(
    request: Request,
    name: str | None,
    problem: str | None = None,
    status: int = 200,
    headers: dict[str, str] | None = None,
    **values: object,
) -> Response:
    """The page: who is logged in, by the key's `name`, or the form with what was wrong."""
    t = Strings(preferred_language(request.headers.get("accept-language")))
    html = (
        _environment()
        .get_template("login.html")
        .render(
            t=t,
            name=name,
            problem=t(f"login_{problem}", **values) if problem else None,
            style=Markup(_style()),  # noqa: S704 - our own file
        )
    )
    return HTMLResponse(html, status, {**_headers(), **(headers or {})})


@cache
def _style() -> str:
    return (_HERE / "assets" / "login.css").read_text(encoding="utf-8")


@cache
def _headers() -> dict[str, str]:
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    return {
        "Content-Security-Policy": (
            f"default-src 'none'; style-src 'sha256-{digest}'; img-src 'self'; "
            "base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
        ),
        "Cache-Control": "no-store",
        "Vary": "Accept-Language",
    }


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
