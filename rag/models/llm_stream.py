"""From a call that blocks and reports through callbacks to an iterator."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Generator

from rag.models.llm_types import Cancelled, OnText, Reply


def streamed(call: Callable[[OnText, Cancelled], Reply]) -> Generator[str | Reply, None, None]:
    """Runs `call(on_text, cancelled)` in a thread; yields each text, and the reply at the end.

    Closing the generator, or dropping it, tells `call` that it is cancelled and doesn't wait
    for it. What `call` raises is raised here.
    """
    closed = threading.Event()
    arrived: queue.SimpleQueue[str | Reply | BaseException] = queue.SimpleQueue()

    def work() -> None:
        try:
            arrived.put(call(arrived.put, closed.is_set))
        except BaseException as error:
            arrived.put(error)

    threading.Thread(target=work, name="llm", daemon=True).start()
    try:
        while True:
            item = arrived.get()
            if isinstance(item, BaseException):
                raise item
            yield item
            if isinstance(item, Reply):
                return
    finally:
        closed.set()
