"""LLMs, all behind one small interface, and the one that the settings name.

`load_chat` is where `llm = auto | none | local | PATH.gguf | ollama: | openai: | anthropic:`
is understood. No LLM is `None`: a first-class choice, not an error. Articles leave the machine
only when the setting names a service: `auto` never does, whatever keys the environment holds.
"""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from rag.errors import MissingExtra, SettingsError
from rag.models import llm_gguf
from rag.models.llm_types import (
    Cancelled,
    ChatModel,
    Choice,
    Message,
    OnAhead,
    OnText,
    Reply,
    TakesTurns,
    optional,
)
from rag.models.progress import Progress
from rag.settings import Settings

if TYPE_CHECKING:
    from llama_index.core.llms import LLM

__all__ = [
    "Cancelled",
    "ChatModel",
    "Choice",
    "Message",
    "OnAhead",
    "OnText",
    "Reply",
    "TakesTurns",
    "load_chat",
    "optional",
    "wrap_llm",
]

NAME = re.compile(r"^(?P<kind>ollama|openai|anthropic):(?P<name>[^@\s]+)(?:@(?P<url>\S+))?$")


def load_chat(settings: Settings, progress: Progress | None = None) -> ChatModel | None:
    """The LLM that `settings.llm` names, or None. Weights are read at the first use.

    Raises `SettingsError` for a name that is not understood, `MissingExtra` for a package
    that is not installed, `ModelError` for a model file that cannot be had.
    """
    name = settings.llm.strip()
    if name == "none":
        return None
    if name == "auto":
        if find_spec("xllamacpp") is None or not llm_gguf.available(settings):
            return None
        return _local(settings, None, progress)
    if name == "local":
        return _local(settings, None, progress)
    if name.lower().endswith(".gguf"):
        return _local(settings, Path(name), progress)
    if match := NAME.match(name):
        return _remote(match["kind"], match["name"], match["url"])
    raise SettingsError(
        f"The llm setting cannot be {name!r}: use auto, none, local, PATH.gguf, ollama:NAME, "
        f"openai:NAME[@URL] or anthropic:NAME."
    )


def wrap_llm(llm: LLM) -> ChatModel:
    """Any LlamaIndex LLM as a `ChatModel`: JSON is asked for, validated, and retried once."""
    from rag.models.llm_wrapped import LlamaIndexChat

    return LlamaIndexChat(llm)


def _local(settings: Settings, path: Path | None, progress: Progress | None) -> ChatModel:
    from rag.models.llm_local import LocalChat, Runtime

    if find_spec("xllamacpp") is None:
        raise MissingExtra("The local LLM", "local")
    if path is None:
        file, label = llm_gguf.obtain(settings, progress), llm_gguf.DEFAULT_LLM.label
    else:
        file = llm_gguf.configured_gguf(path)
        label = file.stem.lower()
    return LocalChat(Runtime.shared(file, settings.threads), f"local:{label}")


def _remote(kind: str, name: str, url: str | None) -> ChatModel:
    from rag.models import llm_remote

    if kind == "ollama":
        return llm_remote.OllamaChat(name, url)
    if kind == "openai":
        return llm_remote.OpenAIChat(name, url)
    return llm_remote.AnthropicChat(name, url)
