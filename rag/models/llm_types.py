"""What an LLM is to the rest of the program: a small interface and the values it speaks in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal, Protocol, runtime_checkable

from rag.errors import MissingExtra
from rag.prompts import Message

__all__ = [
    "Cancelled",
    "ChatModel",
    "Choice",
    "Message",
    "OnAhead",
    "OnChoice",
    "OnText",
    "Reply",
    "TakesTurns",
    "TellsChoices",
    "optional",
]

OnText = Callable[[str], None]
Cancelled = Callable[[], bool]
OnAhead = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Choice:
    """A token that was written, and how likely it and its rivals were (natural logarithms)."""

    token: str
    rivals: tuple[tuple[str, float], ...]


OnChoice = Callable[[Choice], None]


@dataclass(frozen=True, slots=True)
class Reply:
    """What an LLM wrote, and why it ended."""

    text: str
    prompt_tokens: int
    output_tokens: int
    finish: Literal["stop", "length", "cancelled"] = "stop"


class ChatModel(Protocol):
    """An LLM. Both calls block, may be made from any thread, and raise `LlmError`.

    `on_text` gets each piece of the reply as it comes. `cancelled` is asked often; once it
    says True the call returns soon, with what there is and `finish="cancelled"`.
    """

    @property
    def label(self) -> str: ...

    def json(
        self,
        messages: Sequence[Message],
        schema: dict[str, Any],
        *,
        max_tokens: int,
        on_text: OnText | None = None,
        cancelled: Cancelled | None = None,
    ) -> Reply:
        """A reply that is JSON and valid under `schema` (unless cut by `max_tokens`)."""
        ...

    def text(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        on_text: OnText | None = None,
        cancelled: Cancelled | None = None,
        stop: Sequence[str] = (),
    ) -> Reply:
        """A reply in free text, ending before any of `stop`."""
        ...


@runtime_checkable
class TellsChoices(Protocol):
    """A `ChatModel` that also says, for the first tokens of JSON, what else it considered."""

    def json_with_choices(
        self,
        messages: Sequence[Message],
        schema: dict[str, Any],
        *,
        max_tokens: int,
        on_choice: OnChoice,
        on_text: OnText | None = None,
        cancelled: Cancelled | None = None,
    ) -> Reply:
        """As `json`; each `on_choice` comes before the `on_text` of the same token."""
        ...


@runtime_checkable
class TakesTurns(Protocol):
    """A `ChatModel` that answers one request at a time, so that callers wait in line."""

    def telling(self, on_ahead: OnAhead) -> ChatModel:
        """The same model; `on_ahead` hears how many requests are ahead of each one made here.

        It is told only while it waits, from any thread, and 0 when its turn has come.
        """
        ...


def optional(module: str, what: str, extra: str) -> Any:
    """Import an optional package; raises `MissingExtra` naming the line that installs it."""
    try:
        return import_module(module)
    except ImportError:
        raise MissingExtra(what, extra) from None
