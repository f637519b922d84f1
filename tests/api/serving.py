"""The API over a scripted bot, served by a real uvicorn on a free port."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

import uvicorn

from rag.api.app import build_api
from rag.api.door import Door
from tests.ui.script import ScriptedBot


@contextmanager
def serving(bot: ScriptedBot, **changes: Any) -> Iterator[str]:
    """Gives the address, without a slash at its end; `changes` are made to the open door."""
    door = replace(Door(cast(Any, bot), bot.settings), **changes)
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    config = uvicorn.Config(build_api(door), log_level="warning", lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "uvicorn did not start"
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
