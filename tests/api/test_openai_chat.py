"""Chat completions through OpenAI's own client, over a real server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import openai
import pytest
from openai import OpenAI

from rag.settings import Settings
from rag.types import Turn
from tests.api.made import ITEMS, QUESTION, Astray, MadeBot
from tests.api.serving import client_of, serving
from tests.ui.script import ScriptedBot
from tests.ui.scripted import LLM_DOWN, PHONE, RARE_EARTHS, UNANSWERED, sample_bot


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
    with serving(MadeBot(), base_url="https://news.example/bot") as address:
        yield client_of(address)


def user(text: Any) -> dict[str, Any]:
    return {"role": "user", "content": text}


def ask(client: OpenAI, question: str, **more: Any) -> Any:
    return client.chat.completions.create(model="ordagrant", messages=[user(question)], **more)


def gathered(chunks: Any) -> dict[str, Any]:
    """What a client makes of a stream."""
    text, noted, sources, last, finish = "", [], [], None, None
    for chunk in chunks:
        for choice in chunk.choices:
            text += choice.delta.content or ""
            noted += getattr(choice.delta, "annotations", None) or []
            finish = choice.finish_reason or finish
        event = getattr(chunk, "event", None)
        if event:
            sources.append(event)
        last = chunk if getattr(chunk, "ordagrant", None) else last
    return {"text": text, "noted": noted, "sources": sources, "last": last, "finish": finish}


def test_the_one_model_is_listed(client: OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["ordagrant"]
    assert client.models.retrieve("ordagrant").object == "model"
    with pytest.raises(openai.NotFoundError) as raised:
        client.models.retrieve("gpt-4o")
    assert (raised.value.code, raised.value.param) == ("model_not_found", "model")


def test_each_annotation_cuts_out_its_mark(made: OpenAI) -> None:
    reply = ask(made, QUESTION)
    message = reply.choices[0].message
    assert message.content == (
        "😀 The Reds won 3–1. [1][2]\n\nIt rained 🌧 (3). [3]\n\nAnna Öst scored twice 🥅. [2][4]"
        "\n\nThe articles disagree: Sportbladet: “won 3–1”; Sportbladet: “it was 4–1”. [2][5]"
        "\n\nThe articles don't say: what is [1]?"
    )
    cited = [a.url_citation for a in message.annotations]
    cut = [message.content[c.start_index : c.end_index] for c in cited]
    assert cut == ["[1]", "[2]", "[3]", "[2]", "[4]", "[2]", "[5]"]
    assert reply.ordagrant["answer"] == message.content.replace("\n\n", " ")
    quotes = reply.ordagrant["quotes"]
    for mark, citation in zip(cut, cited, strict=True):
        quote = quotes[int(mark[1:-1]) - 1]
        assert f"start={quote['start']}&end={quote['end']}" in citation.url
    assert [c.title for c in cited[:2]] == ["blues.example", "Reds “win”"]


def test_addresses_are_those_of_the_quotes_and_safe(made: OpenAI) -> None:
    reply = ask(made, QUESTION)
    quotes = reply.ordagrant["quotes"]
    sha = quotes[1]["article_sha256"][:16]
    assert reply.citations[1] == (
        "https://news.example/bot/a/reds%2F1%20%C3%A5%C3%A4%C3%B6%3F"
        f"?start=0&end=29&sha={sha}#quote"
    )
    assert [r["url"] for r in reply.search_results] == reply.citations
    assert [r["snippet"] for r in reply.search_results] == [q["text"] for q in quotes]
    assert {q["text"] for q in quotes} == {item.sentence.text for item in ITEMS}


def test_a_stream_adds_up_to_the_same_answer(made: OpenAI) -> None:
    whole = ask(made, QUESTION)
    told = gathered(ask(made, QUESTION, stream=True))
    assert told["text"] == whole.choices[0].message.content
    assert told["noted"] == [a.model_dump() for a in whole.choices[0].message.annotations]
    assert told["finish"] == "stop"
    assert told["last"].citations == whole.citations
    assert told["last"].search_results == whole.search_results


def test_every_script_streams_as_it_is_answered(client: OpenAI) -> None:
    for question in (PHONE, RARE_EARTHS, UNANSWERED, "Something else entirely?"):
        whole = ask(client, question)
        told = gathered(ask(client, question, stream=True))
        assert told["text"] == whole.choices[0].message.content
        assert told["noted"] == [a.model_dump() for a in whole.choices[0].message.annotations]


def test_open_webui_gets_the_quotes_in_the_order_of_their_marks(made: OpenAI) -> None:
    told = gathered(ask(made, QUESTION, stream=True))
    quotes, events = told["last"].ordagrant["quotes"], told["sources"]
    assert [e["type"] for e in events] == ["source"] * len(quotes)
    assert [e["data"]["document"] for e in events] == [[q["text"]] for q in quotes]
    # It takes sources for one by this: it must differ, and be that of the annotations.
    keys = [e["data"]["metadata"][0]["source"] for e in events]
    assert keys == told["last"].citations
    assert len(set(keys)) == len(keys)
    assert {a["url_citation"]["url"] for a in told["noted"]} <= set(keys)
    # Without this it shows the address as the name, and asks another host for its icon.
    assert all(e["data"]["metadata"][0]["external"] for e in events)
    assert events[0]["data"]["metadata"][0]["name"] == "blues.example, undated"


def test_the_name_of_a_source_says_who_and_when_and_no_more(client: OpenAI) -> None:
    events = gathered(ask(client, PHONE, stream=True))["sources"]
    names = [event["data"]["source"]["name"] for event in events]
    assert names[1] == "CNN, via US-NEA, 6 June 2025"
    assert not any("inferred" in name for name in names)


def test_a_refusal_cites_nothing_and_shows_what_came_nearest(client: OpenAI) -> None:
    reply = ask(client, UNANSWERED)
    assert reply.choices[0].message.content.startswith("The articles do not say")
    assert reply.choices[0].message.annotations == []
    assert reply.citations == []
    assert len(reply.search_results) == 2
    assert reply.ordagrant["refusal"]["reason"] == "no_evidence"
    assert gathered(ask(client, UNANSWERED, stream=True))["sources"] == []


def test_usage_is_told_where_it_is_asked_for(client: OpenAI) -> None:
    whole = ask(client, PHONE).usage
    assert whole.prompt_tokens == -(-len(PHONE) // 4)
    content = ask(client, PHONE).choices[0].message.content
    assert whole.completion_tokens == -(-len(content) // 4)
    assert whole.total_tokens == whole.prompt_tokens + whole.completion_tokens
    assert whole.estimated is True
    chunks = list(ask(client, PHONE, stream=True, stream_options={"include_usage": True}))
    assert [chunk.usage for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert (chunks[-1].choices, chunks[-1].usage) == ([], whole)
    assert all(chunk.usage is None for chunk in ask(client, PHONE, stream=True))


def test_usage_is_what_the_llm_counted_where_it_counted() -> None:
    bot = sample_bot()
    for question, tokens in (
        (PHONE, {"prompt": 900, "output": 40}),
        (RARE_EARTHS, {"prompt": 0, "output": 0}),  # a service that does not count
    ):
        bot.scripts[question] = replace(bot.scripts[question], tokens=tokens)
    with serving(bot) as address:
        client = client_of(address)
        counted, estimated = ask(client, PHONE).usage, ask(client, RARE_EARTHS).usage
        responded = client.responses.create(model="ordagrant", input=PHONE).usage
        chunks = list(ask(client, PHONE, stream=True, stream_options={"include_usage": True}))
    told = (counted.prompt_tokens, counted.completion_tokens, counted.total_tokens)
    assert told == (900, 40, 940) and counted.estimated is False
    assert chunks[-1].usage == counted
    assert (responded.input_tokens, responded.output_tokens, responded.estimated) == (
        900,
        40,
        False,
    )
    assert estimated.prompt_tokens == -(-len(RARE_EARTHS) // 4) and estimated.estimated is True


def test_what_was_said_before_becomes_the_history(client: OpenAI, bot: ScriptedBot) -> None:
    client.chat.completions.create(
        model="ordagrant",
        messages=[
            {"role": "system", "content": "Be brief."},
            user([{"type": "text", "text": "Look"}, {"type": "image_url", "image_url": {}}]),
            {"role": "assistant", "content": None, "tool_calls": []},
            {"role": "tool", "content": "42", "tool_call_id": "x"},
            {"role": "assistant", "content": [{"type": "text", "text": "I see."}]},
            user([{"type": "text", "text": PHONE}]),
            {"role": "assistant", "content": "Trump and"},
        ],
        temperature=0.3,
        max_tokens=5,
        tools=[{"type": "function", "function": {"name": "f", "parameters": {}}}],
        extra_body={"unheard_of": {"a": 1}, "filters": {"language": "en"}},
    )
    assert bot.asked[-1] == (
        PHONE,
        (Turn("assistant", "Be brief."), Turn("user", "Look"), Turn("assistant", "I see.")),
    )
    assert bot.filters[-1].language == "en"


def test_only_the_end_of_a_long_history_is_kept() -> None:
    bot = sample_bot()
    bot.settings = Settings(llm="none", max_history_turns=3, max_history_chars=8)
    with serving(bot) as address:
        messages = [user(f"q{i}-") for i in range(9)]
        messages.insert(7, {"role": "assistant", "content": "a" * 99})
        client_of(address).chat.completions.create(
            model="ordagrant", messages=[*messages, user(PHONE)]
        )
    assert [turn.content for turn in bot.asked[-1][1]] == ["q7-", "q8-"]


WRONG: list[tuple[dict[str, Any], int, str]] = [
    ({"messages": []}, 400, "messages"),
    ({"messages": [{"role": "system", "content": "x"}]}, 400, "messages"),
    ({"messages": [user("  ")]}, 400, "messages[0].content"),
    ({"messages": [user("x" * 20_001)]}, 400, "messages[0].content"),
    ({"messages": [user(5)]}, 400, "messages.0.content"),
    ({"messages": [{"role": "king", "content": "x"}]}, 400, "messages[0].role"),
    ({"messages": [user([{"type": "image_url"}])]}, 400, "messages[0].content[0]"),
    ({"messages": [user("x")], "n": 2}, 400, "n"),
    ({"messages": [user("x")], "tool_choice": "required"}, 400, "tool_choice"),
    (
        {"messages": [user("x")], "response_format": {"type": "json_object"}},
        400,
        "response_format",
    ),
    ({"messages": [user("x")], "modalities": ["text", "audio"]}, 400, "modalities"),
    ({"messages": [user("x")], "model": "gpt-4o"}, 404, "model"),
    ({}, 400, "messages"),
]


@pytest.mark.parametrize(("body", "status", "param"), WRONG)
def test_a_wrong_request_is_refused_in_openais_shape(
    url: str, body: dict[str, Any], status: int, param: str
) -> None:
    for stream in (False, True):
        reply = httpx.post(f"{url}/v1/chat/completions", json={**body, "stream": stream})
        error = reply.json()["error"]
        assert (reply.status_code, error["param"]) == (status, param)
        assert error["type"] == "invalid_request_error"
        assert error["message"].endswith(".")


def test_images_are_refused_in_a_clear_sentence(client: OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="Images cannot be read here"):
        ask(client, [{"type": "image_url", "image_url": {"url": "data:,"}}])  # type: ignore[arg-type]


def test_what_fails_before_the_first_word_has_its_own_status(client: OpenAI) -> None:
    for stream in (False, True):
        with pytest.raises(openai.InternalServerError, match="does not answer") as raised:
            ask(client, LLM_DOWN, stream=stream)
        assert raised.value.status_code == 502


def test_a_full_line_answers_429(url: str) -> None:
    from rag.api.asking import Desk

    with serving(sample_bot(), desk=Desk(at_once=1, in_line=-1)) as address:
        with pytest.raises(openai.RateLimitError) as raised:
            ask(client_of(address), PHONE, stream=True)
        assert raised.value.code == "rate_limit_exceeded"
        assert int(raised.value.response.headers["retry-after"]) > 0


def test_a_key_is_asked_for_in_openais_shape() -> None:
    with serving(sample_bot(), keys_needed=True) as address:
        with pytest.raises(openai.AuthenticationError) as raised:
            ask(client_of(address), PHONE)
        assert raised.value.code == "invalid_api_key"


def test_an_answer_that_comes_out_otherwise_than_told_is_an_error() -> None:
    with serving(Astray()) as address:
        stream = ask(client_of(address), QUESTION, stream=True)
        with pytest.raises(openai.APIError, match="did not come out as it had been told"):
            gathered(stream)


def test_statements_come_before_the_answer_is_finished() -> None:
    from tests.ui.scripted import HELD

    bot = sample_bot()
    with serving(bot) as address:
        heard = ""
        for chunk in ask(client_of(address), HELD, stream=True):
            heard += chunk.choices[0].delta.content or ""
            if "serious negotiations" in heard and not bot.gate.is_set():
                assert "Geneva" not in heard
                bot.gate.set()  # only now may the bot go on
        assert "Geneva" in heard
