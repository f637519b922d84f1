"""How well scores tell true statements from false ones, set by set."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from reader_metrics import auc
from rich.console import Console
from rich.table import Table
from verifier_data import Row

Figures = dict[str, dict[str, float]]


def figures(rows: Sequence[Row], log_odds: Sequence[float]) -> Figures:
    """By set and fault, against the set's true statements (of planted faults: those they were
    planted into). `caught` and `alarms` are the shares of false and of true statements with
    log-odds under 0; `balanced` is the balanced accuracy."""
    true: dict[str, list[int]] = defaultdict(list)
    false: dict[tuple[str, str], list[int]] = defaultdict(list)
    for i, row in enumerate(rows):
        if row.true:
            true[row.set].append(i)
        else:
            false[row.set, row.fault].append(i)
    out = {}
    for (name, fault), found in sorted(false.items()):
        ours = [log_odds[i] for i in sorted({rows[i].pair for i in found} - {-1}) or true[name]]
        theirs = [log_odds[i] for i in found]
        if not ours:
            continue
        caught = sum(s < 0 for s in theirs) / len(theirs)
        alarms = sum(s < 0 for s in ours) / len(ours)
        out[f"{name}: {fault}"] = {
            "true": len(ours),
            "false": len(theirs),
            "balanced": round((caught + 1 - alarms) / 2, 3),
            "auc": round(auc([True] * len(ours) + [False] * len(theirs), [*ours, *theirs]), 3),
            "caught": round(caught, 3),
            "alarms": round(alarms, 3),
        }
    return out


def report(title: str, found: Figures) -> None:
    table = Table(title=title, title_justify="left")
    for i, column in enumerate(("set", *next(iter(found.values())))):
        table.add_column(column, justify="right" if i else "left")
    for name, values in found.items():
        table.add_row(name, *(f"{v:g}" for v in values.values()))
    Console(width=110).print(table)
