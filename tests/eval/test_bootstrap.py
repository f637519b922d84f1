from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.bootstrap import estimate, parity


def test_value_is_sum_over_sum() -> None:
    # (1 + 0 + 2) / (1 + 1 + 4), not the mean of 1, 0 and 0.5
    assert estimate([[(1, 1), (0, 1), (2, 4)]]).value == pytest.approx(0.5)


def test_two_ratios_are_averaged() -> None:
    both = estimate([[(1, 1), (0, 1), (0, 0), (0, 0)], [(0, 0), (0, 0), (1, 1), (1, 1)]])
    assert both.value == pytest.approx((0.5 + 1.0) / 2)
    assert both.n == 4


def test_nothing_to_measure_is_none() -> None:
    for parts in ([], [[]], [[(0, 0), (0, 0)]], [[(1, 1)], [(0, 0)]]):
        got = estimate(parts)
        assert (got.value, got.low, got.high, got.n) == (None, None, None, 0)


def test_repeats_exactly_with_the_same_seed() -> None:
    parts = [[((n * 7919 % 101) / 101, 1.0) for n in range(30)]]
    assert estimate(parts) == estimate(parts)
    assert estimate(parts, seed=1) != estimate(parts, seed=2)


def test_interval_of_a_fair_share_is_near_the_normal_one() -> None:
    # 50 of 100: 1.96 * sqrt(.25 / 100) = .098 to either side
    got = estimate([[(float(n < 50), 1.0) for n in range(100)]])
    assert got.low == pytest.approx(0.402, abs=0.02)
    assert got.high == pytest.approx(0.598, abs=0.02)


@given(
    st.lists(st.tuples(st.booleans(), st.booleans()), max_size=12),
)
def test_never_nan_and_always_in_order(cases: list[tuple[bool, bool]]) -> None:
    got = estimate([[(float(a and b), float(b)) for a, b in cases]], rounds=50)
    if got.value is None:
        assert not any(b for _, b in cases)
        return
    assert got.low is not None and got.high is not None
    assert 0 <= got.low <= got.value <= got.high <= 1
    assert not math.isnan(got.low)


ONES = st.lists(st.booleans(), max_size=8)


@given(ONES, ONES)
def test_parity_is_a_share_or_nothing(a: list[bool], b: list[bool]) -> None:
    got = parity([[(float(x), 1.0) for x in a]], [[(float(x), 1.0) for x in b]], rounds=50)
    if got.value is None:
        assert got.n == 0 and not (a and b and (any(a) or any(b)))
        return
    assert got.low is not None and got.high is not None
    assert 0 <= got.low <= got.high <= 1
    assert got.n == min(len(a), len(b))
    assert got.value == pytest.approx(
        min(sum(a) / len(a), sum(b) / len(b)) / max(sum(a) / len(a), sum(b) / len(b))
    )
