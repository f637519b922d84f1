"""How often one caller may come, and how large a request may be."""

from __future__ import annotations

import asyncio
import ipaddress
import math
import time
from collections.abc import Callable

from limits import RateLimitItem, parse_many
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.api.errors import ApiError, error_response

_READING = 30.0  # seconds for the next part of a body: who sends slower holds a place for nothing


class Rates:
    """Counts requests by key and by address. Safe between threads; forgets at the end."""

    def __init__(self, per_key: str | None, per_address: str | None) -> None:
        """Each as `limits` reads it, "600/minute" or "5/second;100/hour"; None: without end."""
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._per_key = _parsed(per_key)
        self._per_address = _parsed(per_address)

    def take_key(self, key_id: str) -> None:
        """Counts a request of a key; raises `ApiError` 429."""
        self._take(self._per_key, "key", key_id)

    def take_address(self, address: str) -> None:
        """Counts a request of an address; raises `ApiError` 429."""
        self._take(self._per_address, "address", network_of(address))

    def _take(self, limits: list[RateLimitItem], kind: str, name: str) -> None:
        for limit in limits:
            if not self._limiter.hit(limit, kind, name):
                free = self._limiter.get_window_stats(limit, kind, name).reset_time
                seconds = max(1, math.ceil(free - time.time()))
                raise ApiError(
                    429,
                    f"That was more than the {limit} that one {kind} may send: try again in "
                    f"{seconds} seconds.",
                    {"Retry-After": str(seconds)},
                )


def network_of(address: str) -> str:
    """What is counted as one address: an IPv4 address, or the /64 that one IPv6 user has."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def _parsed(text: str | None) -> list[RateLimitItem]:
    return [] if text is None or text == "none" else parse_many(text)


class BodyLimit:
    """Refuses bodies over `most(path)` bytes, and those that take for ever to come."""

    def __init__(self, app: ASGIApp, most: Callable[[str], int], reading: float = _READING) -> None:
        self._app = app
        self._most = most
        self._reading = reading

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        most = self._most(request.url.path)
        too_large = ApiError(
            413, f"The request is larger than the {_size(most)} allowed: send less at once."
        )
        said = request.headers.get("content-length", "")
        if said.isdecimal() and int(said) > most:
            await error_response(request, too_large)(scope, receive, send)
            return
        read, complete, begun = 0, False, False

        async def limited() -> Message:
            nonlocal read, complete
            if complete:
                return await receive()
            try:
                message = await asyncio.wait_for(receive(), self._reading)
            except TimeoutError:
                raise ApiError(
                    408, "The request did not come to its end in time: send it again."
                ) from None
            read += len(message.get("body", b""))
            complete = not message.get("more_body", False)
            if read > most:
                raise too_large
            return message

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, limited, noting)
        except ApiError as error:
            if begun:
                raise
            await error_response(request, error)(scope, receive, send)


def _size(most: int) -> str:
    return f"{most // 1_000_000} MB" if most >= 1_000_000 else f"{most // 1_000} kB"
