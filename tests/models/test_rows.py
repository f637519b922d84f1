"""Rows run beside each other, each once, and a failure is never remembered."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from rag.models.rows import Rows


class Doubling:
    """Doubles the sum of a row; holds its first `together` rows until all have come."""

    def __init__(self, together: int = 1) -> None:
        self.runs: Counter[tuple[int, ...]] = Counter()
        self._all = threading.Barrier(together)
        self._left = together

    def __call__(self, row: Sequence[int]) -> int:
        self.runs[tuple(row)] += 1
        if self._left > 0:
            self._left -= 1
            self._all.wait(20)
        return 2 * sum(row)


def test_results_are_in_order_and_a_row_runs_once() -> None:
    run = Doubling()
    rows = Rows(run, threads=2)
    assert rows.each([[1], [2, 3], [1]]) == [2, 10, 2]
    assert rows.each([[2, 3], [4]]) == [10, 8]
    assert set(run.runs.values()) == {1}
    assert rows.each([]) == []


def test_rows_run_beside_each_other() -> None:
    # Neither of the two ends before the other has begun.
    assert Rows(Doubling(together=2), threads=2).each([[1], [2]]) == [2, 4]


def test_who_asks_for_a_row_that_is_being_run_waits_for_it() -> None:
    begun, go = threading.Event(), threading.Event()
    runs = []

    def slow(row: Sequence[int]) -> int:
        runs.append(row)
        begun.set()
        assert go.wait(20)
        return sum(row)

    rows = Rows(slow, threads=2)
    with ThreadPoolExecutor(2) as people:
        first = people.submit(rows.each, [[1, 2]])
        assert begun.wait(20)
        second = people.submit(rows.each, [[1, 2]])
        go.set()
        assert first.result(20) == second.result(20) == [3]
    assert len(runs) == 1


def test_a_failure_is_raised_and_tried_again_the_next_time() -> None:
    failures = [ValueError("no")]

    def failing(row: Sequence[int]) -> int:
        if failures:
            raise failures.pop()
        return sum(row)

    rows = Rows(failing, threads=1)
    with pytest.raises(ValueError, match="no"):
        rows.each([[5]])
    assert rows.each([[5]]) == [5]


def test_no_more_is_remembered_than_was_said() -> None:
    run = Doubling()
    rows = Rows(run, threads=1, remembered=2)
    for row in ([1], [2], [1], [3], [1], [2]):
        rows.each([row])
    assert run.runs == {(1,): 1, (2,): 2, (3,): 1}
