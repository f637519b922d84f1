"""`ordagrant connect …`: what is missing is one sentence, and secrets stay out of the logs."""

from __future__ import annotations

import importlib.util
import logging
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from rag.cli_connect import Secrets, register
from rag.errors import MissingExtra, SettingsError


def run(monkeypatch: pytest.MonkeyPatch, app: str, **environ: str) -> BaseException | None:
    for name in ("MATRIX_HOMESERVER", "MATRIX_USER", "MATRIX_PASSWORD", "MATRIX_TOKEN",
                 "TELEGRAM_TOKEN", "SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"):  # fmt: skip
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
