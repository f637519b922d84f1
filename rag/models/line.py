"""A lock that is given in the order of asking, and tells those who wait how many are ahead."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

# How soon one who waits notices that it was cancelled.
_LOOK_UP = 0.1  # seconds


class Line:
    """First come, first served. Safe between threads; not re-entrant."""

    def __init__(self) -> None:
        self._moved = threading.Condition()
        self._places: deque[object] = deque()  # the first is being served

    def enter(
        self,
        cancelled: Callable[[], bool] | None = None,
        on_ahead: Callable[[int], None] | None = None,
    ) -> bool:
        """Wait for one's turn; `leave` must follow. False: cancelled before it came.

        `on_ahead` is told how many are ahead, the one being served included, at first and
        whenever that changes; 0 once the turn has come, if it was told anything before.
        """
        me = object()
        with self._moved:
            self._places.append(me)
            ahead = len(self._places) - 1
        told = 0
        try:
            while ahead > 0:
                if cancelled is not None and cancelled():
                    self._drop(me)
                    return False
                if on_ahead is not None and ahead != told:
                    on_ahead(ahead)
                told = ahead
                with self._moved:
                    if self._places.index(me) == ahead:
                        self._moved.wait(_LOOK_UP)
                    ahead = self._places.index(me)
            if on_ahead is not None and told:
                on_ahead(0)
        except BaseException:
            self._drop(me)
            raise
        return True

    def leave(self) -> None:
        """Give the turn to the next."""
        with self._moved:
            self._places.popleft()
            self._moved.notify_all()

    def _drop(self, me: object) -> None:
        with self._moved:
            self._places.remove(me)
            self._moved.notify_all()

    def __enter__(self) -> Line:
        self.enter()
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()
