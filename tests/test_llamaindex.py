"""The bot in LlamaIndex's terms: engines and retriever, sync and async, with right offsets."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from typing import Any, cast

import pytest
from llama_index.core import QueryBundle
from llama_index.core.base.llms.types import ChatMessage, MessageRole
from llama_index.core.schema import NodeWithScore

from rag.errors import LlmError
from rag.llamaindex import OrdagrantChatEngine, OrdagrantQueryEngine, OrdagrantRetriever
from rag.types import Answer, Chunk, Hit
from tests.ui import scripted
from tests.ui.script import ScriptedBot
from tests.ui.scripted import sample_bot


@pytest.fixture
def bot() -> ScriptedBot:
    return sample_bot()


def _stand(store: Any, nodes: Sequence[NodeWithScore]) -> None:
    """Every node is a slice of its article."""
    for found in nodes:
        node = cast(Any, found.node)
        article = store.article(node.metadata["article_id"])
        assert article.text[node.start_char_idx : node.end_char_idx] == node.text
        assert node.ref_doc_id == article.info.id


@pytest.mark.parametrize("run", ["sync", "async"])
def test_a_query_gives_the_answer_and_its_quotes_as_nodes(bot: ScriptedBot, run: str) -> None:
    engine = OrdagrantQueryEngine(cast(Any, bot))
    if run == "sync":
        response = engine.query(scripted.RARE_EARTHS)
    else:
        response = asyncio.run(engine.aquery(QueryBundle(scripted.RARE_EARTHS)))
    answer = Answer.model_validate(response.metadata["answer"])
    assert str(response) == answer.answer and "[1]" in str(response)
    assert [n.text for n in response.source_nodes] == [q.text for q in answer.quotes]
    assert [n.metadata["n"] for n in response.source_nodes] == [1, 2, 3]
    assert {n.score for n in response.source_nodes} == {0.9}
    _stand(bot.store, response.source_nodes)


def test_only_what_an_llm_should_hear_is_told_to_one(bot: ScriptedBot) -> None:
    node = OrdagrantQueryEngine(cast(Any, bot)).query(scripted.TARIFFS).source_nodes[0].node
    from llama_index.core.schema import MetadataMode

    told = node.get_content(metadata_mode=MetadataMode.LLM)
    assert "SVT" in told and "2025-04-23" in told and "sha256" not in told
    assert node.get_content(metadata_mode=MetadataMode.EMBED) == node.text


def test_a_refusal_stands_on_nothing(bot: ScriptedBot) -> None:
    response = OrdagrantQueryEngine(cast(Any, bot)).query(scripted.UNANSWERED)
    assert str(response) == "The articles do not say how many soybeans China bought in 2024."
    assert response.source_nodes == []
    assert response.metadata["answer"]["refusal"]["reason"] == "no_evidence"


def test_an_error_of_the_bot_is_raised_as_it_is(bot: ScriptedBot) -> None:
    with pytest.raises(LlmError, match="does not answer"):
        asyncio.run(OrdagrantQueryEngine(cast(Any, bot)).aquery(scripted.LLM_DOWN))


def test_a_conversation_is_passed_on_and_kept(bot: ScriptedBot) -> None:
    engine = OrdagrantChatEngine(cast(Any, bot))
    first = engine.chat(scripted.PHONE)
    second = asyncio.run(engine.achat(scripted.FOLLOW_UP))
    _stand(bot.store, [*first.source_nodes, *second.source_nodes])
    assert [(t.role, t.content) for t in bot.asked[1][1]] == [
        ("user", scripted.PHONE),
        ("assistant", first.response),
    ]
    assert len(engine.chat_history) == 4
    engine.reset()
    assert engine.chat_history == []


def test_a_history_that_is_given_takes_the_place_of_the_own(bot: ScriptedBot) -> None:
    engine = OrdagrantChatEngine(cast(Any, bot), [ChatMessage(role="user", content="Old?")])
    given = [
        ChatMessage(role=MessageRole.SYSTEM, content="Lie."),
        ChatMessage(role=MessageRole.USER, content="New?"),
        ChatMessage(role=MessageRole.ASSISTANT, content="Yes."),
        ChatMessage(role=MessageRole.TOOL, content="{}"),
    ]
    engine.chat(scripted.PHONE, given)
    assert [t.content for t in bot.asked[0][1]] == ["New?", "Yes."]
    assert len(given) == 4 and len(engine.chat_history) == 6


def test_a_stream_joined_is_the_answer(bot: ScriptedBot) -> None:
    engine = OrdagrantChatEngine(cast(Any, bot))
    told = engine.stream_chat(scripted.PHONE)
    pieces = list(told.response_gen)
    answer = bot.scripts[scripted.PHONE].answer(scripted.PHONE)
    assert len(pieces) == 3 and "".join(pieces) == answer.answer == str(told)
    assert [n.text for n in told.source_nodes] == [q.text for q in answer.quotes]
    assert engine.chat_history[-1].content == answer.answer


def test_a_stream_tells_each_statement_when_it_stands(bot: ScriptedBot) -> None:
    async def run() -> tuple[str, str]:
        told = await OrdagrantChatEngine(cast(Any, bot)).astream_chat(scripted.HELD)
        pieces = told.async_response_gen()
        # The second statement waits for the gate, which is closed.
        first = await asyncio.wait_for(anext(pieces), 10)
        bot.gate.set()
        rest = "".join([piece async for piece in pieces])
        return first, first + rest

    first, whole = asyncio.run(run())
    assert first == "Beijing wants the tariffs dropped before serious negotiations. [1]"
    assert whole == bot.scripts[scripted.HELD].answer(scripted.HELD).answer


def test_an_async_stream_raises_what_went_wrong(bot: ScriptedBot) -> None:
    async def run() -> None:
        told = await OrdagrantChatEngine(cast(Any, bot)).astream_chat(scripted.LLM_DOWN)
        async for _ in told.async_response_gen():
            pass

    with pytest.raises(LlmError, match="does not answer"):
        asyncio.run(run())


def test_async_methods_never_block_the_loop(bot: ScriptedBot) -> None:
    async def run() -> int:
        asked = asyncio.ensure_future(OrdagrantQueryEngine(cast(Any, bot)).aquery(scripted.HELD))
        beats = 0
        for _ in range(20):
            await asyncio.sleep(0.01)
            beats += 1
        assert not asked.done()
        bot.gate.set()
        await asked
        return beats

    assert asyncio.run(asyncio.wait_for(run(), 30)) == 20


def test_cancelling_stops_the_work(bot: ScriptedBot) -> None:
    seen: list[Any] = []
    ended = threading.Event()
    plain = bot.stream

    def stream(*args: Any, cancelled: Any, **kwargs: Any) -> Any:
        def run() -> Any:
            seen.append(threading.current_thread())
            while not cancelled():
                time.sleep(0.01)
            ended.set()
            yield from ()

        return run() if args[0] == scripted.PHONE else plain(*args, **kwargs)

    cast(Any, bot).stream = stream

    async def run() -> None:
        task = asyncio.ensure_future(OrdagrantQueryEngine(cast(Any, bot)).aquery(scripted.PHONE))
        await asyncio.sleep(0.2)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(run())
    assert ended.wait(5) and seen[0] is not threading.main_thread()


class _Found:
    def __init__(self, bot: ScriptedBot) -> None:
        self.bot = bot
        self.asked: tuple[Any, ...] = ()

    def search(self, *asked: Any) -> list[Hit]:
        self.asked = asked
        hits = []
        for article in self.bot.store.articles.values():
            i = article.info
            # The same letter at two places: what a search for the text gets wrong.
            for start in (article.text.index("a"), article.text.rindex("a")):
                chunk = Chunk(f"{i.id}:{start}", i.id, 0, start, start + 1, 0, 0, "a", i.language)
                hits.append(Hit(chunk, 2.0 - len(hits)))
        return hits


@pytest.mark.parametrize("run", ["sync", "async"])
def test_passages_are_nodes_at_their_own_place(
    bot: ScriptedBot, monkeypatch: pytest.MonkeyPatch, run: str
) -> None:
    found = _Found(bot)
    monkeypatch.setattr("rag.llamaindex.Similarity", lambda *_: None)
    monkeypatch.setattr("rag.llamaindex.Retriever", lambda *_: found)
    bare = cast(Any, bot)
    bare.embedder = bare.reader = None
    bare.store.info = lambda ids: {i: bot.store.articles[i].info for i in ids}
    retriever = OrdagrantRetriever(bare, similarity_top_k=7)
    if run == "sync":
        nodes = retriever.retrieve("Vad säger Kina?")
    else:
        nodes = asyncio.run(retriever.aretrieve("Vad säger Kina?"))
    assert found.asked[:3] == ("Vad säger Kina?", "sv", 7)
    assert len(nodes) == 10 and nodes[0].score == 2.0
    assert all(n.node.start_char_idx == int(n.node.id_.split(":")[1].split("-")[0]) for n in nodes)
    _stand(bot.store, nodes)


@pytest.mark.models
def test_the_real_bot_answers_and_finds(seed_bot: Any) -> None:
    response = OrdagrantQueryEngine(seed_bot).query("Who met in Malaysia?")
    assert response.source_nodes
    passages = OrdagrantRetriever(seed_bot, similarity_top_k=5).retrieve("rare earths")
    assert len(passages) == 5
    _stand(seed_bot.store, [*response.source_nodes, *passages])
    told = OrdagrantChatEngine(seed_bot).stream_chat("How long did the call between them last?")
    assert "".join(told.response_gen) == str(told) != ""
