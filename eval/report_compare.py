"""A comparison as the terminal and the HTML page show it."""

from __future__ import annotations

from typing import Any

from eval.compare import Change, Comparison
from eval.report_read import Document


def run_name(document: Document) -> str:
    """`seeds · none · 0123456789ab`, with a plus after code that differed from its commit."""
    dirty = "+" if document.get("dirty") else ""
    return f"{document['cases']} · {document['llm']} · {document['commit'][:12]}{dirty}"


def verdict(change: Change) -> str:
    """`regression`, `worse` or `better`; empty where the interval does not exclude 0."""
    if change.regressed:
        return "regression"
    if not change.sure or change.measure.better is None:
        return ""
    up = (change.difference.value or 0.0) > 0
    return "better" if up == (change.measure.better == "higher") else "worse"


def compare_values(first: Document, second: Document, found: Comparison) -> dict[str, Any]:
    """What the template of a comparison needs."""
    shares = [c for c in found.changes if c.measure.unit == "share"]
    ends = [abs(e) for c in shares for e in (c.difference.low, c.difference.high) if e is not None]
    worse = [f for f in found.flips if not f.better]
    return {
        "first": run_name(first),
        "second": run_name(second),
        "found": found,
        "verdicts": [verdict(c) for c in found.changes],
        # Rows are drawn to one scale; where nothing moved, any scale will do.
        "most": max(ends, default=0.0) or 1.0,
        "worse": worse,
        "better": [f for f in found.flips if f.better],
    }
