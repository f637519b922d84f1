"""An LLM that says what it is told to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rag.models.llm_types import Cancelled, Message, OnText, Reply


class ScriptedChat:
    """Gives the next of `replies` (text, or an error to raise), streamed by the character."""

    label = "scripted"

    def __init__(self, *replies: str | Exception) -> None:
        self.replies = list(replies)
        self.messages: list[list[Message]] = []
        self.schemas: list[dict[str, Any]] = []
        self.written = 0

    def json(
        self,
        messages: Sequence[Message],
        schema: dict[str, Any],
        *,
        max_tokens: int,
        on_text: OnText | None = None,
        cancelled: Cancelled | None = None,
    ) -> Reply:
        self.schemas.append(schema)
        return self.text(messages, max_tokens=max_tokens, on_text=on_text, cancelled=cancelled)

    def text(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        on_text: OnText | None = None,
        cancelled: Cancelled | None = None,
        stop: Sequence[str] = (),
    ) -> Reply:
        self.messages.append(list(messages))
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        for i, character in enumerate(reply):
            if cancelled is not None and cancelled():
                return Reply(reply[:i], 1, i, "cancelled")
            self.written += 1
            if on_text is not None:
                on_text(character)
        return Reply(reply, 1, len(reply))
