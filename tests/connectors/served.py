"""A stand-in of an app's HTTP API on loopback: hears all calls, answers as it is told to."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

Reply = Callable[[dict[str, Any]], Any]


@dataclass
class Api:
    """`calls`: what was called with which values, in order. `next[name]`: replies to give first."""

    url: str = ""
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    replies: dict[str, Reply] = field(default_factory=dict)
    next: dict[str, deque[web.Response]] = field(default_factory=lambda: defaultdict(deque))

    def called(self, name: str) -> list[dict[str, Any]]:
        return [values for called, values in self.calls if called == name]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        name = request.path.rsplit("/", 1)[-1]
        if request.content_type == "application/json":
            values = await request.json()
        else:
            values = dict(await request.post())
        self.calls.append((name, values))
        if self.next[name]:
            return self.next[name].popleft()
        told = self.replies[name](values)
        if hasattr(told, "__await__"):
            told = await told
        return told if isinstance(told, web.StreamResponse) else web.json_response(told)


@asynccontextmanager
async def serving(api: Api) -> AsyncIterator[Api]:
    server = web.Application()
    server.router.add_route("*", "/{path:.*}", api.handle)
    runner = web.AppRunner(server, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    api.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield api
    finally:
        await runner.cleanup()
