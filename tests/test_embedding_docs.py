"""Every example in docs/embedding.md is run, as it is written, against a scripted bot."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.serving import serving
from tests.test_mcp import served_by
from tests.ui.script import Script, ScriptedBot, evidence
from tests.ui.scripted import TRUCE, sample_article, sample_bot

DOC = Path(__file__).parents[1] / "docs" / "embedding.md"
TEXT = DOC.read_text(encoding="utf-8")
PYTHON = dict(re.findall(r"```python (\w+)\n(.*?)```", TEXT, flags=re.DOTALL))
QUESTION = "Who met in Malaysia?"
WORDS = "China refines 90 per cent of the world’s rare earths"


@pytest.fixture
def bot(monkeypatch: pytest.MonkeyPatch) -> ScriptedBot:
    """The sample bot with an answer to the examples' question; it is what `Bot.open` opens."""
    bot = sample_bot()
    bot.scripts[QUESTION] = Script(
        [evidence(sample_article(TRUCE), WORDS, 1)], [("They met there.", [1])]
    )
    whole: Any = bot
    whole.ask = lambda question: bot.scripts[question].answer(question)
    whole.__class__ = type(
        "Opened",
        (ScriptedBot,),
        {"__enter__": lambda self: self, "__exit__": lambda self, *_: None},
    )
    monkeypatch.setattr("rag.bot.Bot.open", lambda _settings: bot)
    return bot


@pytest.fixture
def server(bot: ScriptedBot) -> Iterator[str]:
    with served_by(bot) as url:
        yield url


def _run(name: str, url: str = "") -> None:
    code = PYTHON[name].replace("http://127.0.0.1:8000", url or "http://127.0.0.1:8000")
    exec(compile(code, f"{DOC.name}: {name}", "exec"), {"__name__": "example"})  # noqa: S102 - the examples are ours


@pytest.mark.parametrize("name", ["bot", "llamaindex"])
def test_in_one_process(bot: ScriptedBot, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    _run(name)
    start = sample_article(TRUCE).text.index(WORDS)
    if name == "llamaindex":
        assert f"{WORDS} {start} {start + len(WORDS)} None" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "package"), [("client", "rag"), ("mcp", "mcp"), ("openai", "openai")]
)
def test_over_http(
    server: str, name: str, package: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip(package)
    _run(name, server)
    out = capsys.readouterr().out
    assert (f"/a/{TRUCE}?start=" if name == "openai" else WORDS) in out


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
def test_with_curl(server: str) -> None:
    command = re.search(r"```sh\n(curl.*?)```", TEXT, flags=re.DOTALL)
    assert command is not None
    line = command[1].replace("http://127.0.0.1:8000", server)
    done = subprocess.run(["sh", "-c", line], capture_output=True, check=True, timeout=30)
    assert json.loads(done.stdout)["quotes"][0]["text"] == WORDS


def test_the_line_of_html_names_what_is_served(bot: ScriptedBot) -> None:
    import httpx

    path = re.search(r'src="https://news\.example\.org(/[\w.]+)"', TEXT)
    assert path is not None
    with serving(bot) as url:
        script = httpx.get(url + path[1]).text
    for attribute in re.findall(r"\| `(data-\w+)`", TEXT):
        assert attribute in script and f"given.{attribute.removeprefix('data-')}" in script


def test_the_command_of_mcp_is_there() -> None:
    config = re.search(r"```json\n(.*?)```", TEXT, flags=re.DOTALL)
    assert config is not None
    command = json.loads(config[1])["mcpServers"]["ordagrant"]
    assert command["command"] == "ordagrant"
    done = subprocess.run(
        [sys.executable, "-m", "rag.cli", *command["args"], "--help"],
        capture_output=True, timeout=60, env={**os.environ, "COLUMNS": "80"},
    )  # fmt: skip
    assert done.returncode == 0 and b"MCP" in done.stdout


def test_its_own_places_exist() -> None:
    headings = {
        re.sub(r"[^\w\- ]", "", line.lstrip("# ")).strip().lower().replace(" ", "-")
        for line in TEXT.splitlines()
        if line.startswith("#")
    }
    assert set(re.findall(r"\]\(#([\w-]+)\)", TEXT)) <= headings
