"""LLMs that are asked for JSON rather than held to it: validate, ask once more, give up.

`AskedChat` is the base of every model without a grammar of our own: the remote services and
any LlamaIndex `LLM`.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from rag.errors import LlmError
from rag.models.llm_types import Cancelled, Message, OnText, Reply
from rag.prompts import load_prompt

if TYPE_CHECKING:
    from llama_index.core.llms import LLM


class AskedChat(ABC):
    """A `ChatModel` over one method, `_send`."""

    def __init__(self, label: str) -> None:
        self._label = label

    @property
    def label(self) -> str:
        return self._label

    @abstractmethod
    def _send(
        self,
        messages: Sequence[Message],
        schema: dict[str, Any] | None,
        max_tokens: int,
        on_text: OnText | None,
        cancelled: Cancelled | None,
        stop: Sequence[str],
    ) -> Reply:
        """One request; a `schema` is passed on where the service takes one. `LlmError` else."""

    def text(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        on_text: OnText | None = None,
        cancelled: Cancelled | None = None,
        stop: Sequence[str] = (),
    ) -> Reply:
        return self._send(messages, None, max_tokens, on_text, cancelled, stop)

    def json(
        self,
        messages: Sequence[Message],
        schema: dict[str, Any],
        *,
        max_tokens: int,
        on_text: OnText | None = None,
        cancelled: Cancelled | None = None,
    ) -> Reply:
        """As `ChatModel.json`. Only the first try is streamed to `on_text`."""
        first = self._send(messages, schema, max_tokens, on_text, cancelled, ())
        if first.finish == "cancelled":
            return first
        try:
            return _with_text(first, valid_json(first.text, schema))
        except ValueError as error:
            asked = [*messages, *_again(first.text, schema, str(error))]
        second = self._send(asked, schema, max_tokens, None, cancelled, ())
        if second.finish == "cancelled":
            return second
        try:
            return _with_text(second, valid_json(second.text, schema))
        except ValueError as error:
            raise LlmError(
                f"The LLM {self.label} did not reply with the JSON it was asked for, "
                f"twice ({error}): try again or use another model."
            ) from None


def valid_json(text: str, schema: dict[str, Any]) -> str:
    """The JSON object in `text`, fences and talk around it left out, if it obeys `schema`.

    Raises `ValueError` saying what is wrong, in words that a model can act on.
    """
    begin = text.find("{")
    if begin < 0:
        raise ValueError("it holds no JSON object")
    try:
        value, end = json.JSONDecoder().raw_decode(text, begin)
    except json.JSONDecodeError as error:
        raise ValueError(f"it is not JSON: {error.msg}") from None
    validation = import_module("jsonschema")
    try:
        validation.validate(value, schema)
    except validation.ValidationError as error:
        where = "/".join(str(part) for part in error.absolute_path) or "the object"
        raise ValueError(f"{where} does not fit the schema") from None
    return text[begin:end]


def _again(reply: str, schema: dict[str, Any], problem: str) -> list[Message]:
    rendered = load_prompt("json_again", {"schema", "problem"}).render(
        schema=json.dumps(schema, ensure_ascii=False), problem=problem
    )
    return [
        # An empty turn is refused by some services.
        Message(role="assistant", content=reply.strip() or "{}"),
        *rendered,
    ]


def _with_text(reply: Reply, text: str) -> Reply:
    return Reply(text, reply.prompt_tokens, reply.output_tokens, reply.finish)


class LlamaIndexChat(AskedChat):
    """Any LlamaIndex `LLM`. Token counts are 0: LlamaIndex has no common place for them."""

    def __init__(self, llm: LLM) -> None:
        super().__init__(f"llama-index:{llm.metadata.model_name or type(llm).__name__}")
        self._llm = llm

    def _send(
        self,
        messages: Sequence[Message],
        schema: dict[str, Any] | None,
        max_tokens: int,
        on_text: OnText | None,
        cancelled: Cancelled | None,
        stop: Sequence[str],
    ) -> Reply:
        from llama_index.core.llms import ChatMessage

        chat = [ChatMessage(role=m["role"], content=m["content"]) for m in messages]
        text = ""
        try:
            if on_text is None:
                text = self._llm.chat(chat).message.content or ""
            else:
                for chunk in self._llm.stream_chat(chat):
                    # Some LLMs give only deltas, some only the whole so far.
                    whole = chunk.message.content or text + (chunk.delta or "")
                    piece, text = whole[len(text) :], whole
                    on_text(piece)
                    if cancelled is not None and cancelled():
                        return Reply(text, 0, 0, "cancelled")
        except Exception as error:  # each integration raises its own kinds
            raise LlmError(f"The LLM {self.label} failed ({type(error).__name__}).") from error
        return Reply(_before(text, stop), 0, 0)


def _before(text: str, stop: Sequence[str]) -> str:
    ends = [at for mark in stop if (at := text.find(mark)) >= 0]
    return text[: min(ends)] if ends else text
