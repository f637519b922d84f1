"""Percentile bootstrap over cases for means of ratios of sums. Seeded, so runs repeat exactly.

The method is Efron's (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, ch. 13).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

ROUNDS = 2_000
SEED = 20_261
LEVEL = 0.95

# What one case adds to a ratio: (numerator, denominator).
Part = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its interval; all None where there is nothing to measure (never NaN).

    `n` counts the cases that add to the denominator.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int


def estimate(ratios: Sequence[Sequence[Part]], rounds: int = ROUNDS, seed: int = SEED) -> Estimate:
    """The mean of one or more ratios, `ratios[i][j]` being what case j adds to ratio i.

    Each ratio is sum of numerators over sum of denominators. Cases are drawn with replacement,
    the same draw for every ratio; draws that leave a ratio without a denominator are set aside.
    """
    parts = np.asarray(ratios, dtype=np.float64)  # (ratios, cases, 2)
    if parts.size == 0:
        return Estimate(None, None, None, 0)
    value = _value(parts)
    if value is None:
        return Estimate(None, None, None, 0)
    values = _drawn(parts, rounds, seed)
    low, high = _interval(values[~np.isnan(values)])
    return Estimate(value, low, high, _counted(parts))


def parity(
    a: Sequence[Sequence[Part]],
    b: Sequence[Sequence[Part]],
    rounds: int = ROUNDS,
    seed: int = SEED,
) -> Estimate:
    """The smaller of two figures over the larger: 1 where they are alike.

    Each is a mean of ratios as for `estimate`, and its cases are drawn by themselves. `n` is
    the smaller number of cases. None where one cannot be told or both are 0.
    """
    sides = [np.asarray(x, dtype=np.float64) for x in (a, b)]
    if any(side.size == 0 for side in sides):
        return Estimate(None, None, None, 0)
    values = [_value(side) for side in sides]
    if values[0] is None or values[1] is None or max(values[0], values[1]) <= 0:
        return Estimate(None, None, None, 0)
    counted = min(_counted(side) for side in sides)
    drawn = np.stack([_drawn(side, rounds, seed + n) for n, side in enumerate(sides)])
    drawn = drawn[:, np.all(drawn >= 0, axis=0) & (drawn.max(axis=0) > 0)]  # no NaN is >= 0
    low, high = _interval(drawn.min(axis=0) / drawn.max(axis=0))
    return Estimate(min(values[0], values[1]) / max(values[0], values[1]), low, high, counted)


def _counted(parts: NDArray[np.float64]) -> int:
    return int(np.count_nonzero(parts[:, :, 1].any(axis=0)))


def _value(parts: NDArray[np.float64]) -> float | None:
    sums = parts.sum(axis=1)  # (ratios, 2)
    return float((sums[:, 0] / sums[:, 1]).mean()) if np.all(sums[:, 1] > 0) else None


def _drawn(parts: NDArray[np.float64], rounds: int, seed: int) -> NDArray[np.float64]:
    """The figure of each draw; NaN where a ratio is left without a denominator."""
    weights = _weights(parts.shape[1], rounds, seed)  # (rounds, cases)
    drawn = np.tensordot(parts, weights, axes=(1, 1)).transpose(0, 2, 1)  # (ratios, rounds, 2)
    usable = np.all(drawn[:, :, 1] > 0, axis=0)
    values = np.full(rounds, np.nan)
    values[usable] = (drawn[:, usable, 0] / drawn[:, usable, 1]).mean(axis=0)
    return values


@lru_cache(maxsize=4)  # every measure over the same cases draws the same cases
def _weights(cases: int, rounds: int, seed: int) -> NDArray[np.float64]:
    """How often each round draws each case."""
    drawn = np.random.default_rng(seed).multinomial(cases, [1 / cases] * cases, size=rounds)
    weights = drawn.astype(np.float64)
    weights.flags.writeable = False
    return weights


def _interval(values: NDArray[np.float64]) -> tuple[float, float]:
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)
