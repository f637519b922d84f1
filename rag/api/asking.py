"""Questions in hand: each runs in a thread of a pool, and so many may wait for one, no more.

    asked = door.ask(request, caller, question)      LineFull where too much waits
    async for event in asked.events(): ...           or: answer = await asked.answer()

Leaving `events` early, a client that hangs up and the time limit all stop the LLM.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fastapi import Request

from rag.api.errors import ApiError, as_api_error
from rag.line import Line
from rag.types import Answer, Event, Filters, Finished, Turn, Waiting

if TYPE_CHECKING:
    from rag.bot import Bot

_TICK = 0.5  # seconds between two looks at whether the client is still there


@dataclass(frozen=True, slots=True)
class Beat:
    """Nothing new, but it goes on: something to send, so that no proxy hangs up."""


class _End:
    pass


Told = Event | Waiting | ApiError | _End


class Desk(Line):
    """Takes questions for the bot: `at_once` in hand, `in_line` more waiting."""

    def __init__(
        self,
        at_once: int = 8,
        in_line: int = 64,
        seconds: float = 300.0,
        beat: float = 10.0,
    ) -> None:
        """`seconds`: how long one answer may take; `beat`: how long nothing may be told."""
        super().__init__(at_once, in_line)
        self.seconds = seconds
        self.beat = beat


class Asking:
    """One question on its way to its answer. Made within the event loop of its request."""

    def __init__(
        self,
        desk: Desk,
        request: Request,
        bot: Bot,
        question: str,
        history: Sequence[Turn],
        filters: Filters | None,
        finished: Callable[[Answer], None],
    ) -> None:
        """Raises `LineFull`. `finished` hears the answer, in the thread that made it."""
        self._desk = desk
        self._request = request
        self._bot = bot
        self._asked = (question, tuple(history), filters)
        self._finished = finished
        self._told: asyncio.Queue[Told] = asyncio.Queue()
        self._loop = asyncio.get_running_loop()
        self._stop = threading.Event()
        self._work = desk.submit(self._run)

    async def events(self) -> AsyncGenerator[Event | Waiting | Beat, None]:
        """What the bot tells, as it tells it, with a `Beat` after each silence.

        Ends with `Finished`, or early if the client is gone. Raises `ApiError`.
        """
        end = time.monotonic() + self._desk.seconds
        silent_since = time.monotonic()
        try:
            while True:
                if time.monotonic() > end:
                    raise ApiError(
                        504,
                        f"The answer took longer than {self._desk.seconds:.0f} seconds and was "
                        "given up: ask again, or ask for less at once.",
                    )
                try:
                    told = await asyncio.wait_for(self._told.get(), _TICK)
                except TimeoutError:
                    if await self._request.is_disconnected():
                        return
                    if time.monotonic() - silent_since >= self._desk.beat:
                        silent_since = time.monotonic()
                        yield Beat()
                    continue
                if isinstance(told, ApiError):
                    raise told
                if isinstance(told, _End):
                    return
                silent_since = time.monotonic()
                yield told
                if isinstance(told, Finished):
                    return
        finally:
            self.stop()

    async def answer(self) -> Answer:
        """The finished answer; raises `ApiError`."""
        async with aclosing(self.events()) as events:
            async for event in events:
                if isinstance(event, Finished):
                    return event.answer
        # 499 is what proxies write in their logs for this; nobody is there to read it.
        raise ApiError(499, "The client hung up before the answer was there.")

    def stop(self) -> None:
        """Ends the work soon: the LLM stops at its next word."""
        self._stop.set()
        self._work.cancel()

    def _run(self) -> None:
        question, history, filters = self._asked
        try:
            if self._stop.is_set():
                return
            stream = self._bot.stream(
                question,
                history,
                filters,
                cancelled=self._stop.is_set,
                waiting=lambda ahead: self._tell(Waiting(ahead)),
            )
            try:
                for event in stream:
                    if self._stop.is_set():
                        return
                    if isinstance(event, Finished):
                        self._finished(event.answer)
                    self._tell(event)
            finally:
                stream.close()
        except Exception as error:
            self._tell(as_api_error(error))
        finally:
            self._tell(_End())

    def _tell(self, told: Told) -> None:
        try:
            self._loop.call_soon_threadsafe(self._told.put_nowait, told)
        except RuntimeError:  # the loop of a server that was stopped
            self._stop.set()
