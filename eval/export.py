"""A run in the record formats of other evaluation suites, so that theirs can judge it too.

    ragas      JSON lines, a `SingleTurnSample` each: EvaluationDataset.from_jsonl(FILE)
    deepeval   a JSON list of `LLMTestCase` fields:
               EvaluationDataset().add_test_cases_from_json_file(FILE, input_key_name="input",
               actual_output_key_name="actual_output", …)

Neither is needed to write them. Both take a refusal for an answer like any other, and score it
0; refusals are therefore left out unless asked for. What they get as retrieved contexts are the
quotes that the answer cites, not all that was searched.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

from eval.judges_items import reference
from eval.matching import without_marks
from eval.metrics import cited_quotes
from rag.errors import StoreError
from rag.types import Answer

Record = dict[str, Any]


class Format(StrEnum):
    """Whose records to write."""

    ragas = "ragas"
    deepeval = "deepeval"


def records(document: Mapping[str, Any], form: Format, *, refusals: bool = False) -> list[Record]:
    """A record for each case that was answered, in the run's order; crashed ones have none."""
    made = []
    for row in document["results"]:
        if row["answer"] is None:
            continue
        answer = Answer.model_validate(row["answer"])
        if answer.status == "refused" and not refusals:
            continue
        made.append(_FORMS[form](row, answer))
    return made


def _ragas(row: Mapping[str, Any], answer: Answer) -> Record:
    record: Record = {
        "user_input": row["question"],
        "retrieved_contexts": [quote.text for quote in cited_quotes(answer)],
        "response": without_marks(answer.answer),
    }
    if held := reference(row["expected"]):
        record["reference"] = "\n".join(held)
    if contexts := _gold(row["expected"]):
        record["reference_contexts"] = contexts
    return record


def _deepeval(row: Mapping[str, Any], answer: Answer) -> Record:
    return {
        "name": row["id"],
        "input": row["question"],
        "actual_output": without_marks(answer.answer),
        "expected_output": "\n".join(reference(row["expected"])) or None,
        "context": _gold(row["expected"]) or None,
        "retrieval_context": [quote.text for quote in cited_quotes(answer)],
    }


def _gold(expected: Mapping[str, Any]) -> list[str]:
    return [excerpt["text"] for group in expected.get("evidence", ()) for excerpt in group]


_FORMS: Mapping[Format, Callable[[Mapping[str, Any], Answer], Record]] = {
    Format.ragas: _ragas,
    Format.deepeval: _deepeval,
}


def write(path: Path, made: Sequence[Record], form: Format) -> Path:
    """Writes the records whole or not at all; raises `StoreError`."""
    if form is Format.ragas:
        text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in made)
    else:
        text = json.dumps(list(made), ensure_ascii=False, indent=1) + "\n"
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(text, "utf-8")
        partial.replace(path)
    except OSError as error:
        raise StoreError(f"The records cannot be written to {path}: {error.strerror}.") from None
    return path
