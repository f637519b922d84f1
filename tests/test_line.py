"""The line before the bot: what it takes, what frees a place in it, and how it ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from rag.errors import OrdagrantError
from rag.line import Line, LineFull


@pytest.fixture
def go() -> Iterator[threading.Event]:
    gate = threading.Event()
    yield gate
    gate.set()


def waiting(gate: threading.Event, begun: threading.Event | None = None) -> None:
    if begun is not None:
        begun.set()
    assert gate.wait(60)


def free(line: Line, most: int = 0) -> bool:
    """Whether no more than `most` is in hand soon: a future's result is there a moment before."""
    end = time.monotonic() + 60
    while line.in_hand > most and time.monotonic() < end:
        time.sleep(0.01)
    return line.in_hand == most


def test_so_much_is_in_hand_so_much_waits_and_no_more(go: threading.Event) -> None:
    line = Line(at_once=1, in_line=1)
    taken = [line.submit(lambda: waiting(go)) for _ in range(2)]
    with pytest.raises(LineFull, match="try again"):
        line.submit(lambda: None)
    assert line.in_hand == 2
    go.set()
    for future in taken:
        future.result(60)
    assert free(line)
    line.submit(lambda: None).result(60)


def test_what_fails_and_what_is_given_up_make_room(go: threading.Event) -> None:
    line = Line(at_once=1, in_line=1)
    with pytest.raises(ZeroDivisionError):
        line.submit(lambda: print(1 / 0)).result(60)
    assert free(line)
    line.submit(lambda: waiting(go))
    assert line.submit(lambda: None).cancel()
    assert free(line, 1)
    line.submit(lambda: None)


def test_a_closed_line_drops_what_waits_and_ends_what_is_in_hand(go: threading.Event) -> None:
    line = Line(at_once=1, in_line=2)
    begun = threading.Event()
    running = line.submit(lambda: waiting(go, begun))
    assert begun.wait(60)
    later = line.submit(lambda: None)
    line.close()
    assert later.cancelled() and line.in_hand == 1
    with pytest.raises(OrdagrantError, match="being stopped") as raised:
        line.submit(lambda: None)
    assert not isinstance(raised.value, LineFull)
    go.set()
    running.result(60)
    assert free(line)
