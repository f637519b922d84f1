"""The line before the bot: so much work in hand, so much more that waits for a thread, no more."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from rag.errors import OrdagrantError


class LineFull(OrdagrantError):
    """As much waits as may: trying again in a few seconds helps."""


class Line:
    """Has work done in threads. Safe between threads; several doors may share one."""

    def __init__(self, at_once: int, in_line: int) -> None:
        self._most = at_once + in_line
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="ordagrant-line")
        self._lock = threading.Lock()
        self._in_hand = 0

    @property
    def in_hand(self) -> int:
        """What was taken and is not yet done with."""
        return self._in_hand

    def submit(self, work: Callable[[], None]) -> Future[None]:
        """Has `work` done in a thread. Raises `LineFull`, or `OrdagrantError` after `close`."""
        with self._lock:
            if self._in_hand >= self._most:
                raise LineFull(
                    "Too many questions are waiting for an answer: try again in a few seconds."
                )
            self._in_hand += 1
        try:
            future = self._pool.submit(work)
        except RuntimeError:
            self._done()
            raise OrdagrantError("The server is being stopped: ask again later.") from None
        future.add_done_callback(lambda _: self._done())
        return future

    def close(self) -> None:
        """Takes nothing more; what is in hand ends by itself."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _done(self) -> None:
        with self._lock:
            self._in_hand -= 1
