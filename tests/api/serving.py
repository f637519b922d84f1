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
from openai import OpenAI

from rag.api.app import build_api
from rag.api.door import Door
from tests.ui.script import ScriptedBot


@contextmanager
def listening(app: Any) -> Iterator[str]:
    """Serves `app` on a free port; gives the address, without a slash at its end."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive(), "uvicorn did not start"
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{door.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)


def client_of(url: str) -> OpenAI:
    """OpenAI's own client of the server at `url`."""
    return OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)


@contextmanager
def serving(bot: ScriptedBot, **changes: Any) -> Iterator[str]:
    """Gives the address, without a slash at its end; `changes` are made to the open door."""
    door = replace(Door(cast(Any, bot), bot.settings), **changes)
    with listening(build_api(door)) as address:
        yield address
