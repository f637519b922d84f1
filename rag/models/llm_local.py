"""The local LLM: llama.cpp inside this process, through xllamacpp.

One runtime serves the whole process. It answers one request at a time (two at once on the
same cores would each take twice as long) and keeps the evaluated prompts, so that what never
changes at the start of a prompt is read once.
"""

from __future__ import annotations

import atexit
import os
import re
import secrets
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal

from rag.errors import LlmError, ModelError
from rag.models.line import Line
from rag.models.llm_types import (
    Cancelled,
    Choice,
    Message,
    OnAhead,
    OnChoice,
    OnText,
    Reply,
    optional,
)

CONTEXT_TOKENS = 4096
# Prompt tokens read at a go. 512 is 5% faster than 128, but a cancelled request would go on
# for 8 s instead of 2 (54 tokens/s on two cores): cancelling is only noticed in between.
BATCH_TOKENS = 128
# Evaluated prompts kept in memory; 28 KB a token, so some 9,000 tokens.
PROMPT_CACHE_MIB = 256
# Of how many first tokens the rivals are reported, and how many rivals.
CHOICE_TOKENS = 6
RIVALS = 10
# Text that a chat template would take for its own marks: an article must not end a turn.
CONTROL = re.compile(r"<\||\|>|</?s>|<(?:start|end)_of_turn>|\[/?INST\]|<</?SYS>>")


def harmless(text: str) -> str:
    """`text` with the marks of chat templates broken up, so that they are only text."""
    return CONTROL.sub(lambda mark: mark[0][0] + " " + mark[0][1:], text)


class Runtime:
    """A loaded model. Thread-safe; the weights are read at the first request."""

    _shared: ClassVar[dict[tuple[Path, int], Runtime]] = {}
    _shared_lock: ClassVar[threading.Lock] = threading.Lock()

    def __init__(self, path: Path, threads: int = 0) -> None:
        self.path = path
        self.threads = threads or os.cpu_count() or 1
        self._server: Any = None
        self._folder: str | None = None
        self.line = Line()

    @classmethod
    def shared(cls, path: Path, threads: int = 0) -> Runtime:
        """This process's runtime for that file: 1.1 GB of weights are held once."""
        with cls._shared_lock:
            key = (path.resolve(), threads)
            if key not in cls._shared:
                cls._shared[key] = cls(path, threads)
            return cls._shared[key]

    def load(self) -> None:
        """Read the weights now (3 to 6 s) rather than at the first request."""
        with self.line:
            self._ensure()

    def close(self) -> None:
        """Free the weights. A later request loads them again."""
        with self.line:
            self._server = None
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
                self._folder = None

    def chat(
        self,
        body: dict[str, Any],
        on_chunk: Callable[[dict[str, Any]], bool],
        cancelled: Cancelled | None = None,
        on_ahead: OnAhead | None = None,
    ) -> bool:
        """One request; chunks go to `on_chunk` until it returns True. False: cancelled waiting."""
        if not self.line.enter(cancelled, on_ahead):
            return False
        try:
            self._ensure()
            self._server.handle_chat_completions(body, on_chunk)
        except RuntimeError as error:
            raise LlmError(f"The local LLM {self.path.name} failed: {error}.") from None
        finally:
            self.line.leave()
        return True

    def _ensure(self) -> None:
        if self._server is not None:
            return
        xllamacpp = optional("xllamacpp", "The local LLM", "local")
        params = xllamacpp.CommonParams()
        params.model.path = str(self.path)
        params.n_ctx = CONTEXT_TOKENS
        params.n_parallel = 1
        params.n_batch = params.n_ubatch = BATCH_TOKENS
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = self.threads
        params.cache_ram_mib = PROMPT_CACHE_MIB
        params.warmup = False
        params.ui = False
        params.verbosity = -1
        # The library insists on listening. A socket file in a folder of our own opens no port;
        # where there are none, a free port of this machine alone. Nobody knows the key.
        params.api_keys = [secrets.token_urlsafe(24)]
        params.port = 0
        if sys.platform == "win32":
            params.hostnames = ["127.0.0.1"]
        else:
            self._folder = tempfile.mkdtemp(prefix="ordagrant-")
            params.hostnames = [str(Path(self._folder) / "llm.sock")]
        try:
            self._server = xllamacpp.Server(params)
        except RuntimeError:
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
            raise ModelError(
                f"The LLM {self.path} cannot be loaded: it is damaged, too new for this xllamacpp "
                f"or larger than the free memory. Give another file or use --llm none."
            ) from None


@atexit.register
def _close_all() -> None:
    # Before the interpreter goes: the server's threads must not outlive it.
    for runtime in list(Runtime._shared.values()):
        runtime.close()


@dataclass(slots=True)
class _Collected:
    """What has come of one reply, chunk by chunk."""

    on_text: OnText | None
    cancelled: Cancelled | None
    on_choice: OnChoice | None = None
    text: list[str] = field(default_factory=list)
    choices: int = 0
    finish: Literal["stop", "length", "cancelled"] = "stop"
    prompt_tokens: int = 0
    output_tokens: int = 0
    error: str | None = None
    raised: BaseException | None = None

    def take(self, chunk: dict[str, Any]) -> bool:
        """Called from within llama.cpp: an exception must not pass through its frames."""
        try:
            return self._take(chunk)
        except BaseException as error:
            self.raised = error
            return True

    def _take(self, chunk: dict[str, Any]) -> bool:
        if "error" in chunk:
            self.error = str(chunk["error"].get("message", "unknown error"))
            return True
        for choice in chunk.get("choices", ()):
            for token in (choice.get("logprobs") or {}).get("content") or ():
                if self.on_choice is not None and self.choices < CHOICE_TOKENS:
                    self.choices += 1
                    rivals = tuple((r["token"], r["logprob"]) for r in token["top_logprobs"])
                    self.on_choice(Choice(token["token"], rivals))
            if choice.get("finish_reason") == "length":
                self.finish = "length"
            if piece := choice.get("delta", {}).get("content"):
                self.text.append(piece)
                if self.on_text is not None:
                    self.on_text(piece)
        if usage := chunk.get("usage"):
            self.prompt_tokens = usage.get("prompt_tokens", 0)
            self.output_tokens = usage.get("completion_tokens", 0)
        if self.cancelled is not None and self.cancelled():
            self.finish = "cancelled"
            return True
        return False


class LocalChat:
    """The local model as a `ChatModel`; JSON is held to its schema by a grammar."""

    def __init__(self, runtime: Runtime, label: str, on_ahead: OnAhead | None = None) -> None:
        self.runtime = runtime
        self._label = label
        self._on_ahead = on_ahead

    @property
    def label(self) -> str:
        return self._label

    def telling(self, on_ahead: OnAhead) -> LocalChat:
        return LocalChat(self.runtime, self._label, on_ahead)

    def json(
        self,
        messages: Sequence[Message],
        schema: dict[str, Any],
        *,
        max_tokens: int,
        on_text: OnText | None = None,
        cancelled: Cancelled | None = None,
    ) -> Reply:
        form = {"type": "json_schema", "json_schema": {"schema": schema}}
        got = _Collected(on_text, cancelled)
        return self._chat(messages, {"response_format": form}, max_tokens, got)

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
        extra = {
            "response_format": {"type": "json_schema", "json_schema": {"schema": schema}},
            "logprobs": True,
            "top_logprobs": RIVALS,
        }
        return self._chat(messages, extra, max_tokens, _Collected(on_text, cancelled, on_choice))

    def text(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        on_text: OnText | None = None,
        cancelled: Cancelled | None = None,
        stop: Sequence[str] = (),
    ) -> Reply:
        got = _Collected(on_text, cancelled)
        return self._chat(messages, {"stop": list(stop)}, max_tokens, got)

    def _chat(
        self,
        messages: Sequence[Message],
        extra: dict[str, Any],
        max_tokens: int,
        got: _Collected,
    ) -> Reply:
        body = {
            "messages": [{"role": m["role"], "content": harmless(m["content"])} for m in messages],
            "max_tokens": max_tokens,
            "temperature": 0,
            "seed": 0,
            "cache_prompt": True,
            "stream": True,
            "return_progress": True,
            "stream_options": {"include_usage": True},
            **extra,
        }
        if not self.runtime.chat(body, got.take, got.cancelled, self._on_ahead):
            got.finish = "cancelled"
        if got.raised is not None:
            raise got.raised
        if got.error is not None:
            raise LlmError(f"The local LLM {self.runtime.path.name} failed: {got.error}.")
        return Reply("".join(got.text), got.prompt_tokens, got.output_tokens, got.finish)
