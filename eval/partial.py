"""What an interrupted run has so far: a JSONL file beside its result, a row a finished case.

A row holds the answer and the hits; scores are made anew, so that a resumed run and one that
went through give the same figures.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from eval.cases import GoldCase, TextOf
from eval.metrics import score
from eval.metrics_retrieval import HitSpan
from eval.runner import CaseResult
from rag.errors import StoreError
from rag.types import Answer


def append_partial(path: Path, result: CaseResult) -> None:
    """Adds a row; raises `StoreError`."""
    row = {
        "id": result.gold.case.id,
        "case": fingerprint(result.gold),
        "milliseconds": result.milliseconds,
        "error": result.error,
        "answer": None if result.answer is None else result.answer.model_dump(mode="json"),
        "hits": None if result.hits is None else [asdict(hit) for hit in result.hits],
    }
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n")
    except OSError as error:
        raise StoreError(f"The run cannot be kept in {path}: {error.strerror}.") from None


def load_partial(path: Path, cases: Sequence[GoldCase], text_of: TextOf) -> dict[str, CaseResult]:
    """The results of `cases` in the file, by case id; none where there is no file.

    A case that was changed since, or that crashed, is left out and so asked again; a last row
    that was cut short is passed over.
    """
    rows = _rows(path)
    done = {}
    for gold in cases:
        row = rows.get((gold.case.id, fingerprint(gold)))
        if row is None or row["answer"] is None:
            continue
        answer = Answer.model_validate_json(json.dumps(row["answer"]))
        hits = None if row["hits"] is None else tuple(HitSpan(**hit) for hit in row["hits"])
        done[gold.case.id] = CaseResult(
            gold, row["milliseconds"], answer, score(gold, answer, text_of, hits), hits=hits
        )
    return done


def fingerprint(gold: GoldCase) -> str:
    """Of all that a case asks and expects, its places in the articles included."""
    told = gold.case.model_dump_json() + json.dumps(
        [[asdict(excerpt) for excerpt in group] for group in (*gold.groups, gold.also)]
    )
    return hashlib.sha256(told.encode("utf-8")).hexdigest()[:16]


def _rows(path: Path) -> Mapping[tuple[str, str], dict[str, Any]]:
    try:
        lines = path.read_text("utf-8").split("\n")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"The run kept in {path} cannot be read: {error}.") from None
    rows = {}
    for line in lines:
        try:
            row = json.loads(line)
        except json.JSONDecodeError:
            continue
        rows[(row["id"], row["case"])] = row
    return rows
