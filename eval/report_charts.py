"""Charts as plain numbers: where each tick, line and dot of an SVG goes. The template draws.

Coordinates are the SVG's own units, y downwards. Every chart carries the numbers it was drawn
from as a table, for those who can't see it or don't trust it. Pure functions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 560, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 24, 30, 46
_Z = 1.959964  # of a 95% interval


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Dot:
    x: float
    y: float
    r: float
    low: float | None = None  # y of the ends of its interval
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """A named series: its dots, and a path through them where one makes sense."""

    name: str
    path: str
    dots: tuple[Dot, ...]


@dataclass(frozen=True, slots=True)
class Bar:
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything the template needs to draw one figure. `caption` says what is to be seen."""

    title: str
    caption: str
    x_label: str
    y_label: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[Line, ...] = ()
    bars: tuple[Bar, ...] = ()
    rules: tuple[Tick, ...] = ()  # upright lines with a label
    reference: str = ""  # a path drawn faintly behind the rest
    left: float = _LEFT
    right: float = WIDTH - _RIGHT
    top: float = _TOP
    bottom: float = HEIGHT - _BOTTOM
    width: float = WIDTH
    height: float = HEIGHT


@dataclass(frozen=True, slots=True)
class Bin:
    """Cases of about the same probability: what was said, and what share came true."""

    said: float
    true: float
    n: int
    low: float | None = None
    high: float | None = None


def _x(share: float) -> float:
    return round(_LEFT + share * (WIDTH - _LEFT - _RIGHT), 1)


def _y(share: float) -> float:
    return round(HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM), 1)


def _path(points: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{'L' if i else 'M'}{x:g} {y:g}" for i, (x, y) in enumerate(points))


def _percents(place: Callable[[float], float]) -> tuple[Tick, ...]:
    return tuple(Tick(place(n / 100), f"{n}%") for n in (0, 25, 50, 75, 100))


def _pc(share: float) -> str:
    return f"{100 * share:.0f}%"


def wilson(hits: float, n: int) -> tuple[float, float]:
    """The 95% interval of a share (Wilson 1927); `n` must not be 0."""
    share = hits / n
    middle = share + _Z**2 / (2 * n)
    half = _Z * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n * n))
    scale = 1 + _Z**2 / n
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def binned(points: Sequence[tuple[float, bool]], bins: int = 8) -> list[Bin]:
    """(probability, came true) in bins of equal size, in order of probability."""
    ordered = sorted(points)
    count = min(bins, max(1, len(ordered) // 5))
    out = []
    for i in range(count):
        some = ordered[i * len(ordered) // count : (i + 1) * len(ordered) // count]
        if some:
            hits = sum(true for _, true in some)
            low, high = wilson(hits, len(some))
            said = sum(p for p, _ in some) / len(some)
            out.append(Bin(said, hits / len(some), len(some), low, high))
    return out


def calibration_error(bins: Sequence[Bin]) -> float | None:
    """The expected calibration error: the mean gap of said and true, weighed by cases
    (Naeini et al. 2015). None without cases."""
    cases = sum(b.n for b in bins)
    return sum(b.n * abs(b.said - b.true) for b in bins) / cases if cases else None


def reliability(title: str, caption: str, said: str, true: str, bins: Sequence[Bin]) -> Chart:
    """Said against true; on the diagonal, a probability means what it says."""
    most = max((b.n for b in bins), default=1)
    dots = tuple(
        Dot(
            _x(b.said),
            _y(b.true),
            round(3 + 5 * math.sqrt(b.n / most), 1),
            None if b.low is None else _y(b.low),
            None if b.high is None else _y(b.high),
        )
        for b in bins
    )
    return Chart(
        title=title,
        caption=caption,
        x_label=said,
        y_label=true,
        x_ticks=_percents(_x),
        y_ticks=_percents(_y),
        headings=(said, true, "n"),
        rows=tuple((_pc(b.said), _pc(b.true), str(b.n)) for b in bins),
        lines=(Line("", _path((d.x, d.y) for d in dots), dots),),
        reference=_path(((_x(0), _y(0)), (_x(1), _y(1)))),
    )


def curves(
    title: str,
    caption: str,
    x_label: str,
    series: Sequence[tuple[str, Sequence[tuple[float, float]]]],
    *,
    y_label: str = "share",
    rules: Sequence[tuple[float, str]] = (),
    ranks: Sequence[int] = (),
) -> Chart:
    """Shares over shares; with `ranks`, over ranks that stand evenly apart (each x is one)."""
    places = {rank: i / max(1, len(ranks) - 1) for i, rank in enumerate(ranks)}

    def across(x: float) -> float:
        return _x(places[round(x)] if ranks else x)

    lines = []
    for name, points in series:
        at = [(across(x), _y(y)) for x, y in points]
        dots = tuple(Dot(x, y, 3.5) for x, y in at) if ranks else ()
        lines.append(Line(name, _path(at), dots))
    xs = list(dict.fromkeys(x for _, points in series for x, _ in points))
    values = [dict(points) for _, points in series]
    return Chart(
        title=title,
        caption=caption,
        x_label=x_label,
        y_label=y_label,
        x_ticks=tuple(Tick(across(r), str(r)) for r in ranks) if ranks else _percents(_x),
        y_ticks=_percents(_y),
        headings=(x_label, *(name for name, _ in series)),
        rows=tuple(
            (f"{x:g}" if ranks else _pc(x), *(_pc(v[x]) if x in v else "–" for v in values))
            for x in xs
        ),
        lines=tuple(lines),
        rules=tuple(Tick(_x(x), label) for x, label in rules),
    )


def histogram(
    title: str,
    caption: str,
    x_label: str,
    values: Sequence[float],
    marks: Sequence[tuple[float, str]],
) -> Chart | None:
    """How many values fall where; None without values. `values` are milliseconds."""
    if not values:
        return None
    step = _step(max(values))
    bins = max(1, math.ceil(max(values) / step))
    counts = [0] * bins
    for value in values:
        counts[min(bins - 1, int(value / step))] += 1
    top = max(counts)
    every = max(1, math.ceil(top / 4))
    level = every * math.ceil(top / every)
    wide = 1 / bins
    labelled = max(1, math.ceil(bins / 6))
    return Chart(
        title=title,
        caption=caption,
        x_label=x_label,
        y_label="cases",
        x_ticks=tuple(Tick(_x(i * wide), _ms(i * step)) for i in range(0, bins + 1, labelled)),
        y_ticks=tuple(Tick(_y(n / level), str(n)) for n in range(0, level + 1, every)),
        headings=(x_label, "cases"),
        rows=tuple(
            (f"{_ms(i * step)} to {_ms((i + 1) * step)}", str(n)) for i, n in enumerate(counts) if n
        ),
        bars=tuple(
            Bar(
                _x(i * wide) + 1,
                _y(n / level),
                round(max(1.0, _x((i + 1) * wide) - _x(i * wide) - 2), 1),
                round(_y(0) - _y(n / level), 1),
            )
            for i, n in enumerate(counts)
            if n
        ),
        rules=tuple(Tick(_x(min(1.0, x / (bins * step))), label) for x, label in marks),
    )


def _step(most: float, wanted: int = 18) -> float:
    """A round width that cuts 0..`most` into about `wanted` bins."""
    rough = max(most, 1e-6) / wanted
    size: float = 10 ** math.floor(math.log10(rough))
    return next(m * size for m in (1, 2, 2.5, 5, 10) if m * size >= rough)


def _ms(value: float) -> str:
    return f"{value / 1000:g} s" if value >= 1000 else f"{value:g} ms" if value else "0"
