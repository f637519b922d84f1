"""Measure the correction of false premises, and calibrate its thresholds.

    python tools/measure_premise.py --train DIR [--limit N]

Questions of held-out articles of SQuAD 2.0 and its Swedish translation, each against the
sentences around its answer: as people asked them (what they take for granted holds, so every
correction is wrong), and with a number, date, opposite or negation planted in them by rule
where the passage has the true one. The table gives, for each way of asking, the share
corrected at several thresholds of `refuted`; unanswerable questions, of which some rest on
something untrue, are given apart.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from claim_data import opposite
from reader_data import held_out, rows, sentences
from rich.console import Console
from rich.table import Table

from eval import faults as planted
from rag.answering.premise import HELD_AGAINST, SUPPORTED, held_against, presupposed
from rag.models.embedding import load_embedder
from rag.models.reader import Reader, load_reader
from rag.settings import load_settings
from rag.types import ArticleInfo, Evidence, Published, Sentence

THRESHOLDS = (0.01, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9)  # the first: the rules alone


@dataclass(frozen=True, slots=True)
class Asked:
    kind: str
    question: str
    language: str
    evidence: tuple[Evidence, ...]


def evidence_of(passage: str, at: int, language: str, title: str) -> tuple[Evidence, ...]:
    """The sentence at `at` first, then its neighbours."""
    info = ArticleInfo(title, title, title, title, language, Published(), (), "0" * 64, title)
    spans = sentences(passage)
    home = next((i for i, (a, b) in enumerate(spans) if a <= at < b), 0)
    near = sorted(range(len(spans)), key=lambda i: abs(i - home))[:HELD_AGAINST]
    return tuple(
        Evidence(n, info, Sentence(title, i, *spans[i], passage[slice(*spans[i])].strip()), 1.0)
        for n, i in enumerate(near, start=1)
    )


def faulty(
    question: str, passage: str, language: str, rng: random.Random
) -> Iterator[tuple[str, str]]:
    for kind, plant in (
        ("number", planted.number), ("date", planted.date), ("opposite", opposite),
    ):  # fmt: skip
        wrong = plant(question, passage, language, rng)
        if wrong is None:
            continue
        lost = set(question.split()) - set(wrong.split())
        if all(word.strip("?,.") in passage for word in lost):
            yield kind, wrong


def asked(train: Path, limit: int) -> list[Asked]:
    rng = random.Random(5)
    made: list[Asked] = []
    data: list[dict[str, Any]] = [
        r for r in rows(train / "squad2_en_sv.jsonl.gz") if held_out(r["title"])
    ]
    for r in rng.sample(data, min(limit, len(data))):
        for q, p in (("", ""), ("_sv", "_sv"), ("", "_sv"), ("_sv", "")):
            question, passage = r.get(f"question{q}"), r.get(f"passage{p}")
            language = "sv" if q else "en"
            if not question or not passage or presupposed(question, language) is None:
                continue
            answers = r.get(f"answers{p}") or []
            pair = f"{language}-{'sv' if p else 'en'}"
            at = answers[0]["start"] if answers else 0
            evidence = evidence_of(passage, at, "sv" if p else "en", r["title"])
            if not r["answers"]:
                made.append(Asked(f"unanswerable {pair}", question, language, evidence))
            elif answers:
                made.append(Asked(f"as asked {pair}", question, language, evidence))
                for kind, wrong in faulty(question, passage, language, rng):
                    made.append(Asked(f"{kind} {pair}", wrong, language, evidence))
    return made


def measure(items: list[Asked], reader: Reader) -> dict[str, list[float]]:
    """For each kind, how far each question's premise is refuted; 0 where it is not at all."""
    found: dict[str, list[float]] = {}
    for item in items:
        against = held_against(item.question, item.language, item.evidence, reader.support)
        ok = against is not None and against.supported < SUPPORTED
        found.setdefault(item.kind, []).append(against.refuted if ok and against else 0.0)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--limit", type=int, default=600, help="rows of the set")
    options = parser.parse_args()
    settings = load_settings()
    reader = load_reader(settings, load_embedder(settings))
    found = measure(asked(options.train, options.limit), reader)
    table = Table("kind", "n", *(f"≥ {t}" for t in THRESHOLDS))
    for kind, scores in sorted(found.items()):
        shares = [sum(s >= t for s in scores) / len(scores) for t in THRESHOLDS]
        table.add_row(kind, str(len(scores)), *(f"{share:.1%}" for share in shares))
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
