"""The responses API through OpenAI's own client, over a real server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import openai
import pytest
from openai import OpenAI

from rag.types import Turn
from tests.api.made import QUESTION, Astray, MadeBot
from tests.api.serving import client_of, serving
from tests.ui.script import ScriptedBot
from tests.ui.scripted import PHONE, UNANSWERED, sample_bot


@pytest.fixture(scope="module")
def bot() -> ScriptedBot:
    return sample_bot()


@pytest.fixture(scope="module")
def url(bot: ScriptedBot) -> Iterator[str]:
    with serving(bot) as address:
        yield address


@pytest.fixture(scope="module")
def client(url: str) -> OpenAI:
    return client_of(url)


@pytest.fixture(scope="module")
def made() -> Iterator[OpenAI]:
    with serving(MadeBot()) as address:
        yield client_of(address)


def respond(client: OpenAI, said: Any, **more: Any) -> Any:
    return client.responses.create(model="ordagrant", input=said, **more)


def test_each_annotation_cuts_out_its_mark(made: OpenAI) -> None:
    reply = respond(made, QUESTION)
    text = reply.output_text
    noted = reply.output[0].content[0].annotations
    assert text.startswith("😀 The Reds won 3–1. [1][2]\n\nIt rained 🌧 (3). [3]\n\nAnna")
    assert [text[a.start_index : a.end_index] for a in noted] == [
        f"[{n}]" for n in (1, 2, 3, 2, 4, 2, 5)
    ]
    assert {a.type for a in noted} == {"url_citation"}
    assert [a.url for a in noted[:3]] == reply.citations[:3]
    assert (reply.status, reply.error) == ("completed", None)
    assert reply.usage.input_tokens == -(-len(QUESTION) // 4)


def test_a_stream_brings_its_events_in_order_and_the_same_answer(made: OpenAI) -> None:
    events = list(respond(made, QUESTION, stream=True))
    assert [e.sequence_number for e in events] == list(range(len(events)))
    assert [e.type.removeprefix("response.") for e in events] == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        *["output_text.delta", *["output_text.annotation.added"] * 2],
        *["output_text.delta", "output_text.annotation.added"],
        *["output_text.delta", *["output_text.annotation.added"] * 2],
        *["output_text.delta", *["output_text.annotation.added"] * 2],
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    whole = respond(made, QUESTION)
    told = "".join(e.delta for e in events if e.type == "response.output_text.delta")
    assert told == whole.output_text == events[-1].response.output_text
    content = whole.output[0].content[0]
    added = [e for e in events if e.type == "response.output_text.annotation.added"]
    assert [e.annotation for e in added] == [a.model_dump() for a in content.annotations]
    assert [e.annotation_index for e in added] == list(range(len(added)))
    done = {e.type: e for e in events}
    assert done["response.content_part.done"].part == content
    assert done["response.output_item.done"].item.content == [content]
    assert len({e.response.id for e in events if hasattr(e, "response")}) == 1


def test_the_helper_of_the_client_reads_the_stream(made: OpenAI) -> None:
    with made.responses.stream(model="ordagrant", input=QUESTION) as stream:
        for _ in stream:
            pass
        final = stream.get_final_response()
    assert final.output_text == respond(made, QUESTION).output_text
    assert len(final.output[0].content[0].annotations) == 7


def test_what_was_said_before_becomes_the_history(client: OpenAI, bot: ScriptedBot) -> None:
    respond(
        client,
        [
            {"role": "user", "content": "First?"},
            {
                "type": "message",
                "role": "assistant",
                "content": [{"type": "output_text", "text": "Yes. [1]", "annotations": []}],
            },
            {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": PHONE}]},
        ],
        instructions="Be brief.",
        tools=[{"type": "web_search"}],
        max_output_tokens=16,
        extra_body={"unheard_of": 1},
    )
    assert bot.asked[-1] == (
        PHONE,
        (Turn("assistant", "Be brief."), Turn("user", "First?"), Turn("assistant", "Yes. [1]")),
    )


def test_a_refusal_is_a_response_too(client: OpenAI) -> None:
    reply = respond(client, UNANSWERED)
    assert reply.output_text.startswith("The articles do not say")
    assert (reply.status, reply.output[0].content[0].annotations) == ("completed", [])


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({}, 400, "input"),
        ({"input": ""}, 400, "input[0].content"),
        ({"input": []}, 400, "input"),
        ({"input": "x", "model": "gpt-5"}, 404, "model"),
        ({"input": "x", "previous_response_id": "resp_1"}, 400, "previous_response_id"),
        ({"input": "x", "conversation": "conv_1"}, 400, "conversation"),
        ({"input": "x", "background": True}, 400, "background"),
        ({"input": "x", "text": {"format": {"type": "json_schema"}}}, 400, "text.format"),
        ({"input": "x", "tool_choice": {"type": "function"}}, 400, "tool_choice"),
        (
            {"input": [{"role": "user", "content": [{"type": "input_image"}]}]},
            400,
            "input[0].content[0]",
        ),
    ],
)
def test_a_wrong_request_is_refused_in_openais_shape(
    url: str, body: dict[str, Any], status: int, param: str
) -> None:
    reply = httpx.post(f"{url}/v1/responses", json=body)
    error = reply.json()["error"]
    assert (reply.status_code, error["param"]) == (status, param)
    assert error["type"] == "invalid_request_error"


def test_an_answer_that_comes_out_otherwise_than_told_fails() -> None:
    with serving(Astray()) as address:
        events = list(respond(client_of(address), QUESTION, stream=True))
    assert events[-1].type == "response.failed"
    assert (events[-1].response.status, events[-1].response.error.code) == (
        "failed",
        "server_error",
    )
    with serving(Astray()) as address, pytest.raises(openai.NotFoundError):
        client_of(address).responses.retrieve("resp_1")
