"""Which LLM a setting names, and what is said when it cannot be had."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.errors import MissingExtra, ModelError, SettingsError
from rag.models import llm, llm_types
from rag.models.llm import load_chat
from rag.settings import load_settings


def named(name: str, tmp_path: Path) -> llm.ChatModel | None:
    return load_chat(load_settings(environ={}, llm=name, cache=tmp_path, offline=True))


def test_none_is_none(tmp_path: Path) -> None:
    assert named("none", tmp_path) is None


def test_auto_is_none_when_nothing_is_here_even_if_a_key_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    monkeypatch.setattr(llm.llm_gguf, "available", lambda *_: False)
    assert named("auto", tmp_path) is None


def test_auto_is_local_when_it_can_be_had_without_the_network(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(llm, "find_spec", lambda _: object())
    monkeypatch.setattr(llm.llm_gguf, "available", lambda *_: True)
    monkeypatch.setattr(llm.llm_gguf, "obtain", lambda *_: tmp_path / "x.gguf")
    chat = named("auto", tmp_path)
    assert chat is not None
    assert chat.label == "local:qwen2.5-coder-1.5b"


@pytest.mark.parametrize("name", ["gpt-4", "openai:", "openai", "ollama: x", "mistral:7b", ""])
def test_an_unknown_name_says_what_is_allowed(name: str, tmp_path: Path) -> None:
    settings = load_settings(environ={}, cache=tmp_path).model_copy(update={"llm": name})
    with pytest.raises(SettingsError, match="ollama:NAME"):
        load_chat(settings)


@pytest.mark.parametrize(
    ("name", "extra"),
    [("local", "local"), ("ollama:x", "ollama"), ("openai:x@http://h", "openai"),
     ("anthropic:x", "anthropic")],
)  # fmt: skip
def test_a_missing_extra_names_its_install_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, extra: str
) -> None:
    def missing(module: str) -> None:
        raise ImportError(module)

    monkeypatch.setattr(llm_types, "import_module", missing)
    monkeypatch.setattr(llm, "find_spec", lambda _: None)
    with pytest.raises(MissingExtra, match=rf"ordagrant\[{extra}\]"):
        named(name, tmp_path)


def test_a_gguf_path_that_is_not_there_is_a_model_error(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(llm, "find_spec", lambda _: object())
    with pytest.raises(ModelError, match=r"nowhere\.gguf cannot be read"):
        named(str(tmp_path / "nowhere.gguf"), tmp_path)


@pytest.mark.parametrize(
    ("name", "variable"),
    [("openai:gpt-x", "OPENAI_API_KEY"), ("anthropic:claude-x", "ANTHROPIC_API_KEY")],
)
def test_a_service_without_its_key_names_the_variable(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, variable: str
) -> None:
    for key in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY"):
        monkeypatch.delenv(key, raising=False)
    pytest.importorskip(name.split(":")[0])
    with pytest.raises(SettingsError, match=variable):
        named(name, tmp_path)


def test_a_label_never_holds_the_url(tmp_path: Path) -> None:
    pytest.importorskip("openai")
    chat = named("openai:small-model@http://user:hunter2@127.0.0.1:9/v1", tmp_path)
    assert chat is not None
    assert chat.label == "openai:small-model"
