from __future__ import annotations

from pathlib import Path

import pytest

import eval.__main__ as door
import eval.commands_cases as commands
from eval.case_schema import schema_text


def test_several_files_are_counted_together(capsys: pytest.CaptureFixture[str]) -> None:
    assert door.main(["check-cases", "--cases", "seeds", "--cases", "seeds2"]) == 0
    said = capsys.readouterr().out
    assert "148 cases" in said and "120 cases" in said
    assert "together: 268 cases" in said
    assert "hard (79%)" in said


def test_a_broken_file_is_exit_2_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text('{"id": "one"}\n', "utf-8")
    assert door.main(["check-cases", "--cases", str(path)]) == 2
    assert f"{path}:1: cases[0].question: this field is required." in capsys.readouterr().err


def test_the_schema_is_printed_written_and_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "schema.json"
    monkeypatch.setattr(commands, "SCHEMA_FILE", path)
    assert door.main(["case-schema"]) == 0
    assert capsys.readouterr().out == schema_text()
    assert door.main(["case-schema", "--check"]) == 2
    assert door.main(["case-schema", "--write"]) == 0
    assert door.main(["case-schema", "--check"]) == 0
