"""The server hangs up where no request comes, and nowhere else."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from rag.http_server import HttpServer

IDLE = 1.0


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answers late: long after a connection without a request was ended."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    await asyncio.sleep(3 * IDLE)
    headers = [(b"content-length", b"4")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"late"})


@pytest.fixture(params=[HttpToolsProtocol, H11Protocol])
def port(request: pytest.FixtureRequest) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as door:
        config = uvicorn.Config(
            app, http=request.param, lifespan="off", log_level="error", timeout_keep_alive=60
        )
        server = HttpServer(config, IDLE)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]}, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive(), "uvicorn did not start"
            time.sleep(0.01)
        yield door.getsockname()[1]
        server.should_exit = True
        thread.join(20)


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=60)


REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.mark.parametrize("begun", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\n"])
def test_a_connection_on_which_no_request_comes_is_ended(port: int, begun: bytes) -> None:
    with connected(port) as connection:
        connection.sendall(begun)
        assert connection.recv(1_000) == b""


def test_neither_a_late_answer_nor_a_slow_body_is_cut_off(port: int) -> None:
    with connected(port) as asking, connected(port) as sending:
        asking.sendall(REQUEST)
        sending.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na")
        assert asking.recv(1_000).endswith(b"late")
        sending.sendall(b"b")
        assert sending.recv(1_000).endswith(b"late")


def test_the_second_request_of_a_connection_must_come_to_its_end_too(port: int) -> None:
    with connected(port) as connection:
        connection.sendall(REQUEST)
        assert connection.recv(1_000).endswith(b"late")
        time.sleep(2 * IDLE)  # between two requests uvicorn has a time of its own, here longer
        connection.sendall(REQUEST)
        assert connection.recv(1_000).endswith(b"late")
        connection.sendall(b"GET / HT")
        assert connection.recv(1_000) == b""
