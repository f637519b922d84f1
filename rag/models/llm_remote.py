"""LLMs behind a service: Ollama, anything that speaks OpenAI's protocol, Anthropic.

Each client brings its own retries with back-off on 429 and 5xx (Ollama's has none, so it gets
some here). Keys come from the environment, go to the client and nowhere else: no message or
label holds one, nor a URL, which may carry one too.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rag.errors import LlmError, SettingsError
from rag.models.llm_types import Cancelled, Message, OnText, Reply, optional
from rag.models.llm_wrapped import AskedChat

RETRIES = 3
TIMEOUT_SECONDS = 120.0
BACK_OFF_SECONDS = 0.5
# A reasoning model thinks within the limit on its output; without this it says nothing.
THINKING_TOKENS = 2048
OLLAMA_CONTEXT = 4096


class OpenAIChat(AskedChat):
    """`openai:NAME`, or `openai:NAME@URL` for any server with `/chat/completions`.

    The schema goes along as `response_format`. A server that refuses it is asked without;
    one that ignores it is caught by the validation.
    """

    def __init__(self, name: str, url: str | None = None) -> None:
        super().__init__(f"openai:{name}")
        self._openai = optional("openai", "An OpenAI-compatible LLM", "openai")
        key = os.environ.get("OPENAI_API_KEY")
        own = url is not None or "OPENAI_BASE_URL" in os.environ
        if not key and not own:
            raise SettingsError(f"{self.label} needs a key: set OPENAI_API_KEY.")
        self._client = self._openai.OpenAI(
            api_key=key or "none", base_url=url, max_retries=RETRIES, timeout=TIMEOUT_SECONDS
        )
        self._name = name
        self._own = own
        self._plain = False  # set once the server has refused what is not plain

    def _send(
        self,
        messages: Sequence[Message],
        schema: dict[str, Any] | None,
        max_tokens: int,
        on_text: OnText | None,
        cancelled: Cancelled | None,
        stop: Sequence[str],
    ) -> Reply:
        body: dict[str, Any] = {"model": self._name, "messages": list(messages), "stream": True}
        if self._own:
            body["max_tokens"] = max_tokens
        else:
            body["max_completion_tokens"] = max_tokens + THINKING_TOKENS
        if stop:
            body["stop"] = list(stop)
        extra: dict[str, Any] = {"stream_options": {"include_usage": True}}
        if self._own:
            extra["temperature"] = 0
        if schema is not None:
            # Not strict: strict mode refuses `anyOf` at the root.
            named = {"name": "reply", "schema": schema, "strict": False}
            extra["response_format"] = {"type": "json_schema", "json_schema": named}
        try:
            return _collect(self._pieces(body, extra), on_text, cancelled)
        except self._openai.APIStatusError as error:
            raise LlmError(_refused(self.label, error.status_code, "OPENAI_API_KEY")) from None
        except self._openai.OpenAIError as error:
            raise LlmError(_unreachable(self.label, error)) from None

    def _pieces(self, body: dict[str, Any], extra: dict[str, Any]) -> Iterator[_Piece]:
        create = self._client.chat.completions.create
        try:
            stream = create(**body, **({} if self._plain else extra))
        except (self._openai.BadRequestError, self._openai.UnprocessableEntityError):
            if self._plain:
                raise
            stream = create(**body)
            self._plain = True
        with stream:
            for chunk in stream:
                usage = getattr(chunk, "usage", None)
                counts = (usage.prompt_tokens, usage.completion_tokens) if usage else None
                choice = chunk.choices[0] if chunk.choices else None
                text = (choice.delta.content or "") if choice and choice.delta else ""
                yield _Piece(text, choice is not None and choice.finish_reason == "length", counts)


class OllamaChat(AskedChat):
    """`ollama:NAME[@URL]`; the schema goes along as `format`, which Ollama enforces."""

    def __init__(self, name: str, url: str | None = None) -> None:
        super().__init__(f"ollama:{name}")
        self._ollama = optional("ollama", "An Ollama LLM", "ollama")
        self._client = self._ollama.Client(host=url, timeout=TIMEOUT_SECONDS)
        self._name = name

    def _send(
        self,
        messages: Sequence[Message],
        schema: dict[str, Any] | None,
        max_tokens: int,
        on_text: OnText | None,
        cancelled: Cancelled | None,
        stop: Sequence[str],
    ) -> Reply:
        options: dict[str, Any] = {
            "temperature": 0,
            "num_predict": max_tokens,
            "num_ctx": OLLAMA_CONTEXT,
        }
        if stop:
            options["stop"] = list(stop)

        def pieces() -> Iterator[_Piece]:
            stream = self._client.chat(
                model=self._name,
                messages=list(messages),
                format=schema,
                options=options,
                stream=True,
            )
            for part in stream:
                counts = (part.prompt_eval_count or 0, part.eval_count or 0) if part.done else None
                yield _Piece(part.message.content or "", part.done_reason == "length", counts)

        import httpx

        for left in reversed(range(RETRIES)):
            begun = _Begun(pieces())
            try:
                return _collect(begun, on_text, cancelled)
            except self._ollama.ResponseError as error:
                again = error.status_code == 429 or error.status_code >= 500
                if not again or begun.any or not left:
                    raise LlmError(_refused(self.label, error.status_code, None)) from None
            except (ConnectionError, httpx.HTTPError) as error:
                if begun.any or not left:
                    raise LlmError(_unreachable(self.label, error)) from None
            time.sleep(BACK_OFF_SECONDS * 2 ** (RETRIES - 1 - left))
        raise AssertionError("the last try returns or raises")


class AnthropicChat(AskedChat):
    """`anthropic:NAME[@URL]`. JSON is asked for and validated."""

    def __init__(self, name: str, url: str | None = None) -> None:
        super().__init__(f"anthropic:{name}")
        self._anthropic = optional("anthropic", "An Anthropic LLM", "anthropic")
        key = os.environ.get("ANTHROPIC_API_KEY")
        if not key:
            raise SettingsError(f"{self.label} needs a key: set ANTHROPIC_API_KEY.")
        self._client = self._anthropic.Anthropic(
            api_key=key, base_url=url, max_retries=RETRIES, timeout=TIMEOUT_SECONDS
        )
        self._name = name

    def _send(
        self,
        messages: Sequence[Message],
        schema: dict[str, Any] | None,
        max_tokens: int,
        on_text: OnText | None,
        cancelled: Cancelled | None,
        stop: Sequence[str],
    ) -> Reply:
        system = "\n\n".join(m["content"] for m in messages if m["role"] == "system")
        body: dict[str, Any] = {
            "model": self._name,
            "max_tokens": max_tokens,
            "messages": [m for m in messages if m["role"] != "system"],
        }
        if system:
            body["system"] = system
        if stop:
            body["stop_sequences"] = list(stop)

        def pieces() -> Iterator[_Piece]:
            with self._client.messages.stream(**body) as stream:
                for text in stream.text_stream:
                    yield _Piece(text, False, None)
                end = stream.get_final_message()
                counts = (end.usage.input_tokens, end.usage.output_tokens)
                yield _Piece("", end.stop_reason == "max_tokens", counts)

        try:
            return _collect(pieces(), on_text, cancelled)
        except self._anthropic.APIStatusError as error:
            raise LlmError(_refused(self.label, error.status_code, "ANTHROPIC_API_KEY")) from None
        except self._anthropic.AnthropicError as error:
            raise LlmError(_unreachable(self.label, error)) from None


class _Piece:
    """Of a streamed reply: text, whether the limit was reached, tokens (prompt, output)."""

    __slots__ = ("counts", "cut", "text")

    def __init__(self, text: str, cut: bool, counts: tuple[int, int] | None) -> None:
        self.text = text
        self.cut = cut
        self.counts = counts


class _Begun(Iterator[_Piece]):
    """Remembers whether anything came: what has been streamed must not be asked for again."""

    def __init__(self, pieces: Iterator[_Piece]) -> None:
        self._pieces = pieces
        self.any = False

    def __next__(self) -> _Piece:
        piece = next(self._pieces)
        self.any = True
        return piece


def _collect(
    pieces: Iterator[_Piece], on_text: OnText | None, cancelled: Callable[[], bool] | None
) -> Reply:
    text: list[str] = []
    cut = False
    counts = (0, 0)
    for piece in pieces:
        text.append(piece.text)
        cut = cut or piece.cut
        counts = piece.counts or counts
        if piece.text and on_text is not None:
            on_text(piece.text)
        if cancelled is not None and cancelled():
            return Reply("".join(text), *counts, "cancelled")
    return Reply("".join(text), *counts, "length" if cut else "stop")


def _refused(label: str, status: int, key: str | None) -> str:
    if status in (401, 403) and key:
        return f"The LLM {label} refused the key ({status}): check {key}."
    if status == 404:
        return f"The LLM {label} does not exist there (404): check the llm setting."
    if status == 429:
        return f"The LLM {label} is over its limit (429): try again later or use another."
    return f"The LLM {label} failed with status {status}: try again later or use another."


def _unreachable(label: str, error: Exception) -> str:
    why = type(error).__name__
    return f"The LLM {label} cannot be reached ({why}): is it running, is the URL right?"
