"""What all chat apps share: who is answered, in what order, how often, and never twice.

An app's own file hears messages and knows how to speak; everything between is here:

    attendant.hear(message, room)   returns at once; the answer comes when it is there
        -> ignored: bots, old messages, a group's talk that is not meant for the bot, repeats
        -> help | "too many questions" | an answer, in the messages that the app's limits allow

One question at a time is answered in a room, in the order of asking. What was said before in the
same room and thread is the history of a follow-up.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_exponential_jitter

from rag.audit import Heard
from rag.connectors.counts import RoomMetrics
from rag.connectors.seen import Seen
from rag.connectors.talks import Talks
from rag.connectors.words import greeting, say
from rag.corpus.language import detect_question
from rag.errors import OrdagrantError, StoreError
from rag.rendering import Link, Piece, divide, pieces
from rag.types import Answer, Finished, Turn

if TYPE_CHECKING:
    from rag.bot import Bot

log = logging.getLogger(__name__)

_OLDEST = 3_600.0  # seconds; a question older than that is no longer waited for
_TRIES = 8  # two minutes, with the waits of `Manners`


class Refused(Exception):
    """The app will not take a message, on no try."""


class Later(Exception):
    """The app did not take a message, but may on another try: after so many seconds, if told."""

    def __init__(self, after: float | None = None) -> None:
        super().__init__("not now")
        self.after = after


@dataclass(frozen=True, slots=True)
class Message:
    """What somebody said; `text` is without the mention of the bot."""

    event: str  # names it within the app, also when it is delivered again
    room: str
    thread: str  # what a follow-up goes on with; "" where the room has no threads
    text: str
    addressed: bool  # in private, or with a mention of the bot, or in reply to it
    by_bot: bool
    sent: float | None = None  # seconds since 1970
    language: str | None = None  # of the sender's app, where it tells


class Room(Protocol):
    """How to speak where a message came from."""

    limit: int  # characters of a message, as `rag.rendering.size` counts

    def style(self, piece: Piece, /) -> str:
        """What a message is measured as."""
        ...

    async def send(self, message: Sequence[Piece], key: str) -> None:
        """Says one message. `key` is the same whenever the same one is tried again.

        Raises `Later` where another try may succeed.
        """
        ...

    async def typing(self, on: bool) -> None:
        """Shows that the bot is at it, for some seconds, or no longer."""
        ...


@dataclass(frozen=True, slots=True)
class Manners:
    """How much the bot does in a room, and how long it waits. Times in seconds."""

    rate: str = "10/minute"  # questions of one room
    in_line: int = 3  # questions of one room that may wait
    at_once: int = 4  # questions answered at once in all rooms
    longest: float = 300.0  # for one answer
    grace: float = 10.0  # for answers in hand when the connector is stopped
    typing_every: float = 4.0
    first_wait: float = 1.0  # before a second try; doubled for each further one
    longest_wait: float = 60.0


@dataclass(slots=True)
class _Place:
    """A room's turn, and how many are in line for it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0
    told_off: float = 0.0  # until when "too often" need not be said again


async def until(stop: asyncio.Event, reading: Coroutine[Any, Any, None]) -> None:
    """Reads until that ends or `stop` is set; what reading raises is raised here."""
    loop = asyncio.get_running_loop()
    tasks = loop.create_task(reading), loop.create_task(stop.wait())
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if tasks[0].done():
            tasks[0].result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Attendant:
    """Hears the messages of one app and answers those that are meant for the bot."""

    def __init__(
        self,
        bot: Bot,
        app: str,
        seen: Seen,
        link: Link,
        manners: Manners | None = None,
        *,
        heard: Callable[[str, Answer], None] | None = None,
        metrics: RoomMetrics | None = None,
    ) -> None:
        """`app` names the app among the messages seen, and to `heard`, which is told each answer
        in the thread that made it; `link` gives a quote's address."""
        self.app = app
        self.seen = seen
        self._bot = bot
        self._link = link
        self._heard = heard or Heard()
        self._counts = metrics or RoomMetrics()
        self._manners = manners or Manners()
        self._pool = ThreadPoolExecutor(self._manners.at_once, f"ordagrant-{app}")
        self._rate: RateLimitItem = parse(self._manners.rate)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._places: dict[str, _Place] = {}
        self._talks = Talks()
        self._tasks: set[asyncio.Task[None]] = set()
        self._speaking: dict[str, asyncio.Task[None]] = {}  # by event
        self._stopping = False
        self._cancelled = threading.Event()

    def hear(self, message: Message, room: Room) -> None:
        """Takes a message up, if it is one for the bot; call it in the app's event loop."""
        if self._stopping or not self._is_meant(message):
            return
        try:
            if not self.seen.claim(self.app, message.event):
                return
        except StoreError as error:  # in doubt say nothing: an answer twice is worse
            log.error("%s: %s", self.app, error)
            return
        self._counts.heard.inc()
        task = asyncio.get_running_loop().create_task(self._attend(message, room))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def idle(self) -> bool:
        """Whether nothing that was taken up is still to be answered."""
        return not self._tasks

    async def stop(self) -> None:
        """Lets answers in hand come to their end for a while, then ends them.

        What was begun to be said is said to its end; a question to which nothing was said is
        given back, so that it is answered when the app delivers it again.
        """
        self._stopping = True
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._manners.grace)
        self._cancelled.set()
        speaking = list(self._speaking.values())
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if speaking:
            await asyncio.wait(speaking, timeout=self._manners.grace)
        for task in speaking:
            task.cancel()
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def once(self, message: Message, room: Room, words: str) -> None:
        """Says one of our sentences in answer to `message`, if it was not answered before."""
        if not self._stopping and self.seen.claim(self.app, message.event):
            await self._say(room, say(words, message.language or "en"), message)

    def _is_meant(self, message: Message) -> bool:
        if message.by_bot or not message.addressed or not message.text.strip():
            return False
        return message.sent is None or time.time() - message.sent < _OLDEST

    async def _attend(self, message: Message, room: Room) -> None:
        """Answers one message; whatever happens ends as a sentence in the room or in the log."""
        try:
            await self._take_turn(message, room)
        except asyncio.CancelledError:
            if message.event not in self._speaking:
                self.seen.release(self.app, message.event)
            raise
        except Exception as error:
            # Neither the question nor the app's own words, which may hold a secret.
            log.error("%s: a message was not answered (%s)", self.app, type(error).__name__)
            self._counts.failed.inc()

    async def _take_turn(self, message: Message, room: Room) -> None:
        language = greeting(message.text)
        if language is not None:
            articles = self._bot.store.count()[0]
            await self._say(room, say("help", language, articles=articles), message)
            return
        place = self._places.setdefault(message.room, _Place())
        if not self._limiter.hit(self._rate, message.room):
            await self._tell_off(place, message, room)
            return
        if place.waiting > self._manners.in_line:
            await self._say(room, say("busy", self._language(message)), message)
            return
        place.waiting += 1
        try:
            async with place.lock:
                await self._answer(message, room)
        finally:
            place.waiting -= 1
            if place.waiting == 0 and time.monotonic() > place.told_off:
                self._places.pop(message.room, None)

    async def _tell_off(self, place: _Place, message: Message, room: Room) -> None:
        """Says once that it is too often; saying it each time would be too often as well."""
        until = self._limiter.get_window_stats(self._rate, message.room).reset_time
        left = max(1, round(until - time.time()))
        if time.monotonic() < place.told_off:
            return
        place.told_off = time.monotonic() + left
        await self._say(room, say("too_often", self._language(message), seconds=left), message)

    async def _answer(self, message: Message, room: Room) -> None:
        key = (message.room, message.thread)
        try:
            async with self._showing(room), asyncio.timeout(self._manners.longest):
                answer = await self._ask(message.text.strip(), self._talks.history(key))
        except (OrdagrantError, TimeoutError) as error:
            log.error("%s: no answer (%s)", self.app, error or "it took too long")
            await self._say(room, say("failed", self._language(message)), message)
            self._counts.failed.inc()
            return
        messages = divide(pieces(answer, self._link), room.limit, room.style)
        await self._speak(room, messages, message)
        self._counts.answered.inc()
        self._talks.remember(key, message.text.strip(), answer)

    async def _ask(self, question: str, history: Sequence[Turn]) -> Answer:
        """The answer, worked out in a thread; leaving early stops the LLM."""
        given_up = threading.Event()

        def ended() -> bool:
            return given_up.is_set() or self._cancelled.is_set()

        def work() -> Answer | None:
            stream = self._bot.stream(question, history, cancelled=ended)
            with contextlib.closing(stream):
                for event in stream:
                    if ended():
                        return None
                    if isinstance(event, Finished):
                        self._heard(self.app, event.answer)
                        return event.answer
            return None

        try:
            answer = await asyncio.get_running_loop().run_in_executor(self._pool, work)
        except OrdagrantError:
            raise
        except Exception as error:
            raise OrdagrantError(f"something unexpected: {type(error).__name__}") from error
        finally:
            given_up.set()
        if answer is None:
            raise asyncio.CancelledError
        return answer

    @contextlib.asynccontextmanager
    async def _showing(self, room: Room) -> AsyncIterator[None]:
        """Shows that the bot is at it, as long as it is; that it cannot be shown is no matter."""

        async def show() -> None:
            while True:
                with contextlib.suppress(Exception):
                    await room.typing(True)
                await asyncio.sleep(self._manners.typing_every)

        task = asyncio.get_running_loop().create_task(show())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            with contextlib.suppress(Exception):
                await room.typing(False)

    async def _say(self, room: Room, sentence: str, message: Message) -> None:
        await self._speak(room, [[Piece("prose", sentence, "en")]], message)

    async def _speak(self, room: Room, messages: Sequence[Sequence[Piece]], to: Message) -> None:
        """Says the messages in order. Once begun it goes on when the one who waits is cancelled:
        half an answer would be said again from its beginning."""
        task = asyncio.get_running_loop().create_task(self._send(room, messages, to))
        self._speaking[to.event] = task
        task.add_done_callback(lambda _: self._speaking.pop(to.event, None))
        await asyncio.shield(task)

    async def _send(self, room: Room, messages: Sequence[Sequence[Piece]], to: Message) -> None:
        for i, one in enumerate(messages):
            async for attempt in AsyncRetrying(
                retry=retry_if_exception_type(Later),
                stop=stop_after_attempt(_TRIES),
                wait=self._wait,
                reraise=True,
            ):
                if attempt.retry_state.attempt_number > 1:
                    self._counts.retried.inc()
                with attempt:
                    await self._try(room, one, f"{to.event}.{i}")

    async def _try(self, room: Room, message: Sequence[Piece], key: str) -> None:
        try:
            await room.send(message, key)
        except Refused:
            self._counts.refused.inc()
            raise

    def _wait(self, state: RetryCallState) -> float:
        """As long as the app says, else ever longer."""
        manners = self._manners
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, Later) and error.after is not None:
            return min(error.after, manners.longest_wait)
        return wait_exponential_jitter(
            multiplier=manners.first_wait, max=manners.longest_wait, jitter=manners.first_wait
        )(state)

    def _language(self, message: Message) -> str:
        return detect_question(message.text)
