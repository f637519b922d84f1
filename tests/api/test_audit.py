"""The log of a serving process: as text, as JSON, and the audit lines in a file of their own."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.api.audit import Audit, lines, set_up_logs
from rag.bot import Bot
from rag.errors import SettingsError, StoreError
from tests.test_bot import QUESTION


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    """Takes away what a test set up."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = before, level
    for handler in lines.handlers[:]:
        handler.close()
        lines.removeHandler(handler)
    lines.propagate = True
    lines.setLevel(logging.NOTSET)


def test_the_log_as_json_is_an_object_a_line(news: Bot, capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs(news.settings.model_copy(update={"log_json": True}))
    logging.getLogger("rag.x").warning("a line\nand %s", "another")
    Audit(news.store).record("web", news.ask(QUESTION))
    try:
        raise ValueError("no")
    except ValueError:
        logging.getLogger("rag.x").exception("it failed")
    first, audit, failed = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert (first["level"], first["message"]) == ("warning", "a line\nand another")
    assert audit["audit"]["key"] == "web" and "question" not in audit["audit"]
    assert "ValueError: no" in failed["traceback"]


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


def test_a_file_that_cannot_be_written_is_named(news: Bot, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="audit file"):
        set_up_logs(news.settings.model_copy(update={"audit_file": tmp_path}))


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
