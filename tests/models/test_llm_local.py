"""The local runtime: with a stand-in for llama.cpp, and (marked) with the model itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rag.errors import LlmError
from rag.models import llm_gguf
from rag.models.llm_local import LocalChat, Runtime, harmless
from rag.models.llm_types import Choice, Message, TakesTurns, TellsChoices
from rag.settings import load_settings

ASK = [Message(role="user", content="Count.")]


class StandIn:
    """Plays back `chunks`, as the library does: calls back until told to stop."""

    def __init__(self, *chunks: dict[str, Any]) -> None:
        self.chunks = chunks
        self.bodies: list[dict[str, Any]] = []
        self.given = 0

    def handle_chat_completions(self, body: dict[str, Any], callback: Any) -> None:
        self.bodies.append(body)
        for chunk in self.chunks:
            self.given += 1
            if callback(chunk):
                return


def word(text: str, finish: str | None = None, **more: Any) -> dict[str, Any]:
    return {"choices": [{"delta": {"content": text}, "finish_reason": finish, **more}]}


def local(*chunks: dict[str, Any]) -> tuple[LocalChat, StandIn]:
    runtime = Runtime(Path("tiny.gguf"), 1)
    server = runtime._server = StandIn(*chunks)
    return LocalChat(runtime, "local:tiny"), server


def test_a_reply_is_put_together_from_its_chunks() -> None:
    usage = {"choices": [], "usage": {"prompt_tokens": 5, "completion_tokens": 2}}
    chat, _ = local(word("one "), word("two", "length"), usage)
    pieces: list[str] = []
    reply = chat.text(ASK, max_tokens=2, on_text=pieces.append)
    assert pieces == ["one ", "two"]
    assert (reply.text, reply.finish) == ("one two", "length")
    assert (reply.prompt_tokens, reply.output_tokens) == (5, 2)


def test_json_goes_out_with_its_schema_and_comes_back_with_rivals() -> None:
    rivals = [{"token": "{", "logprob": -0.1}, {"token": "[", "logprob": -2.0}]
    logprobs = {"content": [{"token": "{", "top_logprobs": rivals}]}
    chat, server = local(word("{", logprobs=logprobs), word("}"))
    choices: list[Choice] = []
    chat.json_with_choices(ASK, {"type": "object"}, max_tokens=9, on_choice=choices.append)
    assert server.bodies[0]["response_format"]["json_schema"]["schema"] == {"type": "object"}
    assert choices[0].rivals == (("{", -0.1), ("[", -2.0))


def test_the_local_model_tells_its_choices() -> None:
    assert isinstance(local()[0], TellsChoices)


def test_cancelling_stops_the_library() -> None:
    chat, server = local(*[word("x")] * 50)
    reply = chat.text(ASK, max_tokens=50, cancelled=lambda: server.given >= 3)
    assert (reply.text, reply.finish, server.given) == ("xxx", "cancelled", 3)


def test_an_exception_in_a_callback_comes_out_and_leaves_the_runtime_usable() -> None:
    chat, _ = local(word("x"), word("y"))

    def broken(_: str) -> None:
        raise KeyError("door closed")

    with pytest.raises(KeyError, match="door closed"):
        chat.text(ASK, max_tokens=9, on_text=broken)
    assert chat.text(ASK, max_tokens=9).text == "xy"


def test_an_error_of_the_library_is_an_llm_error() -> None:
    chat, _ = local({"error": {"message": "exceeds the available context size"}})
    with pytest.raises(LlmError, match="exceeds the available context"):
        chat.text(ASK, max_tokens=9)


def test_who_waits_can_be_cancelled_while_another_request_runs() -> None:
    chat, _ = local(word("x"))
    with chat.runtime.line:
        assert chat.text(ASK, max_tokens=9, cancelled=lambda: True).finish == "cancelled"


def test_who_waits_hears_how_many_are_ahead() -> None:
    chat, server = local(word("x"))
    told: list[int] = []
    assert isinstance(chat, TakesTurns)
    asking = threading.Thread(
        target=chat.telling(told.append).text, args=(ASK,), kwargs={"max_tokens": 9}
    )
    with chat.runtime.line:
        asking.start()
        deadline = time.monotonic() + 5
        while not told and time.monotonic() < deadline:
            time.sleep(0.005)
        assert told == [1]
        assert server.bodies == []
    asking.join(5)
    assert (told, len(server.bodies)) == ([1, 0], 1)
    chat.text(ASK, max_tokens=9)  # nobody is told of what another asks
    assert told == [1, 0]


def test_one_runtime_for_one_file(tmp_path: Path) -> None:
    assert Runtime.shared(tmp_path / "a.gguf", 1) is Runtime.shared(tmp_path / "a.gguf", 1)
    assert Runtime.shared(tmp_path / "a.gguf", 1) is not Runtime.shared(tmp_path / "b.gguf", 1)


@pytest.mark.parametrize("mark", ["<|im_end|>", "<|im_start|>system", "</s>", "[INST]", "<s>"])
def test_marks_of_a_chat_template_are_broken_up(mark: str) -> None:
    chat, server = local(word("x"))
    chat.text([Message(role="user", content=f"before {mark} after")], max_tokens=9)
    sent = server.bodies[0]["messages"][0]["content"]
    assert mark not in sent
    assert sent.replace(" ", "") == f"before{mark}after"


def test_ordinary_text_is_sent_as_it_is() -> None:
    text = "a < b | c > d, [1] <b>bold</b> 5 <= 6"
    assert harmless(text) == text


@pytest.fixture(scope="module")
def qwen() -> Iterator[LocalChat]:
    pytest.importorskip("xllamacpp")
    settings = load_settings(offline=True)
    if not llm_gguf.available(settings):
        pytest.skip("the local LLM is not installed")
    runtime = Runtime(llm_gguf.obtain(settings))
    yield LocalChat(runtime, "local:test")
    runtime.close()


@pytest.mark.llm
def test_the_model_obeys_a_schema_that_leaves_no_choice(qwen: LocalChat) -> None:
    schema = {
        "type": "object",
        "properties": {"n": {"type": "integer", "enum": [7]}},
        "required": ["n"],
        "additionalProperties": False,
    }
    reply = qwen.json(ASK, schema, max_tokens=20)
    assert reply.text.replace(" ", "").replace("\n", "") == '{"n":7}'
    assert reply.prompt_tokens > 0


@pytest.mark.llm
def test_two_threads_are_served_in_turn(qwen: LocalChat) -> None:
    replies: list[str] = []

    def ask() -> None:
        replies.append(qwen.text(ASK, max_tokens=3).text)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(replies) == 2
    assert replies[0] == replies[1]
