"""Both ways between LlamaIndex and ours."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from llama_index.core.llms import ChatMessage, CompletionResponse, CustomLLM, LLMMetadata, MockLLM

from rag.errors import LlmError
from rag.models.llm import wrap_llm
from rag.models.llm_llamaindex import OrdagrantLocalLLM
from rag.models.llm_types import Message
from tests.models.fakes import ScriptedChat

HELLO = [ChatMessage(role="system", content="S"), ChatMessage(role="user", content="U")]


def test_all_four_synchronous_methods() -> None:
    chat = ScriptedChat("one", "two", "abc", "xyz")
    llm = OrdagrantLocalLLM(chat)
    assert llm.chat(HELLO).message.content == "one"
    assert llm.complete("prompt").text == "two"
    streamed = list(llm.stream_chat(HELLO))
    assert [r.delta for r in streamed] == ["a", "b", "c"]
    assert streamed[-1].message.content == "abc"
    assert [r.text for r in llm.stream_complete("p")] == ["x", "xy", "xyz"]
    assert chat.messages[0] == [
        {"role": "system", "content": "S"},
        {"role": "user", "content": "U"},
    ]
    assert chat.messages[1] == [{"role": "user", "content": "prompt"}]
    assert llm.metadata.model_name == "scripted"


def test_all_four_asynchronous_methods() -> None:
    async def all_four() -> list[Any]:
        llm = OrdagrantLocalLLM(ScriptedChat("one", "two", "ab", "xy"))
        got: list[Any] = [
            (await llm.achat(HELLO)).message.content,
            (await llm.acomplete("p")).text,
        ]
        got.append([r.delta async for r in await llm.astream_chat(HELLO)])
        got.append([r.text async for r in await llm.astream_complete("p")])
        return got

    assert asyncio.run(all_four()) == ["one", "two", ["a", "b"], ["x", "xy"]]


def test_the_event_loop_runs_on_while_the_model_computes() -> None:
    released = threading.Event()

    class Slow(ScriptedChat):
        def text(self, *args: Any, **kwargs: Any) -> Any:
            # Only a loop that is free can set this.
            assert released.wait(timeout=20)
            return super().text(*args, **kwargs)

    async def both() -> str | None:
        asking = asyncio.create_task(OrdagrantLocalLLM(Slow("done")).achat(HELLO))
        await asyncio.sleep(0)
        released.set()
        return (await asking).message.content

    assert asyncio.run(both()) == "done"


def test_leaving_a_stream_stops_the_model() -> None:
    stopped = threading.Event()

    class Endless(ScriptedChat):
        def text(self, *args: Any, on_text: Any = None, cancelled: Any = None, **_: Any) -> Any:
            while not cancelled():
                on_text("x")
            stopped.set()
            raise LlmError("unheard")

    stream = OrdagrantLocalLLM(Endless()).stream_complete("p")
    assert next(stream).text == "x"
    stream.close()
    assert stopped.wait(timeout=20)


SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
ASK = [Message(role="user", content="Give a.")]


class Canned(CustomLLM):
    """A LlamaIndex LLM that gives its replies in turn."""

    replies: list[str]

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(model_name="canned")

    def complete(self, prompt: str, formatted: bool = False, **_: Any) -> CompletionResponse:
        return CompletionResponse(text=self.replies.pop(0))

    def stream_complete(self, prompt: str, formatted: bool = False, **_: Any) -> Any:
        text = self.replies.pop(0)
        for end in range(1, len(text) + 1):
            yield CompletionResponse(text=text[:end], delta=text[end - 1])


def test_any_llamaindex_llm_gives_valid_json_at_the_second_try() -> None:
    chat = wrap_llm(Canned(replies=["a is 1", '{"a": 1}']))
    assert chat.label == "llama-index:canned"
    assert chat.json(ASK, SCHEMA, max_tokens=9).text == '{"a": 1}'


def test_a_llamaindex_llm_streams() -> None:
    pieces: list[str] = []
    reply = wrap_llm(Canned(replies=["abc"])).text(ASK, max_tokens=9, on_text=pieces.append)
    assert (pieces, reply.text) == (["a", "b", "c"], "abc")


def test_a_reply_ends_before_a_stop() -> None:
    reply = wrap_llm(Canned(replies=["one\ntwo"])).text(ASK, max_tokens=9, stop=["\n"])
    assert reply.text == "one"


def test_a_llamaindex_llm_that_never_gives_json_is_an_llm_error() -> None:
    with pytest.raises(LlmError, match="did not reply with the JSON"):
        wrap_llm(MockLLM()).json(ASK, SCHEMA, max_tokens=9)
