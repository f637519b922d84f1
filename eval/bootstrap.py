"""Percentile bootstrap over cases for means of ratios of sums. Seeded, so runs repeat exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

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
    counted = int(np.count_nonzero(parts[:, :, 1].any(axis=0)))
    sums = parts.sum(axis=1)  # (ratios, 2)
    if not np.all(sums[:, 1] > 0):
        return Estimate(None, None, None, counted)
    value = float((sums[:, 0] / sums[:, 1]).mean())
    cases = parts.shape[1]
    weights = np.random.default_rng(seed).multinomial(cases, [1 / cases] * cases, size=rounds)
    drawn = np.einsum("rc,ick->irk", weights.astype(np.float64), parts)  # (ratios, rounds, 2)
    usable = np.all(drawn[:, :, 1] > 0, axis=0)
    values = (drawn[:, usable, 0] / drawn[:, usable, 1]).mean(axis=0)
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return Estimate(value, float(low), float(high), counted)
