from __future__ import annotations

import threading
import time

import pytest

from rag.models.line import Line


class Visitor(threading.Thread):
    """Stands in line, notes what it is told, and leaves when told to."""

    def __init__(self, line: Line) -> None:
        super().__init__(daemon=True)
        self.line = line
        self.told: list[int] = []
        self.served = threading.Event()
        self.gave_up = threading.Event()
        self.done = threading.Event()
        self.came = False

    def run(self) -> None:
        self.came = self.line.enter(self.gave_up.is_set, self.told.append)
        if self.came:
            self.served.set()
            self.done.wait(10)
            self.line.leave()


def _standing(line: Line, number: int) -> list[Visitor]:
    """`number` visitors in line, in order."""
    visitors = []
    for place in range(number):
        visitors.append(Visitor(line))
        visitors[-1].start()
        _until(lambda place=place: len(line._places) == place + 1)
    return visitors


def _until(holds, seconds: float = 5.0) -> None:  # type: ignore[no-untyped-def]
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never held"
        time.sleep(0.005)


def test_each_is_served_in_turn_and_told_how_many_are_ahead() -> None:
    first, second, third = _standing(Line(), 3)
    assert first.served.wait(5)
    # Who is served before looking up is told nothing of the place it had.
    _until(lambda: (second.told, third.told) == ([1], [2]))
    first.done.set()
    assert second.served.wait(5)
    assert not third.served.is_set()
    _until(lambda: third.told == [2, 1])
    second.done.set()
    assert third.served.wait(5)
    third.done.set()
    third.join(5)
    assert (first.told, second.told, third.told) == ([], [1, 0], [2, 1, 0])


def test_who_gives_up_lets_the_next_move_up() -> None:
    first, second, third = _standing(Line(), 3)
    _until(lambda: third.told == [2])
    second.gave_up.set()
    _until(lambda: third.told == [2, 1])
    second.join(5)
    assert second.came is False
    first.done.set()
    assert third.served.wait(5)
    third.done.set()


def test_a_listener_that_fails_holds_nobody_up() -> None:
    line = Line()
    (first,) = _standing(line, 1)

    def broken(_: int) -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        line.enter(on_ahead=broken)
    first.done.set()
    first.join(5)
    with line:
        pass
