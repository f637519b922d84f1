"""`ordagrant connect …`: what is missing is one sentence, and secrets stay out of the logs."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import logging
import re
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import typer
from typer.testing import CliRunner

from rag.bot import Bot
from rag.cli_connect import Connector, Secrets, _run, register
from rag.connectors.base import Attendant, Message
from rag.errors import MissingExtra, SettingsError
from rag.settings import Settings
from tests.connectors.rooms import Wall, settled
from tests.logs import as_before
from tests.ui.scripted import PHONE, UNANSWERED, sample_bot


@pytest.fixture(autouse=True)
def _logs() -> Iterator[None]:
    with as_before():
        yield


def run(monkeypatch: pytest.MonkeyPatch, app: str, **environ: str) -> BaseException | None:
    for name in ("MATRIX_HOMESERVER", "MATRIX_USER", "MATRIX_PASSWORD", "MATRIX_TOKEN",
                 "TELEGRAM_TOKEN", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "DISCORD_TOKEN",
                 "XMPP_JID", "XMPP_PASSWORD"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    door = typer.Typer()
    register(door)
    return CliRunner().invoke(door, ["connect", app]).exception


@pytest.mark.parametrize(
    ("app", "environ", "missing"),
    [
        ("matrix", {}, "MATRIX_HOMESERVER"),
        ("matrix", {"MATRIX_HOMESERVER": "http://h", "MATRIX_USER": "@b:h"}, "MATRIX_PASSWORD"),
        ("telegram", {"TELEGRAM_TOKEN": " "}, "TELEGRAM_TOKEN"),
        ("slack", {"SLACK_BOT_TOKEN": "xoxb-1"}, "SLACK_APP_TOKEN"),
        ("discord", {}, "DISCORD_TOKEN"),
        ("xmpp", {"XMPP_JID": "bot@h"}, "XMPP_PASSWORD"),
    ],
)
def test_a_missing_secret_is_named(
    monkeypatch: pytest.MonkeyPatch, app: str, environ: dict[str, str], missing: str
) -> None:
    error = run(monkeypatch, app, **environ)
    assert isinstance(error, SettingsError)
    assert str(error).startswith(f"{missing} is not set in the environment: set it to ")


def test_a_missing_extra_is_named_before_any_model_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "telegram" else find(name)
    )
    error = run(monkeypatch, "telegram", TELEGRAM_TOKEN="1:a")  # noqa: S106 - made up
    assert isinstance(error, MissingExtra)
    assert "pip install 'ordagrant[telegram]'" in str(error)


def test_secrets_are_blotted_out_of_what_is_logged(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    secrets = Secrets({"TELEGRAM_TOKEN": "1:s3cret", "MATRIX_USER": "@bot:h"})
    secrets.need("TELEGRAM_TOKEN", "the token")
    secrets.need("MATRIX_USER", "the account", hide=False)
    handler = logging.StreamHandler()
    handler.addFilter(secrets)
    log = logging.getLogger("tests.secrets")
    log.addHandler(handler)
    try:
        log.warning("POST https://api/bot%s as %s", "1:s3cret", "@bot:h")
        try:
            raise OSError("https://api/bot1:s3cret is away")
        except OSError:
            log.exception("lost")
    finally:
        log.removeHandler(handler)
    told = capsys.readouterr().err
    assert "POST https://api/bot… as @bot:h" in told
    assert "https://api/bot… is away" in told
    assert "s3cret" not in told


class _App:
    """An app in which one question is asked, and which then fails in all the ways it can."""

    def __init__(self, attendant: Attendant, told: Callable[[], str]) -> None:
        self.attendant, self.told = attendant, told
        self.metrics = ""

    async def run(self, stop: asyncio.Event) -> None:
        address = re.search(r"its metrics are at (\S+)", self.told())
        message = Message("$1", "!room:s3cret", "", PHONE, True, False)
        self.attendant.hear(message, Wall())
        await settled(self.attendant)
        assert address is not None
        self.metrics = httpx.get(address[1]).text
        logging.getLogger("nio").warning("the token s3cret is refused")
        print("a library prints s3cret", file=sys.stderr)
        try:
            raise OSError("s3cret is away")
        except OSError:
            logging.getLogger("nio").exception("lost")


def test_an_answer_in_an_app_is_audited_and_each_line_is_json_without_a_secret(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    bot, told, apps = sample_bot(), [""], []
    bot.settings = settings.model_copy(update={"log_json": True})
    monkeypatch.setattr(Bot, "open", lambda _settings, _progress: bot)
    secrets = Secrets({"WALL_TOKEN": "s3cret"})
    secrets.need("WALL_TOKEN", "the token")

    def so_far() -> str:
        told[0] += capsys.readouterr().err
        return told[0]

    def made(attendant: Attendant) -> _App:
        apps.append(_App(attendant, so_far))
        return apps[0]

    _run("wall", bot.settings, secrets, made, ("127.0.0.1", 0))
    assert "s3cret" not in so_far()
    begun, audit, refused, printed, lost = map(json.loads, so_far().splitlines())
    assert begun["message"].startswith("Ordagrant answers in wall, its metrics are at http://127")
    assert audit["audit"]["key"] == "wall" and len(audit["audit"]["quotes"]) == 3
    assert "room" not in json.dumps(audit)
    assert refused["message"] == "the token … is refused"
    assert printed["message"] == "a library prints …"
    assert "OSError: … is away" in lost["traceback"]
    assert 'ordagrant_answers_total{language="en",refusal="",status="answered"}' in apps[0].metrics
    assert "ordagrant_messages_answered_total 1.0" in apps[0].metrics


def test_the_audit_lines_of_an_app_go_to_the_file_that_is_set(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path
) -> None:
    bot, path = sample_bot(), tmp_path / "audit.jsonl"
    bot.settings = settings.model_copy(update={"audit_file": path, "log_questions": True})
    monkeypatch.setattr(Bot, "open", lambda _settings, _progress: bot)

    class App:
        def __init__(self, attendant: Attendant) -> None:
            self.attendant = attendant

        async def run(self, stop: asyncio.Event) -> None:
            asked = f"{UNANSWERED} s3cret"
            self.attendant.hear(Message("$1", "!room", "", asked, True, False), Wall())
            await settled(self.attendant)

    secrets = Secrets({"WALL_TOKEN": "s3cret"})
    secrets.need("WALL_TOKEN", "the token")
    _run("wall", bot.settings, secrets, App, ("127.0.0.1", None))
    line = json.loads(path.read_text(encoding="utf-8"))
    assert (line["key"], line["status"]) == ("wall", "refused")
    assert line["question"] == f"{UNANSWERED} …"


def test_metrics_that_cannot_be_served_are_told_of_before_any_model_loads(
    monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    def opened(_settings: Settings, _progress: object) -> Bot:
        raise AssertionError("a model was loaded")

    monkeypatch.setattr(Bot, "open", opened)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=rf"127\.0\.0\.1:{port}.*--metrics-port"):
            _run("wall", settings, Secrets({}), _never, ("127.0.0.1", port))


def _never(_attendant: Attendant) -> Connector:
    raise AssertionError("no connector should be made")
