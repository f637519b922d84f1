"""The charts of a report: which figures of a result are drawn, and what is said below them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from eval.report_charts import Bin, Chart, binned, calibration_error, curves, histogram, reliability
from eval.report_read import Document, Row, passed

RANKS = (1, 2, 3, 5, 10)
_BIN = re.compile(r"score ([\d.]+), true ([\d.]+), share ([\d.]+)")
# Fewer cases than this draw a curve of accidents.
_LEAST = 20


def calibration(document: Document) -> list[Chart]:
    """Do the probabilities mean what they say? What is known of it, none where nothing is."""
    table = document.get("calibration") or {}
    charts = [*_answerable(document["results"]), *_thresholds(document, table)]
    return [*charts, *_verifier(table.get("verifier") or ())]


def _answerable(rows: Sequence[Row]) -> Iterable[Chart]:
    scored = [r for r in rows if r["score"] is not None and r.get("probability") is not None]
    asked = [(float(r["probability"]), bool(r["score"]["answerable"])) for r in scored
             if r["score"]["answerable"] is not None]  # fmt: skip
    given = [(float(r["probability"]), passed(r)) for r in scored if not r["score"]["refused"]]
    for points, title, came_true in (
        (asked, "Is there an answer at all?", "had an answer"),
        (given, "Is the answer right?", "were right"),
    ):
        # Where all came out alike there is nothing to tell apart.
        if len(points) >= _LEAST and len({true for _, true in points}) == 2:
            bins = binned(points)
            caption = (
                "Each dot is an equal share of the cases, with its 95% interval. On the diagonal "
                "a probability means what it says. Expected calibration error "
                f"{100 * (calibration_error(bins) or 0.0):.0f} points over {len(points)} cases."
            )
            said = "probability that the articles answer it"
            yield reliability(title, caption, said, came_true, bins)


def _thresholds(document: Document, table: Mapping[str, Any]) -> Iterable[Chart]:
    curve = table.get("curve") or ()
    if not curve:
        return
    used = document.get("refusal_threshold") or {}
    marks = {round(float(at), 3): lang for lang, at in used.items()}
    same = len(set(used.values())) == 1
    rules = [(at, f"refuses below {at:g}" + ("" if same else f" ({lang})"))
             for at, lang in marks.items()]  # fmt: skip
    data = table.get("data") or {}
    yield curves(
        "What a stricter threshold costs",
        f"Measured when the reader was calibrated, on {data.get('answerable', '?')} answerable "
        f"and {data.get('unanswerable', '?')} unanswerable questions of the dev half; not on "
        "this run.",
        "probability below which a question is refused",
        [
            ("answerable, answered", [(c["threshold"], c["answer_rate"]) for c in curve]),
            ("unanswerable, refused", [(c["threshold"], c["refusal_recall"]) for c in curve]),
        ],
        rules=rules,
    )


def _verifier(lines: Sequence[str]) -> Iterable[Chart]:
    found = [m for line in lines if (m := _BIN.search(str(line)))]
    if not found:
        return
    bins = [Bin(float(m[1]), float(m[2]), round(1000 * float(m[3]))) for m in found]
    yield reliability(
        "Does the verifier know?",
        "The verifier's score of a statement against how many such statements were true, on "
        "labelled claims held out of its fitting; not on this run. The size of a dot is its "
        "share; n is of a thousand.",
        "score of a statement",
        "were true",
        bins,
    )


def retrieval(rows: Sequence[Row]) -> Chart | None:
    """Hit@k: the share of cases with a marked passage among the first k chunks found."""
    searched = [(r["language"], r["score"]["retrieval"]) for r in rows
                if r["score"] is not None and r["score"].get("retrieval")]  # fmt: skip
    if not searched:
        return None
    languages = sorted({language for language, _ in searched})
    groups = [("all", searched)]
    if len(languages) > 1:
        groups += [(name, [s for s in searched if s[0] == name]) for name in languages]
    series = [(name, [(k, _hits(some, k)) for k in RANKS]) for name, some in groups]
    return curves(
        "Is the passage among what is found?",
        f"The share of {len(searched)} questions for which one of the first k chunks holds a "
        "passage that carries the answer (Hit@k).",
        "k",
        series,
        y_label="questions",
        ranks=RANKS,
    )


def _hits(some: Sequence[tuple[str, Mapping[str, Any]]], k: int) -> float:
    found: int = sum(s["rank"] is not None and s["rank"] <= k for _, s in some)
    return found / len(some)


def latency(document: Document) -> Chart | None:
    """How long the cases took."""
    times = [float(r["milliseconds"]) for r in document["results"] if r["error"] is None]
    of = document["overall"]["milliseconds"]
    marks = [(of[name], label) for name, label in (("median", "median"), ("p95", "95%"))
             if of.get(name) is not None]  # fmt: skip
    return histogram(
        "How long an answer took",
        "From question to answer, one case each; how fast depends on the machine named below.",
        "time",
        times,
        marks,
    )


def stages(document: Document) -> list[tuple[str, float, float]]:
    """Median milliseconds of each stage, and its share of the longest; without the total."""
    times = document["overall"].get("stages") or {}
    parts = [(name, float(ms)) for name, ms in times.items() if name != "total"]
    most = max((ms for _, ms in parts), default=0.0)
    return [(name, ms, ms / most if most else 0.0) for name, ms in parts]
