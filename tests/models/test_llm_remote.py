"""The remote models against a server of our own on the loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from rag.errors import LlmError
from rag.models import llm_remote
from rag.models.llm_remote import AnthropicChat, OllamaChat, OpenAIChat
from rag.models.llm_types import Message

SCHEMA = {
    "type": "object",
    "properties": {"n": {"type": "integer", "enum": [1, 2]}},
    "required": ["n"],
    "additionalProperties": False,
}
ASK = [Message(role="system", content="Be brief."), Message(role="user", content="Pick.")]
KEY = "sk-secret-0123456789"


class Server:
    """Answers each request with the next of `script`: a status, or the text of a reply."""

    def __init__(self) -> None:
        self.script: list[int | str] = []
        self.bodies: list[dict[str, Any]] = []
        self.refuse_schema = False
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                outer.bodies.append(body)
                step: int | str
                if outer.refuse_schema and "response_format" in body:
                    step = 400
                else:
                    step = outer.script.pop(0)
                self.send_response(step if isinstance(step, int) else 200)
                lines = self._lines(step) if isinstance(step, str) else ['{"error": "no"}']
                data = "".join(lines).encode()
                self.send_header("content-type", "text/event-stream")
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def _lines(self, text: str) -> list[str]:
                pieces = [text[i : i + 4] for i in range(0, len(text), 4)]
                if self.path.endswith("/api/chat"):
                    return [_ollama(p, False) for p in pieces] + [_ollama("", True)]
                if self.path.endswith("/messages"):
                    return _anthropic(pieces)
                return [_openai(p) for p in pieces] + [_openai(None), "data: [DONE]\n\n"]

            def log_message(self, *_: Any) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()


def _openai(piece: str | None) -> str:
    chunk: dict[str, Any] = {
        "id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [],
    }  # fmt: skip
    if piece is None:
        chunk["usage"] = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
    else:
        chunk["choices"] = [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]
    return f"data: {json.dumps(chunk)}\n\n"


def _ollama(piece: str, done: bool) -> str:
    line: dict[str, Any] = {
        "model": "m", "done": done, "message": {"role": "assistant", "content": piece},
    }  # fmt: skip
    if done:
        line |= {"done_reason": "stop", "prompt_eval_count": 11, "eval_count": 7}
    return json.dumps(line) + "\n"


def _anthropic(pieces: list[str]) -> list[str]:
    message = {
        "id": "m", "type": "message", "role": "assistant", "model": "m", "content": [],
        "stop_reason": None, "stop_sequence": None,
        "usage": {"input_tokens": 11, "output_tokens": 1},
    }  # fmt: skip
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    ]
    for piece in pieces:
        delta = {"type": "text_delta", "text": piece}
        events.append({"type": "content_block_delta", "index": 0, "delta": delta})
    events += [
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None},
         "usage": {"output_tokens": 7}},
        {"type": "message_stop"},
    ]  # fmt: skip
    return [f"event: {e['type']}\ndata: {json.dumps(e)}\n\n" for e in events]


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


@pytest.fixture(params=["openai", "ollama", "anthropic"])
def chat(request: pytest.FixtureRequest, server: Server, monkeypatch: pytest.MonkeyPatch) -> Any:
    pytest.importorskip(request.param)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.setattr(llm_remote, "BACK_OFF_SECONDS", 0.0)
    if request.param == "openai":
        made: Any = OpenAIChat("m", server.url + "/v1")
    elif request.param == "ollama":
        made = OllamaChat("m", server.url)
    else:
        made = AnthropicChat("m", server.url)
    return made


def test_a_reply_is_streamed_and_counted(chat: Any, server: Server) -> None:
    server.script = ["Nine chars."]
    pieces: list[str] = []
    reply = chat.text(ASK, max_tokens=20, on_text=pieces.append)
    assert pieces == ["Nine", " cha", "rs."]
    assert (reply.text, reply.prompt_tokens, reply.output_tokens) == ("Nine chars.", 11, 7)
    assert reply.finish == "stop"


def test_talk_and_fences_around_the_json_are_left_out(chat: Any, server: Server) -> None:
    server.script = ['Sure!\n```json\n{"n": 2}\n```']
    assert chat.json(ASK, SCHEMA, max_tokens=20).text == '{"n": 2}'


def test_unusable_json_is_asked_for_once_more(chat: Any, server: Server) -> None:
    server.script = ['{"n": 3}', '{"n": 1}']
    assert chat.json(ASK, SCHEMA, max_tokens=20).text == '{"n": 1}'
    assert "n does not fit the schema" in json.dumps(server.bodies[1])


def test_unusable_json_twice_is_an_error(chat: Any, server: Server) -> None:
    server.script = ["I would rather not.", "Still not."]
    with pytest.raises(LlmError, match="twice"):
        chat.json(ASK, SCHEMA, max_tokens=20)


def test_a_busy_server_is_asked_again(chat: Any, server: Server) -> None:
    server.script = [503, "Here."]
    assert chat.text(ASK, max_tokens=20).text == "Here."
    assert len(server.bodies) == 2


def test_a_refused_key_is_named_and_not_shown(chat: Any, server: Server) -> None:
    server.script = [401]
    with pytest.raises(LlmError, match="401") as caught:
        chat.text(ASK, max_tokens=20)
    assert KEY not in str(caught.value)
    assert caught.value.__cause__ is None


def test_cancelling_ends_the_reply(chat: Any, server: Server) -> None:
    server.script = ["One two three four five."]
    got: list[str] = []
    reply = chat.text(ASK, max_tokens=20, on_text=got.append, cancelled=lambda: len(got) >= 2)
    assert reply.finish == "cancelled"
    assert reply.text == "One two "


def test_nobody_listening_is_an_llm_error(chat: Any, server: Server) -> None:
    server.close()
    with pytest.raises(LlmError, match="cannot be reached"):
        chat.text(ASK, max_tokens=20)


def test_openai_and_ollama_pass_the_schema_on(chat: Any, server: Server) -> None:
    server.script = ['{"n": 1}']
    chat.json(ASK, SCHEMA, max_tokens=20)
    body = server.bodies[0]
    if isinstance(chat, OpenAIChat):
        assert body["response_format"]["json_schema"]["schema"] == SCHEMA
    elif isinstance(chat, OllamaChat):
        assert body["format"] == SCHEMA
    else:
        assert body["system"] == "Be brief."


def test_a_server_that_refuses_schemas_is_asked_without(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("openai")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    server.refuse_schema = True
    server.script = ['{"n": 1}', '{"n": 2}']
    chat = OpenAIChat("m", server.url)
    assert chat.json(ASK, SCHEMA, max_tokens=20).text == '{"n": 1}'
    assert chat.json(ASK, SCHEMA, max_tokens=20).text == '{"n": 2}'
    # Refused once, plain once, and plain at once from then on.
    assert ["response_format" in b for b in server.bodies] == [True, False, False]
