"""The MCP server through the protocol's own client: in memory, over HTTP, and on stdio."""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import anyio
import pytest

pytest.importorskip("mcp")

from mcp.client import Client
from mcp.client.stdio import StdioServerParameters

from rag.api.door import Door
from rag.errors import StoreError
from rag.line import Line
from rag.mcp_server import build_server, http_app
from rag.serving import build_app
from rag.types import Answer, Chunk, Hit
from tests.api.serving import listening
from tests.ui import scripted
from tests.ui.script import ScriptedBot
from tests.ui.scripted import sample_bot

ROOT = Path(__file__).parents[1]


@pytest.fixture
def bot() -> ScriptedBot:
    return sample_bot()


def _with(server: Any, work: Callable[[Client], Awaitable[Any]], *, timeout: float = 60) -> Any:
    async def run() -> Any:
        with anyio.fail_after(timeout):
            async with Client(server) as client:
                return await work(client)

    return anyio.run(run)


def _call(bot: ScriptedBot, tool: str, **given: Any) -> Any:
    server = build_server(cast(Any, bot))
    return _with(server, lambda client: client.call_tool(tool, given))


def _said(result: Any) -> str:
    assert result.is_error
    return str(result.content[0].text)


def test_the_tools_only_read_and_say_what_they_give(bot: ScriptedBot) -> None:
    tools = _with(build_server(cast(Any, bot)), lambda client: client.list_tools()).tools
    assert [tool.name for tool in tools] == ["ask", "search", "article"]
    for tool in tools:
        assert tool.annotations.read_only_hint and not tool.annotations.destructive_hint
        assert tool.description and tool.output_schema and tool.title
    schema = tools[0].output_schema
    assert set(schema["properties"]) == set(Answer.model_fields)
    assert tools[0].input_schema["required"] == ["question"]


def test_an_answer_is_the_answer_object_with_exact_quotes(bot: ScriptedBot) -> None:
    result = _call(bot, "ask", question=scripted.RARE_EARTHS)
    assert not result.is_error
    answer = Answer.model_validate(result.structured_content)
    assert answer.status == "answered" and len(answer.quotes) == 3
    for quote in answer.quotes:
        article = bot.store.article(quote.article_id)
        assert article is not None and article.text[quote.start : quote.end] == quote.text
    # Clients that know nothing of structured content get the same as text.
    assert Answer.model_validate(json.loads(result.content[0].text)) == answer


def test_a_refusal_is_an_answer_and_no_error(bot: ScriptedBot) -> None:
    result = _call(bot, "ask", question=scripted.UNANSWERED)
    assert not result.is_error
    assert result.structured_content["status"] == "refused"


def test_history_and_filters_reach_the_bot(bot: ScriptedBot) -> None:
    turns = [
        {"role": "user", "content": scripted.PHONE},
        {"role": "assistant", "content": "About trade."},
    ]
    _call(
        bot, "ask", question=scripted.FOLLOW_UP, history=turns, date_from="2025-06-01",
        language="en",
    )  # fmt: skip
    (asked,), (filters,) = bot.asked, bot.filters
    assert [(turn.role, turn.content) for turn in asked[1]] == [
        ("user", scripted.PHONE),
        ("assistant", "About trade."),
    ]
    assert str(filters.date_from) == "2025-06-01" and filters.language == "en"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"question": scripted.LLM_DOWN}, "The LLM at port 1 does not answer: start it."),
        ({}, "question: Field required."),
        ({"question": "Who?", "date_from": "soon"}, "date_from: Input should be a valid date"),
    ],
)
def test_what_goes_wrong_is_told_in_a_sentence(
    bot: ScriptedBot, given: dict[str, str], said: str
) -> None:
    told = _said(_call(bot, "ask", **given))
    assert told.startswith(said) and "\n" not in told and "pydantic" not in told


def test_what_was_not_foreseen_is_told_without_its_details(bot: ScriptedBot) -> None:
    told = _said(_call(bot, "ask", question=scripted.CRASH))
    assert "secret" not in told and told.endswith("tell whoever runs this if it stays.")


def test_an_unknown_tool_is_told_of(bot: ScriptedBot) -> None:
    assert _said(_call(bot, "drop_tables")).startswith("There is no tool 'drop_tables'")


def test_too_long_a_history_is_refused(bot: ScriptedBot) -> None:
    bot.settings = bot.settings.model_copy(update={"max_history_turns": 1})
    turns = [{"role": "user", "content": "Who?"}] * 2
    told = _said(_call(bot, "ask", question=scripted.PHONE, history=turns))
    assert told == "The history has 2 turns and 1 are allowed: send fewer."
    assert not bot.asked


def test_an_article_is_read_whole_or_in_part(bot: ScriptedBot) -> None:
    text = bot.store.articles[scripted.TRUCE].text
    whole = _call(bot, "article", article_id=scripted.TRUCE).structured_content
    assert whole["text"] == text and whole["length"] == whole["end"] == len(text)
    part = _call(bot, "article", article_id=scripted.TRUCE, start=10, end=40).structured_content
    assert part["text"] == text[10:40] and (part["start"], part["end"]) == (10, 40)
    beyond = _call(bot, "article", article_id=scripted.TRUCE, start=10**9).structured_content
    assert beyond["text"] == "" and beyond["start"] == len(text)


def test_an_unknown_article_is_told_of(bot: ScriptedBot) -> None:
    assert _said(_call(bot, "article", article_id="x")).startswith("There is no article 'x'")


class _Retriever:
    """Finds the first passage of every article; notes what it was asked for."""

    def __init__(self, bot: ScriptedBot) -> None:
        self.bot = bot
        self.asked: list[tuple[Any, ...]] = []
        self.error: Exception | None = None

    def search(self, *asked: Any) -> list[Hit]:
        self.asked.append(asked)
        if self.error:
            raise self.error
        hits = []
        for article in self.bot.store.articles.values():
            i = article.info
            chunk = Chunk(f"{i.id}:0", i.id, 0, 5, 90, 0, 0, article.text[5:90], i.language)
            hits.append(Hit(chunk, 1.5))
        return hits


@pytest.fixture
def retriever(bot: ScriptedBot, monkeypatch: pytest.MonkeyPatch) -> _Retriever:
    found = _Retriever(bot)
    monkeypatch.setattr("rag.mcp_server._Tools._search", lambda _self: found)
    infos = {a.info.id: a.info for a in bot.store.articles.values()}
    # One article was removed between the search and the reading of what is known of it.
    infos.pop(scripted.CNN)
    cast(Any, bot.store).info = lambda ids: {i: infos[i] for i in ids if i in infos}
    return found


def test_passages_are_slices_of_their_articles(bot: ScriptedBot, retriever: _Retriever) -> None:
    found = _call(bot, "search", query="Vad sa Kina?", limit=3, source="svt").structured_content
    assert len(found["passages"]) == 4
    for passage in found["passages"]:
        text = bot.store.articles[passage["article_id"]].text
        assert text[passage["start"] : passage["end"]] == passage["text"]
    (query, language, limit, filters), *_ = retriever.asked
    assert (query, language, limit, filters.source) == ("Vad sa Kina?", "sv", 3, "svt")


def test_a_search_that_fails_is_told_of(bot: ScriptedBot, retriever: _Retriever) -> None:
    retriever.error = StoreError("The index is away: bring it back.")
    assert _said(_call(bot, "search", query="Kina")) == "The index is away: bring it back."


def test_a_client_that_gives_up_stops_the_work(bot: ScriptedBot) -> None:
    async def work(client: Client) -> None:
        with anyio.move_on_after(1):
            await client.call_tool("ask", {"question": scripted.QUEUED})
        for _ in range(100):
            if bot.closed.is_set():
                return
            await anyio.sleep(0.05)

    # This script waits until its gate opens, which nobody does, or until it is cancelled.
    stays = replace(bot.scripts[scripted.QUEUED], ahead=1)
    bot.scripts[scripted.QUEUED] = stays
    waits = bot.stream

    def stream(*args: Any, **kwargs: Any) -> Iterator[Any]:
        return waits(*args, **kwargs, waiting=lambda _ahead: None)

    cast(Any, bot).stream = stream
    _with(build_server(cast(Any, bot)), work)
    assert bot.closed.is_set()


def test_each_answer_is_heard(bot: ScriptedBot) -> None:
    heard: list[Answer] = []
    server = build_server(cast(Any, bot), heard.append)
    result = _with(server, lambda c: c.call_tool("ask", {"question": scripted.PHONE}))
    assert [a.trace_id for a in heard] == [result.structured_content["trace_id"]]


def test_questions_can_be_had_in_another_line(bot: ScriptedBot) -> None:
    line = Line(1, 0)
    go = threading.Event()

    async def work(client: Client) -> Any:
        asked = {"question": scripted.PHONE}
        answered = await client.call_tool("ask", asked)
        line.submit(lambda: cast(None, go.wait(60)))
        full = await client.call_tool("ask", asked)
        return answered, full, await client.call_tool("article", {"article_id": scripted.TRUCE})

    try:
        answered, full, read = _with(build_server(cast(Any, bot), line=line), work)
    finally:
        go.set()
    assert answered.structured_content["status"] == "answered"
    assert _said(full).startswith("Too many questions are waiting")
    assert not read.is_error  # what needs no LLM is not in that line


def test_a_full_line_is_told_of(bot: ScriptedBot) -> None:
    bot.settings = bot.settings.model_copy(update={"api_at_once": 1, "api_in_line": 0})
    results: list[Any] = []

    async def work(client: Client) -> None:
        async def held() -> None:
            results.append(await client.call_tool("ask", {"question": scripted.HELD}))

        async with anyio.create_task_group() as group:
            group.start_soon(held)
            await anyio.sleep(0.5)
            late = await client.call_tool("ask", {"question": scripted.PHONE})
            bot.gate.set()
        results.append(late)

    _with(build_server(cast(Any, bot)), work)
    first, late = results
    assert first.structured_content["status"] == "answered"
    assert _said(late).startswith("Too many questions are waiting")


@contextmanager
def served_by(bot: ScriptedBot) -> Iterator[str]:
    """The whole server over a scripted bot, as `ordagrant serve --no-chat` has it."""
    app = build_app(Door(cast(Any, bot), bot.settings), "127.0.0.1", chat=False)
    with listening(app) as address:
        yield address


@pytest.fixture
def served(bot: ScriptedBot) -> Iterator[str]:
    with served_by(bot) as url:
        yield url


@pytest.mark.parametrize("path", ["/mcp", "/mcp/"])
def test_over_http_beside_the_api(served: str, path: str) -> None:
    async def work(client: Client) -> Any:
        listed = await client.list_tools()
        return listed, await client.call_tool("ask", {"question": scripted.PHONE})

    listed, result = _with(served + path, work)
    assert len(listed.tools) == 3
    assert result.structured_content["status"] == "answered"


def test_http_app_can_be_mounted_alone(bot: ScriptedBot) -> None:
    from starlette.testclient import TestClient

    request = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    accept = {"accept": "application/json, text/event-stream"}
    with TestClient(http_app(cast(Any, bot))) as client:
        assert "article" in client.post("/", json=request, headers=accept).text


def test_on_stdio() -> None:
    code = (
        "from rag.mcp_server import run_stdio\n"
        "from tests.ui.scripted import sample_bot\n"
        "run_stdio(sample_bot())\n"
    )
    server = StdioServerParameters(command=sys.executable, args=["-c", code], cwd=str(ROOT))
    result = _with(server, lambda c: c.call_tool("ask", {"question": scripted.TARIFFS}))
    assert result.structured_content["language"] == "sv"


def test_on_stdio_answers_are_audited_where_a_file_is_set(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path\n"
        "from rag.bot import Bot\n"
        "from rag.cli_mcp import mcp\n"
        "from tests.ui.scripted import sample_bot\n"
        "def opened(settings, progress):\n"
        "    bot = sample_bot()\n"
        "    bot.settings = settings\n"
        "    return bot\n"
        "Bot.open = opened\n"
        "mcp(Path('data'), 'none')\n"
    )
    audit = tmp_path / "audit.jsonl"
    environ = {**os.environ, "ORDAGRANT_AUDIT_FILE": str(audit), "PYTHONPATH": str(ROOT)}
    server = StdioServerParameters(
        command=sys.executable, args=["-c", code], cwd=str(tmp_path), env=environ
    )
    result = _with(server, lambda c: c.call_tool("ask", {"question": scripted.TARIFFS}))
    line = json.loads(audit.read_text())
    assert line["key"] == "mcp" and line["trace_id"] == result.structured_content["trace_id"]


@pytest.mark.models
def test_the_real_bot_searches_and_answers(seed_bot: Any) -> None:
    async def work(client: Client) -> Any:
        found = await client.call_tool("search", {"query": "rare earths", "limit": 5})
        asked = {"question": "How much of the world's rare earths does China refine?"}
        return found.structured_content, (await client.call_tool("ask", asked)).structured_content

    found, answer = _with(build_server(seed_bot), work, timeout=300)
    assert len(found["passages"]) == 5
    for piece in (*found["passages"], *answer["quotes"]):
        text = seed_bot.store.article(piece["article_id"]).text
        assert text[piece["start"] : piece["end"]] == piece["text"]
    assert answer["status"] != "refused"
