"""Who may come to the door at all, before any route: by host name, by origin; and what every
reply says to a browser about what may be done with it.

Where no key is asked for, a page of another site could use the visitor's own browser to reach
what listens on this computer: by a name of its own that leads here (so only known host names are
answered), or by posting across sites (so a foreign origin is refused unless it is allowed).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.api.errors import ApiError, error_response
from rag.settings import Settings

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_DATA = ("/api/", "/v1/", "/metrics", "/healthz", "/readyz", "/openapi.json")


def is_loopback(host: str) -> bool:
    """Whether only this computer can reach what listens at `host`."""
    name = host.strip("[]").rstrip(".").lower()
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def needs_keys(settings: Settings, host: str) -> bool:
    """Whether to ask for keys when listening at `host`: as set, else unless on loopback.

    A public address in the settings tells of a proxy before us: then it is not loopback alone.
    """
    if settings.api_keys is not None:
        return settings.api_keys
    public = urlsplit(settings.base_url).hostname if settings.base_url else None
    return not (is_loopback(host) and (public is None or is_loopback(public)))


def known_hosts(settings: Settings, host: str) -> frozenset[str]:
    """The host names that are answered where no key is asked for; `*` among them: any."""
    public = urlsplit(settings.base_url).hostname if settings.base_url else None
    named = {host.strip("[]"), *settings.api_hosts, *([public] if public else [])}
    return frozenset(name.lower() for name in named)


class Guard:
    """Refuses unknown host names (421) and what other sites' pages would change (403)."""

    def __init__(
        self, app: ASGIApp, hosts: Collection[str] | None, origins: Collection[str]
    ) -> None:
        """`hosts`: those answered besides loopback, None answers any; `origins`: allowed."""
        self._app = app
        self._hosts = hosts
        self._origins = frozenset(origin.rstrip("/").lower() for origin in origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        wrong = self._wrong(scope.get("method", "GET"), headers)
        if wrong is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await error_response(Request(scope), wrong)(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008, "reason": str(wrong)})

    def _wrong(self, method: str, headers: dict[bytes, str]) -> ApiError | None:
        host = headers.get(b"host", "")
        if self._hosts is not None and "*" not in self._hosts:
            name = _hostname(host)
            if not is_loopback(name) and name not in self._hosts:
                return ApiError(
                    421,
                    f"This server does not answer to the name {name!r}: whoever runs it can "
                    "allow that with ORDAGRANT_API_HOSTS, or ask for keys.",
                )
        origin = headers.get(b"origin", "").lower()
        if method in _SAFE or not origin or origin in self._origins:
            return None
        if _place(origin) == host.lower():
            return None
        return ApiError(
            403,
            "Pages of other sites may not use this: whoever runs it can allow their origin with "
            "ORDAGRANT_API_ORIGINS.",
        )


def _place(origin: str) -> str | None:
    """The host, with its port, of an origin; None for what is none."""
    try:
        return urlsplit(origin).netloc or None
    except ValueError:
        return None


def _hostname(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


class Heads:
    """Answers HEAD as GET, whose body the server then leaves out: monitors and link previews ask
    so, and routes are for one method."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}  # the server's own copy stays
        await self._app(scope, receive, send)


class SecurityHeaders:
    """Adds to every reply what keeps a browser from doing more with it than was meant.

    A header that a route has set itself is left alone.
    """

    def __init__(self, app: ASGIApp, https: bool, origins: Collection[str] = ()) -> None:
        self._app = app
        self._everywhere = {
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "strict-origin-when-cross-origin",
            "Content-Security-Policy": " ".join(["frame-ancestors 'self'", *sorted(origins)]),
        }
        if https:
            self._everywhere["Strict-Transport-Security"] = "max-age=31536000"
        self._data = {
            **self._everywhere,
            "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
            "Cache-Control": "no-store",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        wanted = self._data if scope["path"].startswith(_DATA) else self._everywhere

        async def adding(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in wanted.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, adding)
