"""The log as text and as JSON, with all that is written to stderr besides."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from rag.audit import Audit
from rag.bot import Bot
from rag.logs import set_up_logs
from rag.settings import Settings
from tests.api.conftest import news
from tests.logs import as_before
from tests.test_bot import QUESTION

__all__ = ["news"]


@pytest.fixture(autouse=True)
def _logs() -> Iterator[None]:
    with as_before():
        yield


@pytest.fixture
def in_json(settings: Settings) -> Settings:
    return settings.model_copy(update={"log_json": True})


def _objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.removesuffix("\n").split("\n")]


def test_the_log_as_json_is_an_object_a_line(
    news: Bot, in_json: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logs(in_json)
    logging.getLogger("rag.x").warning("a line\nand %s", "another")
    Audit(news.store).record("web", news.ask(QUESTION))
    try:
        raise ValueError("no")
    except ValueError:
        logging.getLogger("rag.x").exception("it failed")
    first, audit, failed = _objects(capsys.readouterr().err)
    assert (first["level"], first["message"]) == ("warning", "a line\nand another")
    assert audit["audit"]["key"] == "web" and "question" not in audit["audit"]
    assert "ValueError: no" in failed["traceback"]


def test_what_is_printed_on_stderr_is_in_the_log(
    in_json: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logs(in_json)
    print("half a ", end="", file=sys.stderr)
    print("line\r\nand another \u2028 one\n", file=sys.stderr)
    warnings.warn("mind the gap", stacklevel=1)
    half, other, warned = _objects(capsys.readouterr().err)
    assert (half["level"], half["logger"], half["message"]) == ("info", "stderr", "half a line")
    assert other["message"] == "and another \u2028 one"
    assert warned["level"] == "warning" and "mind the gap" in warned["message"]


def test_lines_of_two_threads_are_not_mixed(
    in_json: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logs(in_json)
    print("one", end=" ", file=sys.stderr)
    other = threading.Thread(target=lambda: print("other", file=sys.stderr))
    other.start()
    other.join()
    print("end", file=sys.stderr)
    assert [line["message"] for line in _objects(capsys.readouterr().err)] == ["other", "one end"]


def test_an_error_that_nothing_caught_is_one_object_with_its_traceback(
    in_json: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    set_up_logs(in_json)
    failing = threading.Thread(target=lambda: 1 / 0)
    failing.start()
    failing.join()
    (told,) = _objects(capsys.readouterr().err)
    assert told["level"] == "critical" and "ZeroDivisionError" in told["traceback"]


def test_a_stderr_that_is_gone_does_not_hang_the_process() -> None:
    code = (
        "import os, sys, logging\n"
        "from rag.logs import set_up_logs\n"
        "from rag.settings import Settings\n"
        "set_up_logs(Settings(log_json=True))\n"
        "os.close(2)\n"
        "logging.getLogger('rag.x').warning('nobody reads this')\n"
        "print('done')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, timeout=60, text=True
    )
    assert done.stdout == "done\n"


def test_set_up_again_as_text_stderr_is_itself_again(
    in_json: Settings, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    before = sys.stderr
    set_up_logs(in_json)
    set_up_logs(settings)
    assert sys.stderr is before
    print("plain", file=sys.stderr)
    logging.getLogger("rag.x").warning("a word")
    assert capsys.readouterr().err == "plain\nWARNING rag.x: a word\n"
