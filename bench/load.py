"""`ordagrant serve` under load: many clients at once, each asking again as soon as it is answered.

Two loads are told apart, for they are limited by different things. `again`: visitors who ask the
same questions in any order, as those of one site do; what was answered before is given again.
`new`: no question was ever asked before, so every answer is made, and the cores are the limit.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from eval.metrics import latency
from rag.errors import InputError

CLIENTS = 50
SECONDS = 60.0
_SEED = 20_261
_READY = 120.0  # seconds that the server may take to start
_LONGEST = 60.0  # seconds that a client waits for an answer
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


@dataclass
class Load:
    """What became of a load; `memory_mb` is the server's resident set each second."""

    milliseconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)
    seconds: float = 0.0

    def figures(self, name: str) -> dict[str, float | list[str] | None]:
        """As figures of the bench, each called `load_{name}_…`."""
        times = latency(self.milliseconds)
        half = len(self.memory_mb) // 2
        return {
            f"load_{name}_answers": len(self.milliseconds),
            f"load_{name}_per_s": len(self.milliseconds) / self.seconds,
            f"load_{name}_p50_ms": times.median,
            f"load_{name}_p95_ms": times.p95,
            f"load_{name}_errors": len(self.errors),
            f"load_{name}_what_failed": sorted(set(self.errors)),
            f"load_{name}_peak_mb": max(self.memory_mb),
            # What a leak shows in: once all is warm, memory should not grow.
            f"load_{name}_growth_mb": self.memory_mb[-1] - self.memory_mb[half],
        }


@dataclass(frozen=True, slots=True)
class Server:
    """A server of its own process, answering without an LLM."""

    url: str
    pid: int


@contextlib.contextmanager
def serving(data: Path, log: Path) -> Iterator[Server]:
    """`ordagrant serve --llm none` over `data`, once it is ready; raises `InputError`."""
    words = ("serve", "--llm", "none", "--no-chat", "--port", "0", "--data", str(data))
    with log.open("w", encoding="utf-8") as said:
        process = subprocess.Popen(  # noqa: S603 - our own command line
            [sys.executable, "-m", "rag.cli", *words], stderr=said, stdout=subprocess.DEVNULL
        )
        try:
            yield Server(_ready(process, log), process.pid)
        finally:
            process.terminate()
            process.wait(30)


def _ready(process: subprocess.Popen[bytes], log: Path) -> str:
    """The address, once the models are loaded."""
    end = time.monotonic() + _READY
    while time.monotonic() < end and process.poll() is None:
        told = _ADDRESS.search(log.read_text("utf-8"))
        with contextlib.suppress(httpx.TransportError):
            if told and httpx.get(f"{told[0]}/readyz").status_code == httpx.codes.OK:
                return told[0]
        time.sleep(0.2)
    last = (log.read_text("utf-8").strip().splitlines() or ["nothing"])[-1]
    raise InputError(f"`ordagrant serve` did not start; the last it said: {last}")


def again(questions: Sequence[str]) -> Iterator[str]:
    """The questions in a random order, without end; the same order every time."""
    rng = random.Random(_SEED)  # noqa: S311 - an order, not a secret
    while True:
        yield rng.choice(questions)


def new(questions: Sequence[str]) -> Iterator[str]:
    """Questions that differ in a word at least, without end."""
    for number in itertools.count(1):
        for question in questions:
            yield f"Reader no. {number} asks: {question}"


def run(
    server: Server, questions: Iterator[str], clients: int = CLIENTS, seconds: float = SECONDS
) -> Load:
    """Clients that ask one question after another for so many seconds.

    What was asked by then is waited for and counted too.
    """
    return asyncio.run(_run(server, questions, clients, seconds))


async def _run(server: Server, questions: Iterator[str], clients: int, seconds: float) -> Load:
    load = Load()
    begun = time.monotonic()
    limits = httpx.Limits(max_connections=clients)
    async with httpx.AsyncClient(base_url=server.url, limits=limits, timeout=_LONGEST) as http:
        watching = asyncio.create_task(_watch(server.pid, load))
        asking = [_client(http, questions, load, begun + seconds) for _ in range(clients)]
        await asyncio.gather(*asking)
        watching.cancel()
    load.seconds = time.monotonic() - begun
    return load


async def _client(
    http: httpx.AsyncClient, questions: Iterator[str], load: Load, end: float
) -> None:
    while time.monotonic() < end:
        begun = time.perf_counter()
        try:
            reply = await http.post("/api/ask", json={"question": next(questions)})
        except httpx.HTTPError as error:
            load.errors.append(type(error).__name__)
            continue
        if reply.status_code == httpx.codes.OK and "quotes" in reply.json():
            load.milliseconds.append(1000 * (time.perf_counter() - begun))
        else:
            load.errors.append(f"status {reply.status_code}")


async def _watch(pid: int, load: Load) -> None:
    while True:
        load.memory_mb.append(_resident_mb(pid))
        await asyncio.sleep(1)


def _resident_mb(pid: int) -> float:
    told = subprocess.run(  # noqa: S603 - a number
        ["ps", "-o", "rss=", "-p", str(pid)],  # noqa: S607 - wherever it is
        capture_output=True,
        text=True,
        check=False,
    )
    return float(told.stdout.strip() or 0) / 1024
