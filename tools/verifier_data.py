"""Statements with the text they are held against, to calibrate and measure the verifier on.

None of it was trained on: claims held out by their text, parallel passages by their article
(claim_data.py), and FRANK, which no model here learns from. With people's labels, or with a
fault planted by rule into statements that hold.
"""

from __future__ import annotations

import hashlib
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from claim_data import FAULTS, SUPPORTED, Claim, claims

from eval import faults as planted
from eval.judge_sets import frank

# Sets whose true statements get a fault planted, and their language. Parallel sentences come
# with faults of their own.
_PLANTED_IN = {
    "vitaminc_real": "en", "fever_dev": "en", "qa_claims_en": "en", "qa_claims_sv": "sv",
    "swenli_dev_mt": "sv",
}  # fmt: skip
# Not what the verifier is for: captions of pictures, and Norwegian.
_LEFT_OUT = {"cad_snli", "qa_claims_nb"}


@dataclass(frozen=True, slots=True)
class Row:
    """A statement that holds or does not. `key` is shared by rows that must stay together
    when data are parted: by claim, or by article."""

    set: str
    fault: str  # "" where it holds, else what is wrong: a label or the kind planted
    key: str
    statement: str
    evidence: str
    pair: int = -1  # a planted row: which of the true rows it was made from

    @property
    def true(self) -> bool:
        return not self.fault


def part_of(key: str, parts: int) -> int:
    """Which of so many parts a key falls into, the same every time."""
    return int(hashlib.sha256(f"part {key}".encode()).hexdigest(), 16) % parts


def _evidence(claim: Claim) -> str:
    """After its page's title, in every other row: a quote comes with its headline or without."""
    titled = claim.title and part_of(claim.evidence, 2)
    return f"{claim.title}\n{claim.evidence}" if titled else claim.evidence


def claim_rows(train: Path, seed: int, most: int) -> list[Row]:
    """At most so many rows of each set and label, then the planted ones."""
    grouped: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for claim in claims(train, seed, held=True):
        name, _, fault = claim.kind.partition(" ")
        if name in _LEFT_OUT:
            continue
        if name in {"parallel", "answer"}:
            which, _, fault = fault.partition(" ")
            name = f"{name} {which}"
        if claim.label == SUPPORTED:
            fault = ""
        else:
            fault = fault or {0: "refuted", 1: "neutral", -1: "other"}[claim.label]
        if name in _PLANTED_IN and fault in FAULTS:
            continue  # of the training mix; they are planted below, into the same true rows
        key = claim.title if name.startswith(("parallel", "answer")) else claim.claim
        grouped[name, fault].append(Row(name, fault, key, claim.claim, _evidence(claim)))
    kept = [row for _, found in sorted(grouped.items()) for row in found[:most]]
    return [*kept, *_planted(kept, random.Random(seed)), *_unrelated(kept, most // 4)]


def _unrelated(kept: list[Row], most: int) -> Iterator[Row]:
    """Statements of each set against the evidence of its next one."""
    for name in sorted({row.set for row in kept}):
        true = [row for row in kept if row.set == name and row.true]
        for i in range(0, min(2 * most, len(true) - 1), 2):
            yield Row(f"unrelated {name}", "other", true[i].key, true[i].statement,
                      true[i + 1].evidence, kept.index(true[i]))  # fmt: skip


def _planted(kept: list[Row], rng: random.Random) -> Iterator[Row]:
    for name, language in _PLANTED_IN.items():
        true = [(i, row) for i, row in enumerate(kept) if row.set == name and row.true]
        pool = [n for _, row in true for n in planted.names_in(row.statement)]
        for i, row in true:
            for kind, plant in FAULTS.items():
                extra = (pool,) if kind == "name" else ()
                wrong = plant(row.statement, row.evidence, language, rng, *extra)
                if wrong is not None:
                    yield Row(f"planted {name}", kind, row.key, wrong, row.evidence, i)


def summary_rows(bench: Path) -> list[Row]:
    """FRANK: summaries that people found wholly factual, and the others."""
    return [
        Row(
            f"frank {summary.part}",
            "" if summary.holds else "unfactual",
            summary.group,
            summary.item.claim,
            summary.item.article or "",
        )
        for summary in frank(bench / "frank.jsonl.gz")
    ]
