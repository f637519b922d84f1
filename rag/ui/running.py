"""One question on its way.

The bot's stream runs in a thread of its own, so that stopping takes effect at once on the
page even while a model is busy; the stream itself is closed at its next step.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator

from rag.types import Event


class Run:
    """Runs a stream of events in a thread; iterate over `events()`, stop with `stop()`.

    `start` is given what tells whether the run was stopped, so that a busy model can end too.
    """

    def __init__(self, start: Callable[[Callable[[], bool]], Iterator[Event]]) -> None:
        self._start = start
        self._stop = threading.Event()
        self._queue: queue.SimpleQueue[Event | BaseException | None] = queue.SimpleQueue()
        self.abandoned = False

    @property
    def stopped(self) -> bool:
        return self._stop.is_set()

    def stop(self) -> None:
        """End `events()` now and close the stream at its next step. Safe from any thread."""
        self._stop.set()
        self._queue.put(None)

    def abandon(self) -> None:
        """Stop, and let nothing of it be shown: its conversation has been left."""
        self.abandoned = True
        self.stop()

    def events(self) -> Iterator[Event]:
        """The stream's events until it ends or is stopped; its exception is raised here."""
        threading.Thread(target=self._pump, name="ordagrant-answer", daemon=True).start()
        try:
            while (item := self._queue.get()) is not None and not self.stopped:
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            self._stop.set()

    def _pump(self) -> None:
        try:
            stream = self._start(self._stop.is_set)
            try:
                for event in stream:
                    if self.stopped:
                        break
                    self._queue.put(event)
            finally:
                close = getattr(stream, "close", None)
                if close is not None:
                    close()
        except BaseException as error:  # handed over to the thread that shows it
            self._queue.put(error)
        finally:
            self._queue.put(None)
