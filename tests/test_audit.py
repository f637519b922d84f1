"""The audit lines: what they say, where they go, and who is named in them."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.audit import Audit, Heard
from rag.bot import Bot
from rag.counts import Metrics
from rag.errors import SettingsError, StoreError
from rag.logs import set_up_logs
from tests.api.conftest import news, with_settings
from tests.logs import as_before
from tests.test_bot import QUESTION

__all__ = ["news"]


@pytest.fixture(autouse=True)
def _logs() -> Iterator[None]:
    with as_before():
        yield


def test_audit_lines_go_to_a_file_that_may_be_moved_away(
    news: Bot, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "logs" / "audit.jsonl"
    set_up_logs(news.settings.model_copy(update={"audit_file": path}))
    audit, answer = Audit(news.store), news.ask(QUESTION)
    audit.record("a", answer)
    path.rename(tmp_path / "old")
    audit.record("b", answer)
    assert [json.loads(p.read_text())["key"] for p in (tmp_path / "old", path)] == ["a", "b"]
    assert capsys.readouterr().err == ""


def test_a_log_set_up_again_writes_each_line_once(news: Bot, tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    for _ in range(2):
        set_up_logs(news.settings.model_copy(update={"audit_file": path}))
    Audit(news.store).record("a", news.ask(QUESTION))
    assert path.read_text().count("\n") == 1


def test_a_file_that_cannot_be_written_is_named(news: Bot, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="audit file"):
        set_up_logs(news.settings.model_copy(update={"audit_file": tmp_path}))


def test_what_must_not_be_seen_is_blotted_out_of_the_file_too(news: Bot, tmp_path: Path) -> None:
    class Blot(logging.Filter):
        def filter(self, record: logging.LogRecord) -> bool:
            record.msg, record.args = record.getMessage().replace("s3cret", "…"), ()
            return True

    path = tmp_path / "audit.jsonl"
    set_up_logs(news.settings.model_copy(update={"audit_file": path}), hide=Blot())
    answer = news.ask(QUESTION).model_copy(update={"question": "What is s3cret?"})
    Audit(news.store, questions=True).record("matrix", answer)
    assert json.loads(path.read_text())["question"] == "What is …?"


def test_a_store_that_fails_costs_the_version_and_not_the_line(
    news: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> None:
        raise StoreError("The disk is gone.")

    answer = news.ask(QUESTION)
    monkeypatch.setattr(news.store, "version", fails)
    value = Audit(news.store).value("web", answer)
    assert value["corpus"] == {"index": None, "version": None}
    assert value["quotes"]


def test_an_answer_is_counted_and_its_line_names_who_asked(
    news: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "ordagrant.audit")
    metrics, answer = Metrics(), news.ask(QUESTION)
    Heard.of(news, metrics)("telegram", answer)
    (line,) = [json.loads(r.getMessage()) for r in caplog.records]
    assert (line["key"], line["trace_id"]) == ("telegram", answer.trace_id)
    assert "question" not in line
    told = {"status": "answered", "refusal": "", "language": answer.language}
    assert metrics.registry.get_sample_value("ordagrant_answers_total", told) == 1


def test_at_this_computer_alone_a_line_is_written_only_where_a_file_is_set(
    news: Bot, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "ordagrant.audit")
    answer = news.ask(QUESTION)
    Heard.local(news)("chat", answer)
    assert not caplog.records
    with_file = with_settings(news, audit_file=tmp_path / "audit.jsonl")
    Heard.local(with_file)("chat", answer)
    assert [json.loads(r.getMessage())["key"] for r in caplog.records] == ["chat"]
