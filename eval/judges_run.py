"""A run's answers judged: each judge's score, its spread over repeats, and its own record.

Three things stand beside every judged score: how far the same judge agrees with people
(`eval.judge_calibration`), how much it swings when nothing that matters changes, and the run's
answer rate and answer match, since an answer made of pasted sentences is always faithful.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from eval.bootstrap import estimate
from eval.judges import ASPECTS, Aspect, Judge, Ruling
from eval.judges_items import Answered, Articles, Asked, items
from eval.report import commit
from eval.runner import Report

SCHEMA = 1
# What a judged score is never shown without.
BESIDE = ("answer_rate", "answer_match", "refusal_recall", "quote_exactness")


@dataclass(frozen=True, slots=True)
class Judged:
    """What one judge said of all items it was asked about, in their order."""

    name: str
    repeats: int
    tokens: int
    seconds: float
    asked: tuple[Asked, ...]
    rulings: tuple[Ruling, ...]


def judge_items(judge: Judge, asked: Sequence[Asked], report: Report | None = None) -> Judged:
    """The rulings of `judge` on the items of its aspects."""
    mine = [a for a in asked if a.item.aspect in judge.aspects]
    begun, before = time.perf_counter(), judge.tokens
    rulings = judge.judge([a.item for a in mine], report)
    seconds = time.perf_counter() - begun
    return Judged(
        judge.name, judge.repeats, judge.tokens - before, seconds, tuple(mine), tuple(rulings)
    )


def judged_document(
    document: Mapping[str, Any],
    name: str,
    cases: Sequence[Answered],
    articles: Articles,
    judges: Sequence[Judge],
    calibrated: Mapping[str, Any],
    *,
    aspects: Sequence[Aspect] = ASPECTS,
    report: Report | None = None,
) -> dict[str, Any]:
    """The side file of a run named `name`; `calibrated` is what `eval/judges.json` holds."""
    asked = items(cases, articles, aspects)
    judged = [judge_items(judge, asked, report) for judge in judges]
    rows = document["results"]
    at, measures = commit(), document["overall"]["measures"]
    return {
        "schema": SCHEMA,
        "of": name,
        "cases": document["cases"],
        "llm": document["llm"],
        "run_commit": document["commit"],
        "commit": at.sha,
        "dirty": at.dirty,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "answered": len(cases),
        "refused": sum(
            r["answer"] is not None and r["answer"]["status"] == "refused" for r in rows
        ),
        "crashed": sum(r["error"] is not None for r in rows),
        "beside": {measure: measures[measure] for measure in BESIDE if measure in measures},
        "judges": [
            {
                "name": one.name,
                "repeats": one.repeats,
                "tokens": one.tokens,
                "seconds": round(one.seconds, 1),
                "aspects": {
                    aspect: figures(one, aspect) for aspect in aspects if _has(one, aspect)
                },
                "against_people": against_people(calibrated.get(one.name, {})),
            }
            for one in judged
        ],
        "items": _item_rows(asked, judged),
    }


def _has(judged: Judged, aspect: Aspect) -> bool:
    return any(a.item.aspect == aspect for a in judged.asked)


def figures(judged: Judged, aspect: Aspect) -> dict[str, Any]:
    """The share that holds, of the items that were judged, in all and by language; what was not
    judged is counted by itself; the spread over repeated runs."""
    rows = [
        (a, r) for a, r in zip(judged.asked, judged.rulings, strict=True) if a.item.aspect == aspect
    ]
    languages = sorted({a.item.language for a, _ in rows})
    return {
        **_share(rows),
        "unjudged": sum(r.holds is None for _, r in rows),
        "spread": spread([r for _, r in rows]) if judged.repeats > 1 else None,
        "languages": {
            x: _share([(a, r) for a, r in rows if a.item.language == x]) for x in languages
        },
    }


def _share(rows: Sequence[tuple[Asked, Ruling]]) -> dict[str, Any]:
    """The interval is over cases, as statements of one answer are alike; `n` counts items."""
    parts: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for asked, ruling in rows:
        if ruling.holds is not None:
            parts[asked.case][0] += ruling.holds
            parts[asked.case][1] += 1
    n = int(sum(down for _, down in parts.values()))
    return asdict(estimate([[(up, down) for up, down in parts.values()]])) | {"n": n}


def spread(rulings: Sequence[Ruling]) -> dict[str, float | None]:
    """Lowest and highest score of a single run, and the share of items whose runs disagree."""
    runs = max((len(r.runs) for r in rulings), default=0)
    by_run = [
        [holds for r in rulings if len(r.runs) > run and (holds := r.runs[run]) is not None]
        for run in range(runs)
    ]
    scores = [sum(told) / len(told) for told in by_run if told]
    judged = [{holds for holds in r.runs if holds is not None} for r in rulings]
    judged = [told for told in judged if told]
    if not scores:
        return {"low": None, "high": None, "flipped": None}
    return {
        "low": min(scores),
        "high": max(scores),
        "flipped": sum(len(told) > 1 for told in judged) / len(judged),
    }


def against_people(entry: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """By aspect: the judge's balanced accuracy on each labelled set it was measured on."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for name, measured in sorted(entry.items()):
        found[measured["aspect"]].append(
            {
                "set": name,
                "labels": measured["labels"],
                "balanced": measured["balanced"],
                "seen": measured["seen"],
                "out_of_fold": measured.get("out_of_fold", {}),
                "commit": measured["commit"],
            }
        )
    return dict(found)


def _item_rows(asked: Sequence[Asked], judged: Sequence[Judged]) -> list[dict[str, Any]]:
    said = {
        (one.name, a.item.id): ruling
        for one in judged
        for a, ruling in zip(one.asked, one.rulings, strict=True)
    }
    return [
        {
            "case": a.case,
            "aspect": a.item.aspect,
            "statement": a.statement,
            "language": a.item.language,
            "text": a.item.claim,
            "verdicts": {
                one.name: asdict(said[one.name, a.item.id])
                for one in judged
                if (one.name, a.item.id) in said
            },
        }
        for a in asked
    ]
