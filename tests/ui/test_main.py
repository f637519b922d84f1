from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from rag.ui.examples import SAMPLE_QUESTIONS, examples_for
from rag.ui.main import main, serve
from tests.logs import as_before
from tests.ui import scripted

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _logs() -> Iterator[None]:
    with as_before():
        yield


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--port", "none"], "'none'"),
        (["--port", "70000"], "'70000'"),
        (["--port", "0"], "'0'"),
    ],
)
def test_a_port_that_cannot_be_is_one_sentence(
    arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert named in error and error.count("\n") == 1


def test_the_environment_sets_the_port(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GRADIO_SERVER_PORT", "seven")
    assert main([]) == 2
    assert "'seven'" in capsys.readouterr().err


def test_the_sample_questions_are_offered_on_the_sample_articles_only() -> None:
    assert examples_for(scripted.sample_bot().store) == SAMPLE_QUESTIONS
    assert examples_for(scripted.attacked_bot().store) == {}
    five = scripted.sample_bot().store
    five.articles["another"] = five.articles.pop(scripted.SVT)
    assert examples_for(five) == {}


def test_gradio_is_imported_late_and_tells_nobody() -> None:
    code = (
        "import sys, os, rag.ui.main, rag.ui.chat; assert 'gradio' not in sys.modules;"
        "assert os.environ['GRADIO_ANALYTICS_ENABLED'] == 'False'"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


def test_a_port_in_use_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from rag.bot import Bot

    monkeypatch.setattr(Bot, "open", lambda settings, progress=None: scripted.sample_bot())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["--port", str(port)]) == 2
    error = capsys.readouterr().err
    assert f"cannot listen on 127.0.0.1:{port}" in error and error.count("\n") == 1


@pytest.mark.browser
def test_answers_of_the_chat_alone_are_audited_where_a_file_is_set(
    browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import gradio

    path, bot = tmp_path / "audit.jsonl", scripted.sample_bot()
    bot.settings = bot.settings.model_copy(update={"audit_file": path})
    cast(Any, bot).warm = lambda: None

    def visited(app: Any) -> None:
        page = browser.new_page()
        page.goto(app.local_url)
        page.fill("#og-box textarea", scripted.PHONE)
        page.keyboard.press("Enter")
        page.wait_for_selector("#og-live .og-done")
        page.close()
        app.close(verbose=False)

    monkeypatch.setattr(gradio.Blocks, "block_thread", visited)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    serve(cast(Any, bot), "127.0.0.1", port, browser=False)
    line = json.loads(path.read_text(encoding="utf-8"))
    assert (line["key"], line["status"]) == ("chat", "answered") and "question" not in line
