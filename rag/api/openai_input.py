"""What OpenAI's clients send, read as a question with what was said before it.

The last message of the user is the question; what stands before it is the history: earlier
turns, and what the system was told (which a bot that only quotes can follow as context alone).
Of a history longer than the settings allow only the end is kept, as clients send all of it.
Fields that are not named here are ignored. What would need a reply that is not made of quotes
(images, several choices, forced tools, JSON) is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from fastapi import Request
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, ConfigDict, Field

from rag.api.errors import ApiError, error_value
from rag.api.schemas import LONGEST_QUESTION, LONGEST_TEXT, FiltersIn
from rag.settings import Settings
from rag.types import Turn

MODEL = "ordagrant"

_ROLES = {"user", "assistant", "system", "developer"}
_TEXT = {"text", "input_text", "output_text", "refusal"}
_PLAIN_TEXT = {"text", None}


class WrongRequest(ApiError):
    """A refused request, with the field that is wrong and OpenAI's word for it."""

    def __init__(
        self, message: str, param: str | None = None, code: str | None = None, status: int = 400
    ) -> None:
        super().__init__(status, message)
        self.param = param
        self.code = code


class OpenAiRoute(APIRoute):
    """A route whose `WrongRequest`s name their field and code in OpenAI's shape."""

    def get_route_handler(self) -> Any:
        handle = super().get_route_handler()

        async def handled(request: Request) -> Response:
            try:
                return await handle(request)
            except WrongRequest as error:
                value = error_value(request.url.path, error.status, str(error), error.param)
                value["error"]["code"] = error.code
                return JSONResponse(value, status_code=error.status)

        return handled


class _In(BaseModel):
    model_config = ConfigDict(extra="ignore", str_max_length=LONGEST_TEXT)


class PartIn(_In):
    """A piece of a message; only text is read."""

    type: str = "text"
    text: str | None = None


class MessageIn(_In):
    """One message, as both APIs have them; other items of `/v1/responses` have no `role`."""

    role: str | None = None
    content: str | list[PartIn] | None = None


class StreamOptions(_In):
    include_usage: bool | None = False


class Format(_In):
    type: str | None = None


class Choice(_In):
    """A tool that must be called."""

    type: str | None = None


class _Common(_In):
    model: str = MODEL
    stream: bool | None = False
    filters: FiltersIn | None = Field(None, description="our own: which articles to answer from")
    tool_choice: str | Choice | None = None

    def check_common(self) -> None:
        if self.model != MODEL:
            raise unknown_model(self.model)
        forced = self.tool_choice == "required" or isinstance(self.tool_choice, Choice)
        if forced:
            raise WrongRequest(
                "No tool is ever called here: leave tool_choice out or set it to `auto`.",
                "tool_choice",
            )


class ChatIn(_Common):
    """`POST /v1/chat/completions`."""

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={
            "examples": [
                {
                    "model": MODEL,
                    "messages": [{"role": "user", "content": "What did Trump and Xi talk about?"}],
                    "stream": False,
                }
            ]
        },
    )
    messages: list[MessageIn]
    n: int | None = 1
    stream_options: StreamOptions | None = None
    response_format: Format | None = None
    modalities: list[str] | None = None

    def check(self) -> None:
        """Raises `WrongRequest` for what cannot be given."""
        self.check_common()
        if self.n not in (None, 1):
            raise WrongRequest(
                "There is one answer to a question here: leave n out or set it to 1.", "n"
            )
        if self.modalities and self.modalities != ["text"]:
            raise WrongRequest("Answers are text: leave modalities out.", "modalities")
        _check_format(self.response_format, "response_format")

    @property
    def usage_wanted(self) -> bool:
        """Whether a stream shall tell its usage."""
        return bool(self.stream_options and self.stream_options.include_usage)


class TextIn(_In):
    format: Format | None = None


class ResponsesIn(_Common):
    """`POST /v1/responses`."""

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={
            "examples": [{"model": MODEL, "input": "What did Trump and Xi talk about?"}]
        },
    )
    input: str | list[MessageIn]
    instructions: str | None = None
    previous_response_id: str | None = None
    conversation: Any = None
    background: bool | None = False
    text: TextIn | None = None
    metadata: dict[str, str] | None = None

    def check(self) -> None:
        """Raises `WrongRequest` for what cannot be given."""
        self.check_common()
        for name in ("previous_response_id", "conversation"):
            if getattr(self, name) is not None:
                raise WrongRequest(
                    "Responses are not kept here: send the earlier turns in `input` instead of "
                    f"{name}.",
                    name,
                )
        if self.background:
            raise WrongRequest("Answers are given at once: leave background out.", "background")
        _check_format(self.text.format if self.text else None, "text.format")

    def messages(self) -> list[MessageIn]:
        """All that was said but the instructions."""
        if isinstance(self.input, str):
            return [MessageIn(role="user", content=self.input)]
        return self.input


@dataclass(frozen=True, slots=True)
class Conversation:
    """The question, what was said before it, and how many characters came in all."""

    question: str
    history: tuple[Turn, ...]
    characters: int


def conversation(
    messages: Sequence[MessageIn],
    settings: Settings,
    where: Literal["messages", "input"],
    instructions: str | None = None,
) -> Conversation:
    """The question and its history; raises `WrongRequest` where there is none to answer.

    `instructions` were told before all messages.
    """
    for i, message in enumerate(messages):
        if where == "messages" and message.role not in {*_ROLES, "tool", "function"}:
            raise WrongRequest(
                f"The role {str(message.role)[:40]!r} is not known: use system, user or assistant.",
                f"messages[{i}].role",
            )
    asked = [i for i, message in enumerate(messages) if message.role == "user"]
    if not asked:
        raise WrongRequest("There is no message of the user, so no question to answer.", where)
    last = asked[-1]
    question = _question(messages[last], f"{where}[{last}].content")
    before = list(_turns([MessageIn(role="system", content=instructions), *messages[:last]]))
    characters = len(question) + sum(len(turn.content) for turn in before)
    return Conversation(question, _kept(before, settings), characters)


def unknown_model(name: str) -> WrongRequest:
    return WrongRequest(
        f"There is no model {name[:80]!r} here: use {MODEL!r}.", "model", "model_not_found", 404
    )


def _check_format(wanted: Format | None, where: str) -> None:
    if wanted is not None and wanted.type not in _PLAIN_TEXT:
        raise WrongRequest(
            "Answers are prose that stands on quotes, not JSON of another shape: leave "
            f"{where} out, and read the answer object under `ordagrant` in the reply.",
            where,
        )


def _question(message: MessageIn, where: str) -> str:
    """The text of the question, all of which must be text."""
    if isinstance(message.content, list):
        for i, part in enumerate(message.content):
            if part.type not in _TEXT:
                kind = "Images" if "image" in part.type else f"Parts of the type {part.type[:40]!r}"
                raise WrongRequest(
                    f"{kind} cannot be read here: ask in words about what the articles say.",
                    f"{where}[{i}]",
                )
    question = _text(message).strip()
    if not question:
        raise WrongRequest("The last message of the user is empty: ask a question.", where)
    if len(question) > LONGEST_QUESTION:
        raise WrongRequest(
            f"The question has {len(question)} characters and {LONGEST_QUESTION} are allowed: "
            "ask more briefly.",
            where,
        )
    return question


def _turns(messages: Sequence[MessageIn]) -> Iterator[Turn]:
    """What has text in it; images of earlier turns, calls of tools and their results have none."""
    for message in messages:
        text = _text(message).strip()
        if text and message.role in _ROLES:
            # What the system was told counts as said to the user: the topics of a conversation
            # are looked for in the words of the user alone.
            yield Turn("user" if message.role == "user" else "assistant", text)


def _text(message: MessageIn) -> str:
    if message.content is None or isinstance(message.content, str):
        return message.content or ""
    return "\n".join(part.text for part in message.content if part.type in _TEXT and part.text)


def _kept(turns: Sequence[Turn], settings: Settings) -> tuple[Turn, ...]:
    """The latest turns that the settings allow."""
    most = settings.max_history_turns
    kept: list[Turn] = []
    left = settings.max_history_chars
    for turn in reversed(turns[-most:] if most else ()):
        left -= len(turn.content)
        if left < 0:
            break
        kept.append(turn)
    return tuple(reversed(kept))
