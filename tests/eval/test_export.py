"""The records that other suites read."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eval.export import Format, records, write
from rag.errors import StoreError
from tests.eval.judging import ASKED, document, refused, row


def test_ragas_records_are_single_turn_samples(tmp_path: Path) -> None:
    made = records(document(row("price"), row("pris")), Format.ragas)
    file = write(tmp_path / "out" / "a.jsonl", made, Format.ragas)
    first, second = (json.loads(line) for line in file.read_text("utf-8").splitlines())
    assert first == {
        "user_input": "What did the bridge cost?",
        "retrieved_contexts": [ASKED["price"][2]],
        "response": ASKED["price"][2],
        "reference": "410 million / 410 miljoner / 90 sheep / 90 får\n" + ASKED["price"][2],
        "reference_contexts": [ASKED["price"][2]],
    }
    assert second["user_input"] == "Vad kostade bron?"


def test_deepeval_records_are_a_list_of_test_cases(tmp_path: Path) -> None:
    made = records(document(row("price")), Format.deepeval)
    (only,) = json.loads(write(tmp_path / "a.json", made, Format.deepeval).read_text("utf-8"))
    assert set(only) == {
        "name", "input", "actual_output", "expected_output", "context", "retrieval_context",
    }  # fmt: skip
    assert only["actual_output"] == ASKED["price"][2] and "[1]" not in only["actual_output"]


def test_refusals_and_crashes_are_left_out_unless_asked_for() -> None:
    crashed = row("sheep") | {"answer": None, "score": None, "error": "ValueError: x"}
    run = document(row("price"), refused("pris"), crashed)
    assert [r["name"] for r in records(run, Format.deepeval)] == ["price"]
    names = [r["name"] for r in records(run, Format.deepeval, refusals=True)]
    assert names == ["price", "pris"]


def test_what_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        write(tmp_path / "file" / "a.json", [], Format.deepeval)
