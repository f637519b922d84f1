"""uvicorn, which besides hangs up where no request comes.

By itself it waits for ever for the first request of a connection, and for the rest of a request's
headers: each holds a place among those that the system lets be open, for nothing.
"""

from __future__ import annotations

import time
from typing import Any

import uvicorn

_TICKS = 10  # of a tenth of a second, between two looks at the connections


class HttpServer(uvicorn.Server):
    """Ends a connection on which for `idle` seconds no request was begun, or none went on."""

    def __init__(self, config: uvicorn.Config, idle: float) -> None:
        super().__init__(config)
        self._idle = idle
        self._since: dict[Any, float] = {}

    async def on_tick(self, counter: int) -> bool:
        if counter % _TICKS == 0:
            self._hang_up()
        return await super().on_tick(counter)

    def _hang_up(self) -> None:
        now = time.monotonic()
        waiting = [one for one in self.server_state.connections if _waits(one)]
        self._since = {one: self._since.get(one, now) for one in waiting}
        for one, since in self._since.items():
            if now - since >= self._idle:
                one.transport.close()


def _waits(connection: Any) -> bool:
    """Whether a request is awaited that uvicorn itself does not give up: that between two requests
    has a timer of its own, and what came with its headers is the application's."""
    if not hasattr(connection, "cycle"):  # a WebSocket
        return False
    cycle = connection.cycle
    if cycle is None:
        return True
    return bool(cycle.response_complete) and connection.timeout_keep_alive_task is None
