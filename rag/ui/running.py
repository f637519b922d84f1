"""One question on its way.

The bot's stream runs in a thread of its own, so that stopping takes effect at once on the
page even while a model is busy; the stream itself is closed at its next step.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator

from rag.types import Answer, Event, Finished, Waiting

# Given what tells whether the run was stopped, so that a busy model can end too, and what hears
# the place in line for it.
Start = Callable[[Callable[[], bool], Callable[[int], None]], Iterator[Event]]


class Run:
    """Runs a stream of events in a thread; iterate over `events()`, stop with `stop()`."""

    def __init__(self, start: Start, finished: Callable[[Answer], None] | None = None) -> None:
        """`finished` hears the answer, in the thread that made it."""
        self._start = start
        self._finished = finished
        self._stop = threading.Event()
        self._queue: queue.SimpleQueue[Event | Waiting | BaseException | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
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

    def begin(self) -> None:
        """Start the stream before anyone listens."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._pump, name="ordagrant-answer", daemon=True)
            self._thread.start()

    def events(self) -> Iterator[Event | Waiting]:
        """The stream's events until it ends or is stopped; its exception is raised here."""
        self.begin()
        try:
            while (item := self._queue.get()) is not None and not self.stopped:
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            self._stop.set()

    def _pump(self) -> None:
        try:
            stream = self._start(self._stop.is_set, lambda n: self._queue.put(Waiting(n)))
            try:
                for event in stream:
                    if self.stopped:
                        break
                    if isinstance(event, Finished) and self._finished is not None:
                        self._finished(event.answer)
                    self._queue.put(event)
            finally:
                close = getattr(stream, "close", None)
                if close is not None:
                    close()
        except BaseException as error:  # handed over to the thread that shows it
            self._queue.put(error)
        finally:
            self._queue.put(None)


class Runs:
    """The run of each visit, so that a visit that ends can end its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of: dict[str, Run] = {}

    def began(self, visit: str, run: Run | None) -> None:
        with self._lock:
            if run is not None:
                self._of[visit] = run

    def ended(self, visit: str, run: Run | None) -> None:
        """Forget a run; the next one of the visit may have begun already."""
        with self._lock:
            if run is not None and self._of.get(visit) is run:
                del self._of[visit]

    def leave(self, visit: str) -> None:
        """The visitor is gone: nobody waits for the answer any more."""
        with self._lock:
            run = self._of.pop(visit, None)
        if run is not None:
            run.abandon()
