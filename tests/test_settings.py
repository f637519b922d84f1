from __future__ import annotations

from pathlib import Path

import pytest

from rag.errors import SettingsError
from rag.settings import load_settings


def test_the_environment_sets_fields(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDAGRANT_CHUNK_TOKENS", "90")
    monkeypatch.setenv("ORDAGRANT_DATA", "~/somewhere")
    settings = load_settings()
    assert settings.chunk_tokens == 90
    assert settings.data == Path.home() / "somewhere"


def test_an_override_wins_and_none_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDAGRANT_LLM", "local")
    assert load_settings(llm="none").llm == "none"
    assert load_settings(llm=None).llm == "local"


def test_a_misspelt_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDAGRANT_CHUNK_TOKEN", "90")
    with pytest.raises(SettingsError, match="ORDAGRANT_CHUNK_TOKEN in the environment"):
        load_settings()


def test_a_bad_value_names_the_variable_and_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ORDAGRANT_EVIDENCE", "200")
    with pytest.raises(SettingsError, match=r"ORDAGRANT_EVIDENCE.*200.*less than or equal to 20"):
        load_settings()
