"""Our LLM for LlamaIndex: the local model (or any `ChatModel`) as a LlamaIndex `LLM`.

All eight methods are implemented; the asynchronous ones work in a thread, so that a model that
computes for seconds never blocks the event loop. Importing this module imports LlamaIndex.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Sequence
from typing import Any, Literal

from llama_index.core.llms import (
    LLM,
    ChatMessage,
    ChatResponse,
    ChatResponseAsyncGen,
    ChatResponseGen,
    CompletionResponse,
    CompletionResponseAsyncGen,
    CompletionResponseGen,
    LLMMetadata,
    MessageRole,
)
from llama_index.core.llms.callbacks import llm_chat_callback, llm_completion_callback
from pydantic import Field, PrivateAttr

from rag.models.llm_stream import streamed
from rag.models.llm_types import ChatModel, Message, Reply

ROLES: dict[MessageRole, Literal["system", "user", "assistant"]] = {
    MessageRole.SYSTEM: "system",
    MessageRole.DEVELOPER: "system",
    MessageRole.ASSISTANT: "assistant",
}
_END = object()


class OrdagrantLocalLLM(LLM):
    """A `ChatModel` where LlamaIndex wants an `LLM`. Raises `LlmError` when the model fails."""

    context_window: int = Field(4096, gt=0, description="tokens of prompt and reply together")
    max_tokens: int = Field(512, gt=0, description="most tokens of a reply")
    _chat: ChatModel = PrivateAttr()

    def __init__(self, chat: ChatModel, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._chat = chat

    @classmethod
    def class_name(cls) -> str:
        return "OrdagrantLocalLLM"

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(
            context_window=self.context_window,
            num_output=self.max_tokens,
            is_chat_model=True,
            model_name=self._chat.label,
        )

    def _reply(self, messages: Sequence[ChatMessage], limits: dict[str, Any]) -> Reply:
        return self._chat.text(_ours(messages), **self._limits(limits))

    def _pieces(
        self, messages: Sequence[ChatMessage], limits: dict[str, Any]
    ) -> Generator[str | Reply, None, None]:
        chat, ours, ends = self._chat, _ours(messages), self._limits(limits)
        return streamed(lambda put, off: chat.text(ours, on_text=put, cancelled=off, **ends))

    def _limits(self, given: dict[str, Any]) -> dict[str, Any]:
        stop = given.get("stop") or ()
        return {
            "max_tokens": given.get("max_tokens") or self.max_tokens,
            "stop": [stop] if isinstance(stop, str) else list(stop),
        }

    @llm_chat_callback()
    def chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        reply = self._reply(messages, kwargs)
        return ChatResponse(message=_said(reply.text), raw=_counts(reply))

    @llm_completion_callback()
    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        reply = self._reply(_asked(prompt), kwargs)
        return CompletionResponse(text=reply.text, raw=_counts(reply))

    @llm_chat_callback()
    def stream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponseGen:
        def responses() -> ChatResponseGen:
            text = ""
            for piece in self._pieces(messages, kwargs):
                if isinstance(piece, str):
                    text += piece
                    yield ChatResponse(message=_said(text), delta=piece)

        return responses()

    @llm_completion_callback()
    def stream_complete(
        self, prompt: str, formatted: bool = False, **kwargs: Any
    ) -> CompletionResponseGen:
        def responses() -> CompletionResponseGen:
            text = ""
            for piece in self._pieces(_asked(prompt), kwargs):
                if isinstance(piece, str):
                    text += piece
                    yield CompletionResponse(text=text, delta=piece)

        return responses()

    @llm_chat_callback()
    async def achat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        reply = await asyncio.to_thread(self._reply, messages, kwargs)
        return ChatResponse(message=_said(reply.text), raw=_counts(reply))

    @llm_completion_callback()
    async def acomplete(
        self, prompt: str, formatted: bool = False, **kwargs: Any
    ) -> CompletionResponse:
        reply = await asyncio.to_thread(self._reply, _asked(prompt), kwargs)
        return CompletionResponse(text=reply.text, raw=_counts(reply))

    @llm_chat_callback()
    async def astream_chat(
        self, messages: Sequence[ChatMessage], **kwargs: Any
    ) -> ChatResponseAsyncGen:
        async def responses() -> ChatResponseAsyncGen:
            text = ""
            pieces = self._pieces(messages, kwargs)
            while (piece := await asyncio.to_thread(next, pieces, _END)) is not _END:
                if isinstance(piece, str):
                    text += piece
                    yield ChatResponse(message=_said(text), delta=piece)

        return responses()

    @llm_completion_callback()
    async def astream_complete(
        self, prompt: str, formatted: bool = False, **kwargs: Any
    ) -> CompletionResponseAsyncGen:
        async def responses() -> CompletionResponseAsyncGen:
            text = ""
            pieces = self._pieces(_asked(prompt), kwargs)
            while (piece := await asyncio.to_thread(next, pieces, _END)) is not _END:
                if isinstance(piece, str):
                    text += piece
                    yield CompletionResponse(text=text, delta=piece)

        return responses()


def _ours(messages: Sequence[ChatMessage]) -> list[Message]:
    return [Message(role=ROLES.get(m.role, "user"), content=m.content or "") for m in messages]


def _asked(prompt: str) -> list[ChatMessage]:
    return [ChatMessage(role=MessageRole.USER, content=prompt)]


def _said(text: str) -> ChatMessage:
    return ChatMessage(role=MessageRole.ASSISTANT, content=text)


def _counts(reply: Reply) -> dict[str, Any]:
    counts = {"prompt_tokens": reply.prompt_tokens, "completion_tokens": reply.output_tokens}
    return {"usage": {**counts, "total_tokens": sum(counts.values())}}
