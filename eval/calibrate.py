"""Chooses the answerability under which the bot refuses.

Each source (the cases' dev half, each labelled question set) gives pairs of `answerable` as the
evidence finder reports it and whether the question has an answer. Sources count the same however
large they are, so that no one corpus decides.
"""

from __future__ import annotations

import gzip
import json
import random
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from eval.cases import GoldCase
from eval.runner import Report, ingest_corpus
from rag.errors import InputError, SettingsError
from rag.settings import load_settings
from rag.types import EvidenceSet

# Sets of labelled questions, each over its own passages; `answers` empty = unanswerable.
BENCH_SETS = ("squad2_sv", "xquad_en", "swequad")
_SAMPLE_SEED = 20_261


class Finder(Protocol):
    """What calibration needs of a bot."""

    def evidence_for(self, question: str) -> EvidenceSet: ...


@dataclass(frozen=True, slots=True)
class Judged:
    """A question's `answerable` from the evidence finder, and the truth."""

    source: str
    answerable: float
    has_answer: bool


@dataclass(frozen=True, slots=True)
class Point:
    """What refusing below `threshold` does; None where no source tells."""

    threshold: float
    answer_rate: float | None
    refusal_recall: float | None
    balanced: float | None


def judge_cases(cases: Sequence[GoldCase], bot: Finder, report: Report | None) -> list[Judged]:
    """The dev cases; those that rest on something untrue are left out (either may be right)."""
    chosen = [g.case for g in cases if g.case.split == "dev" and g.case.refuse != "allowed"]
    out = []
    for n, case in enumerate(chosen, start=1):
        found = bot.evidence_for(case.question)
        out.append(Judged("cases", found.answerable, case.refuse is False))
        if report is not None:
            report(case.id, n, len(chosen))
    return out


@dataclass(frozen=True, slots=True)
class BenchQuestion:
    """A labelled question with the passage that it was asked about."""

    question: str
    passage_id: str
    passage: str
    language: str
    has_answer: bool


def sample_bench(folder: Path, name: str, limit: int) -> list[BenchQuestion]:
    """At most `limit` questions of a set, the same ones every time; [] if it isn't there."""
    path = folder / f"{name}.jsonl.gz"
    if not path.is_file():
        return []
    rows = list(_rows(path))
    random.Random(_SAMPLE_SEED).shuffle(rows)  # noqa: S311 - a sample, not a secret
    return rows[:limit]


def _rows(path: Path) -> Iterator[BenchQuestion]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                row = json.loads(line)
                yield BenchQuestion(
                    row["question"],
                    row["passage_id"],
                    row["passage"],
                    row["lang"],
                    bool(row["answers"]),
                )
            except (ValueError, KeyError, TypeError) as error:
                raise InputError(f"{path}:{number}: this row cannot be used: {error!r}.") from None


def judge_bench(name: str, questions: Sequence[BenchQuestion], report: Report) -> list[Judged]:
    """Asks over a corpus of the questions' own passages, ingested into a folder for once."""
    from rag.bot import Bot

    with tempfile.TemporaryDirectory(prefix="ordagrant-bench-") as folder:
        corpus = Path(folder) / f"{name}.jsonl"
        passages = {q.passage_id: q for q in questions}
        rows = [
            {"id": f"{name}-{n}", "text": q.passage, "language": q.language}
            for n, q in enumerate(passages.values())
        ]
        text = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
        corpus.write_text(text + "\n", "utf-8")
        settings = load_settings(data=Path(folder) / "data", llm="none")
        ingest_corpus(corpus, settings, report)
        out = []
        with Bot.open(settings) as bot:
            for n, q in enumerate(questions, start=1):
                out.append(Judged(name, bot.evidence_for(q.question).answerable, q.has_answer))
                report(name, n, len(questions))
    return out


def curve(judged: Sequence[Judged], steps: int = 200) -> list[Point]:
    """What each threshold from 0 to 1 would do, averaged over the sources."""
    return [_point(judged, n / steps) for n in range(steps + 1)]


def _point(judged: Sequence[Judged], threshold: float) -> Point:
    answered = _mean_over_sources([j for j in judged if j.has_answer], threshold)
    kept = _mean_over_sources([j for j in judged if not j.has_answer], threshold)
    refused = None if kept is None else 1 - kept
    both = None if answered is None or refused is None else (answered + refused) / 2
    return Point(threshold, answered, refused, both)


def _mean_over_sources(judged: Sequence[Judged], threshold: float) -> float | None:
    """Share at or above the threshold, each source counting the same."""
    by_source: dict[str, list[bool]] = {}
    for j in judged:
        by_source.setdefault(j.source, []).append(j.answerable >= threshold)
    if not by_source:
        return None
    return sum(sum(s) / len(s) for s in by_source.values()) / len(by_source)


def choose(points: Sequence[Point], answer_rate: float) -> Point:
    """The most refusals of the unanswerable that leave at least `answer_rate` answered.

    Between equals the middle of the run of thresholds: it is furthest from both cliffs.
    """
    usable = [p for p in points if p.answer_rate is not None and p.answer_rate >= answer_rate]
    if not usable or usable[0].refusal_recall is None:
        raise SettingsError(
            "There is nothing to calibrate on: both answerable and unanswerable questions are "
            "needed. Add cases with `refuse: true` and without, or give --bench DIR."
        )
    best = max(p.refusal_recall or 0.0 for p in usable)
    equal = [p for p in usable if (p.refusal_recall or 0.0) == best]
    return equal[(len(equal) - 1) // 2]


def calibration(judged: Sequence[Judged], answer_rate: float, reader: str) -> dict[str, Any]:
    """The chosen threshold with the curve and the data behind it, as JSON data."""
    points = curve(judged)
    chosen = choose(points, answer_rate)
    sources = sorted({j.source for j in judged})
    return {
        "reader": reader,
        "threshold": chosen.threshold,
        "at_threshold": asdict(chosen),
        "least_answer_rate": answer_rate,
        "data": {name: _describe(judged, name, chosen.threshold) for name in sources},
        "curve": [asdict(p) for p in points],
    }


def _describe(judged: Sequence[Judged], source: str, threshold: float) -> dict[str, Any]:
    mine = [j for j in judged if j.source == source]
    point = _point(mine, threshold)
    return {
        "answerable": sum(j.has_answer for j in mine),
        "unanswerable": sum(not j.has_answer for j in mine),
        "answer_rate": point.answer_rate,
        "refusal_recall": point.refusal_recall,
        "balanced": point.balanced,
    }
