"""Two results of the same cases, paired case by case: what changed, and is it a regression?

A case's luck is the same in both runs, so the difference is drawn over pairs: a round of the
bootstrap takes the same cases, with replacement, out of both results (the paired bootstrap;
Koehn 2004, "Statistical significance tests for machine translation evaluation"). Pure functions.

A regression is any of
- a watched measure that fell by more than the tolerance, in an interval that excludes 0,
- a quote that is not exactly its article's words where the first result had none such,
- a case that crashes where it did not.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from eval.bootstrap import LEVEL, ROUNDS, SEED, Estimate
from eval.report_measures import MILLISECONDS, WATCHED, Measure, measure
from eval.report_read import Document, Parts, ResultFileError, Row, parts, passed, why

TOLERANCE = 0.02
# Numbers that are equal but for the order they were added in are equal.
_EPSILON = 1e-12


@dataclass(frozen=True, slots=True)
class Change:
    """One measure over the pairs. `difference` is second minus first, with its interval."""

    measure: Measure
    before: float | None
    after: float | None
    difference: Estimate
    watched: bool
    regressed: bool

    @property
    def sure(self) -> bool:
        """Whether the interval excludes 0."""
        low, high = self.difference.low, self.difference.high
        return low is not None and high is not None and (low > 0 or high < 0)


@dataclass(frozen=True, slots=True)
class Flip:
    """A case that passed in one result and failed in the other."""

    id: str
    kind: str
    question: str
    before: str  # why it passed or failed
    after: str
    better: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that differs between two results."""

    changes: tuple[Change, ...]
    flips: tuple[Flip, ...]
    regressions: tuple[str, ...]  # a sentence for each; empty: the gate is open
    made: tuple[tuple[str, str, str], ...]  # what it was made with: name, first, second
    notes: tuple[str, ...]
    pairs: int
    tolerance: float


def compare(
    first: Document,
    second: Document,
    tolerance: float = TOLERANCE,
    watched: Sequence[str] | None = None,
) -> Comparison:
    """Compares two result documents of any schema.

    `watched` names the measures that may sound the alarm (`["all"]`: every one). Raises
    `ResultFileError` when the results share no case or a measure is in neither.
    """
    before, after = _by_id(first), _by_id(second)
    shared = [i for i in before if i in after]
    altered = [i for i in shared if _asked(before[i]) != _asked(after[i])]
    pairs = [(before[i], after[i]) for i in shared if i not in altered]
    if not pairs:
        raise ResultFileError(
            f"The results share no case that asks the same: {first['cases']} and "
            f"{second['cases']} cannot be compared."
        )
    changes = _changes(pairs, tolerance, watched)
    return Comparison(
        changes=changes,
        flips=tuple(_flips(pairs)),
        regressions=(*_fallen(changes, tolerance), *_misquotes(before, after.values()),
                     *_crashes(before, after.values())),
        made=tuple(_made(first, second)),
        notes=tuple(_notes(first, second, before, after, altered)),
        pairs=len(pairs),
        tolerance=tolerance,
    )  # fmt: skip


def paired_difference(
    before: Sequence[Parts], after: Sequence[Parts], rounds: int = ROUNDS, seed: int = SEED
) -> Estimate:
    """How much the mean of ratios changed, `before[j]` and `after[j]` being case j's parts.

    Rounds that leave either side without a denominator are set aside; all None where the whole
    does. `n` counts the cases that add to a denominator on either side.
    """
    both = np.asarray([before, after], dtype=np.float64)  # (2, cases, ratios, 2)
    if both.size == 0:
        return Estimate(None, None, None, 0)
    counted = int(np.count_nonzero(both[..., 1].any(axis=(0, 2))))
    sums = both.sum(axis=1)  # (2, ratios, 2)
    if not np.all(sums[..., 1] > 0):
        return Estimate(None, None, None, counted)
    cases = both.shape[1]
    weights = np.random.default_rng(seed).multinomial(cases, [1 / cases] * cases, size=rounds)
    drawn = np.einsum("rc,scik->srik", weights.astype(np.float64), both)  # (2, rounds, ratios, 2)
    usable = np.all(drawn[..., 1] > 0, axis=(0, 2))
    kept = drawn[:, usable]
    means = (kept[..., 0] / kept[..., 1]).mean(axis=2)  # (2, rounds)
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(means[1] - means[0], [tail, 1 - tail])
    values = (sums[..., 0] / sums[..., 1]).mean(axis=1)
    return Estimate(float(values[1] - values[0]), float(low), float(high), counted)


def _by_id(document: Document) -> dict[str, Row]:
    return {str(row["id"]): row for row in document["results"]}


def _asked(row: Row) -> tuple[Any, ...]:
    """What makes two cases the same: the question and what is right, as both schemas keep it."""
    wanted = row["expected"]
    gold = [[(g["article_id"], g["text"]) for g in group] for group in wanted["evidence"]]
    return row["question"], wanted["refuse"], wanted["accept"], wanted["must_not_say"], gold


def _changes(
    pairs: Sequence[tuple[Row, Row]], tolerance: float, watched: Sequence[str] | None
) -> tuple[Change, ...]:
    sound = [(a, b) for a, b in pairs if a["score"] is not None and b["score"] is not None]
    before, after = [parts(a) for a, _ in sound], [parts(b) for _, b in sound]
    names = _names(before) & _names(after)
    ordered = [n for n in dict.fromkeys(n for row in (*before, *after) for n in row) if n in names]
    alarm = _watched(watched, ordered)
    changes = []
    for name in ordered:
        first, second = _of_measure(name, before), _of_measure(name, after)
        if len(first[0]) == len(second[0]):  # else its definition changed
            changes.append(_change(measure(name), first, second, tolerance, name in alarm))
    times = [_times(row[side] for row in sound) for side in (0, 1)]
    return (*changes, _change(MILLISECONDS, times[0], times[1], tolerance, False))


def _names(rows: Iterable[Mapping[str, Parts]]) -> set[str]:
    return {name for row in rows for name in row}


def _watched(asked: Sequence[str] | None, known: Sequence[str]) -> set[str]:
    if asked is None:
        return set(WATCHED)
    if list(asked) == ["all"]:
        return set(known)
    unknown = [name for name in asked if name not in known]
    if unknown:
        raise ResultFileError(
            f"Not measured in both results: {', '.join(unknown)}; "
            f"these are: {', '.join(known)}, and `all`."
        )
    return set(asked)


def _of_measure(name: str, rows: Sequence[Mapping[str, Parts]]) -> list[Parts]:
    """Every case's parts of one measure; a case that does not count in it adds nothing."""
    ratios = next(len(row[name]) for row in rows if name in row)
    nothing: Parts = ((0.0, 0.0),) * ratios
    return [row.get(name, nothing) for row in rows]


def _times(rows: Iterable[Row]) -> list[Parts]:
    return [((float(row["milliseconds"]), 1.0),) for row in rows]


def _change(
    of: Measure, before: Sequence[Parts], after: Sequence[Parts], tolerance: float, watched: bool
) -> Change:
    difference = paired_difference(before, after)
    change = Change(of, _mean(before), _mean(after), difference, watched, False)
    if not watched or not change.sure or difference.value is None or of.better is None:
        return change
    worse = -difference.value if of.better == "higher" else difference.value
    fell = worse > tolerance + _EPSILON
    return Change(of, change.before, change.after, difference, watched, fell)


def _mean(rows: Sequence[Parts]) -> float | None:
    sums = np.asarray(rows, dtype=np.float64).sum(axis=0) if rows else np.zeros((1, 2))
    return float((sums[:, 0] / sums[:, 1]).mean()) if np.all(sums[:, 1] > 0) else None


def _flips(pairs: Sequence[tuple[Row, Row]]) -> Iterable[Flip]:
    for a, b in pairs:
        if passed(a) != passed(b):
            yield Flip(b["id"], b["kind"], b["question"], why(a), why(b), passed(b))


def _fallen(changes: Sequence[Change], tolerance: float) -> Iterable[str]:
    for c in changes:
        if c.regressed:
            d = c.difference
            yield (
                f"{c.measure.label} ({c.measure.name}) went from {c.before:.3f} to {c.after:.3f}: "
                f"{d.value:+.3f}, {LEVEL:.0%} interval {d.low:+.3f} to {d.high:+.3f}, "
                f"tolerance {tolerance:g}."
            )


def _misquotes(before: Mapping[str, Row], after: Iterable[Row]) -> Iterable[str]:
    for row in after:
        faults = row["score"]["quote_faults"] if row["score"] is not None else []
        was = before.get(row["id"])
        if faults and not (was and was["score"] and was["score"]["quote_faults"]):
            yield f"{row['id']} now misquotes: {'; '.join(faults)}."


def _crashes(before: Mapping[str, Row], after: Iterable[Row]) -> Iterable[str]:
    for row in after:
        was = before.get(row["id"])
        if row["error"] is not None and not (was and was["error"] is not None):
            yield f"{row['id']} now crashes: {row['error']}."


def _made(first: Document, second: Document) -> Iterable[tuple[str, str, str]]:
    """Every setting, version and threshold that is not the same."""
    a, b = _flat(first), _flat(second)
    for name in dict.fromkeys((*a, *b)):
        if a.get(name) != b.get(name):
            yield name, a.get(name, "–"), b.get(name, "–")


def _flat(document: Document) -> dict[str, str]:
    made = {name: str(document.get(name)) for name in ("cases", "llm", "commit", "dirty")}
    for name in ("settings", "refusal_threshold", "versions", "selection", "machine"):
        for key, value in (document.get(name) or {}).items():
            made[f"{name}: {key}"] = str(value)
    return made


def _notes(
    first: Document,
    second: Document,
    before: Mapping[str, Row],
    after: Mapping[str, Row],
    altered: Sequence[str],
) -> Iterable[str]:
    if first["cases"] != second["cases"]:
        yield f"The case files differ: {first['cases']} and {second['cases']}."
    for ids, what in (
        ([i for i in before if i not in after], "only in the first result"),
        ([i for i in after if i not in before], "only in the second result"),
        (list(altered), "asked or expected otherwise in the second result, so left out"),
    ):
        if ids:
            named = ", ".join(ids[:8]) + (", …" if len(ids) > 8 else "")
            yield f"{len(ids)} {'case is' if len(ids) == 1 else 'cases are'} {what}: {named}."
