from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from eval import report
from eval.cases import GoldCase
from eval.runner import CaseResult, run_case
from rag.errors import StoreError
from rag.settings import Settings
from rag.types import Answer
from tests.eval.conftest import FLOUR, answer, quote, refusal, text_of
from tests.eval.test_runner import FakeBot

SETTINGS = Settings(database_url="postgresql://me:secret@db/x", llm="none")


def result(gold: GoldCase, reply: Answer | Exception) -> CaseResult:
    return run_case(gold, FakeBot([reply]), text_of)


def document(results: list[CaseResult]) -> dict[str, object]:
    return report.document(
        results, cases="tiny", llm="none", settings=SETTINGS, threshold={"en": 0.5}, selection={}
    )


def test_a_crash_is_counted_and_is_in_no_figure(flour: GoldCase) -> None:
    good = result(flour, answer("30 %", [quote(1, "mill", FLOUR)]))
    figures = report.figures([good, result(flour, ValueError("boom"))])
    assert (figures["cases"], figures["crashed"]) == (2, 1)
    assert figures["measures"]["answer_match"] == {"value": 1.0, "low": 1.0, "high": 1.0, "n": 1}
    assert figures["milliseconds"]["n"] == 1


def test_the_time_of_a_stage_is_its_median() -> None:
    one = answer("30 %", [quote(1, "mill", FLOUR)])
    times = ({"retrieve": 1.0, "total": 5.0}, {"retrieve": 4.0, "total": 6.0})
    timed = [one.model_copy(update={"timings_ms": t}) for t in times]
    assert report.stages(timed[:1]) == times[0]
    assert report.stages([timed[0], timed[1]]) == {"retrieve": 2.5, "total": 5.5}
    assert report.stages([]) == {}


def test_the_document_is_plain_json_without_secrets(flour: GoldCase, silent: GoldCase) -> None:
    results = [
        result(flour, answer("30 %", [quote(1, "mill", FLOUR)])),
        result(silent, ValueError("boom")),
    ]
    data = document(results)
    text = json.dumps(data, allow_nan=False)
    assert "secret" not in text
    rows = data["results"]
    assert isinstance(rows, list)
    assert rows[0]["answer"]["quotes"][0]["text"] == FLOUR
    assert (rows[1]["error"], rows[1]["answer"]) == ("ValueError: boom", None)


def test_undefined_figures_are_dashes_in_the_table(silent: GoldCase) -> None:
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(report.table(document([result(silent, refusal())])))
    shown = console.export_text()
    assert "–" in shown and "nan%" not in shown.lower()
    assert "100%" in shown


def test_a_misquote_and_a_crash_fail_the_run(flour: GoldCase) -> None:
    off = quote(1, "mill", FLOUR, start=26, end=26 + len(FLOUR))
    bad = [result(flour, answer("30 %", [off])), result(flour, ValueError("boom"))]
    lines = report.failures(bad)
    assert "flour crashed: ValueError: boom" in lines[0]
    assert "flour misquotes: [1] mill" in lines[1]
    assert report.failures([result(flour, refusal())]) == []


@pytest.mark.parametrize(
    ("reply", "why"),
    [(refusal(), "refused"), (answer("40 %", []), "does not say 30 %")],
)
def test_a_wrong_answer_is_explained(flour: GoldCase, reply: Answer, why: str) -> None:
    assert report.wrong([result(flour, reply)]) == [f"flour [dev]: {why}"]


def test_answering_what_is_not_there_is_explained(silent: GoldCase) -> None:
    (line,) = report.wrong([result(silent, answer("Yes.", []))])
    assert "answered what the articles do not say" in line


def test_results_are_named_after_cases_llm_and_commit() -> None:
    name = report.file_name("seeds", "openai:gpt@http://x/v1", "0123456789abcdef")
    assert name == "seeds-openai-gpt-http-x-v1-0123456789ab.json"


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        report.write_json(tmp_path / "file" / "x.json", {})


def test_a_run_is_of_the_commit_that_it_began_with(flour: GoldCase) -> None:
    data = report.document(
        [result(flour, refusal())], cases="tiny", llm="none", settings=SETTINGS, threshold={},
        selection={}, at=report.Commit("a" * 40, True),
    )  # fmt: skip
    assert (data["commit"], data["dirty"]) == ("a" * 40, True)
