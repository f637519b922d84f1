"""Results as they were written, read again: what the HTML report and the comparison work on.

Both read the JSON document alone, never the program's own scores, so that a result can be
reported and compared by a later version than the one that made it. Schema 1 has no `parts`;
they follow from its scores.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from eval.bootstrap import Part
from rag.errors import SettingsError

Row = Mapping[str, Any]
Document = dict[str, Any]
# What one case adds to a measure: a part for each of its ratios.
Parts = tuple[Part, ...]

SCHEMAS = (1, 2)
_LABELS = {"cases": str, "llm": str, "commit": str, "overall": dict, "groups": dict}
_ROW = ("id", "question", "kind", "language", "expected", "score", "answer", "error")


class ResultFileError(SettingsError):
    """A file is not a result of `python -m eval run`; the message says what is wrong with it."""


def load(path: Path) -> Document:
    """A result file of any known schema; raises `ResultFileError`."""
    try:
        data = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ResultFileError(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError as error:
        raise ResultFileError(f"{path} is not JSON in UTF-8: {error}.") from None
    return checked(data, str(path))


def checked(data: Any, name: str) -> Document:
    """`data` if it is a result document; raises `ResultFileError` naming `name`."""
    if not isinstance(data, dict) or "schema" not in data or "results" not in data:
        raise ResultFileError(f"{name} is not a result of `python -m eval run`.")
    if data["schema"] not in SCHEMAS:
        known = " and ".join(str(s) for s in SCHEMAS)
        raise ResultFileError(
            f"{name} has schema {data['schema']!r}; this version reads {known}: update it."
        )
    wrong = [key for key, kind in _LABELS.items() if not isinstance(data.get(key), kind)]
    rows = data["results"] if isinstance(data["results"], list) else []
    wrong += [f"results[{i}]" for i, row in enumerate(rows) if not _is_row(row)]
    if wrong or not rows:
        what = ", ".join(wrong[:5]) if wrong else "results"
        raise ResultFileError(f"{name} is damaged: {what} is missing or not what it should be.")
    return data


def _is_row(row: Any) -> bool:
    if not isinstance(row, dict) or not all(key in row for key in _ROW):
        return False
    whole = isinstance(row["score"], dict) and isinstance(row["answer"], dict)
    return whole or row["error"] is not None


def parts(row: Row) -> dict[str, Parts]:
    """What a case adds to each measure; empty where it crashed."""
    if row["score"] is None:
        return {}
    if "parts" in row:
        return {
            name: tuple((float(up), float(down)) for up, down in ratios)
            for name, ratios in row["parts"].items()
        }
    return {name: tuple(part(row["score"]) for part in of) for name, of in _FIRST.items()}


def _share(of: Callable[[Row], bool], among: Callable[[Row], bool]) -> Callable[[Row], Part]:
    return lambda s: (float(among(s) and of(s)), float(among(s)))


_declined = _share(lambda s: s["refused"], lambda s: s["answerable"] is False)
_answered = _share(lambda s: not s["refused"], lambda s: s["answerable"] is True)

# The measures of schema 1, which kept a case's score and not what it adds.
_FIRST: Mapping[str, tuple[Callable[[Row], Part], ...]] = {
    "quote_exactness": (lambda s: (s["exact"], s["quotes"]),),
    "evidence_recall": (
        lambda s: (0.0, 0.0) if s["recall"] is None else (float(s["recall"]), 1.0),
    ),
    "evidence_precision": (
        lambda s: (0.0, 0.0) if s["cited"] is None else (float(s["relevant"] or 0), s["cited"]),
    ),
    "answer_match": (_share(lambda s: s["correct"], lambda s: s["answerable"] is True),),
    "answer_rate": (_answered,),
    "refusal_recall": (_declined,),
    "refusal_precision": (
        _share(lambda s: s["answerable"] is not True, lambda s: bool(s["refused"])),
    ),
    "refusal_balanced": (_declined, _answered),
    "false_premise": (_share(lambda s: s["correct"], lambda s: s["answerable"] is None),),
    "not_said": (_share(lambda s: not s["said"], lambda s: True),),
    "correct": (_share(lambda s: s["correct"], lambda s: True),),
}


def passed(row: Row) -> bool:
    """Whether the case is right: no crash, no inexact quote, and all that was expected."""
    score = row["score"]
    return score is not None and bool(score["correct"]) and not score["quote_faults"]


def why(row: Row) -> str:
    """One clause on why the case passed or failed."""
    score = row["score"]
    if score is None:
        return f"crashed: {row['error']}"
    if score["quote_faults"]:
        return f"misquotes: {'; '.join(score['quote_faults'])}"
    return _why_right(row) if score["correct"] else _why_wrong(score)


def _why_right(row: Row) -> str:
    score = row["score"]
    if score["refused"]:
        asked = "the articles do not answer it"
        return f"refused, and {asked if score['answerable'] is False else 'that is allowed'}"
    unsaid = ", and nothing that it must not say" if row["expected"].get("must_not_say") else ""
    return f"says what it must{unsaid}"


def _why_wrong(score: Row) -> str:
    if score["answerable"] is False:
        return "answered what the articles do not say"
    if score["refused"]:
        return "refused"
    if score["said"]:
        return f"says {', '.join(score['said'])}"
    if score["missing"]:
        return f"does not say {'; '.join(score['missing'])}"
    return "not right by a measure of its own; see its figures"
