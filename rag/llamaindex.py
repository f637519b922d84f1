"""The bot in LlamaIndex's own terms: a query engine, a chat engine and a retriever.

    engine = OrdagrantQueryEngine(bot)
    response = engine.query("Who met in Malaysia?")
    for source in response.source_nodes: ...      # one for each quote

Every node is a slice of its article: `article.text[node.start_char_idx:node.end_char_idx]` is
`node.text`, in code points. The async methods hop to a thread once, so they never block a loop,
and stop the LLM when they are cancelled. No LLM or embedding of LlamaIndex's settings is used.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncGenerator, Callable, Generator, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.base.llms.types import ChatMessage, ChatResponse, MessageRole
from llama_index.core.base.response.schema import Response
from llama_index.core.chat_engine.types import (
    AgentChatResponse,
    BaseChatEngine,
    StreamingAgentChatResponse,
)
from llama_index.core.schema import (
    NodeRelationship,
    NodeWithScore,
    QueryBundle,
    RelatedNodeInfo,
    TextNode,
)

from rag.answering.assemble import Accepted, Quotes, make_statements, prose
from rag.corpus.language import detect_question
from rag.errors import StoreError
from rag.retrieval import Retriever
from rag.similarity import Similarity
from rag.types import (
    Answer,
    ArticleInfo,
    EvidenceFound,
    EvidenceSet,
    Filters,
    Finished,
    Hit,
    Quote,
    StatementAccepted,
    Turn,
)

if TYPE_CHECKING:
    from rag.bot import Bot

T = TypeVar("T")
Cancelled = Callable[[], bool]

# What an LLM is told of a node; the rest is for programs, and none of it is ever embedded.
_TOLD = ("title", "outlet", "published")


class OrdagrantRetriever(BaseRetriever):
    """The passages that come nearest to a question, best first, in every language at once.

    Higher scores are better, and comparable within one search only. Raises `OrdagrantError`.
    """

    def __init__(self, bot: Bot, similarity_top_k: int = 8, filters: Filters | None = None) -> None:
        super().__init__()
        self._bot = bot
        self._k = similarity_top_k
        self._filters = filters
        # A list of passages is the result here, so the reader weighs in: see `Retriever`.
        self._retriever = Retriever(bot.store, Similarity(bot.store, bot.embedder), bot.reader)

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        question = query_bundle.query_str
        hits = self._retriever.search(question, detect_question(question), self._k, self._filters)
        info = self._bot.store.info(sorted({hit.chunk.article_id for hit in hits}))
        return [
            NodeWithScore(node=_chunk_node(hit, info[hit.chunk.article_id]), score=hit.score)
            for hit in hits
            if hit.chunk.article_id in info
        ]

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return await _in_thread(lambda _cancelled: self._retrieve(query_bundle))


class OrdagrantQueryEngine(BaseQueryEngine):
    """Answers with source nodes that are its quotes, in the order of their marks.

    `response.metadata["answer"]` is the whole answer object as JSON. A refusal has its sentence
    as the response and no source nodes; what came nearest is among the object's quotes. A node's
    score is the evidence's, 0..1. Raises `OrdagrantError`.
    """

    def __init__(self, bot: Bot, filters: Filters | None = None) -> None:
        super().__init__(callback_manager=None)
        self._bot = bot
        self._filters = filters

    def _get_prompt_modules(self) -> dict[str, Any]:
        return {}  # the prompts are files, not settings

    def _query(self, query_bundle: QueryBundle) -> Response:
        return self._answered(query_bundle, _never)

    async def _aquery(self, query_bundle: QueryBundle) -> Response:
        return await _in_thread(lambda cancelled: self._answered(query_bundle, cancelled))

    def _answered(self, query_bundle: QueryBundle, cancelled: Cancelled) -> Response:
        asking = _Asking(self._bot, query_bundle.query_str, (), self._filters, cancelled)
        for _ in asking.deltas():
            pass
        answer = asking.answer
        return Response(answer.answer, asking.nodes(), {"answer": answer.model_dump(mode="json")})


class OrdagrantChatEngine(BaseChatEngine):
    """A conversation: a follow-up is understood by what was said before.

    Streaming gives each statement, with the marks of its quotes, as soon as it passed
    verification; its source nodes are there when it ends. One conversation at a time: make an
    engine for each. Raises `OrdagrantError`.
    """

    def __init__(
        self, bot: Bot, chat_history: Sequence[ChatMessage] = (), filters: Filters | None = None
    ) -> None:
        self._bot = bot
        self._history = list(chat_history)
        self._filters = filters

    @property
    def chat_history(self) -> list[ChatMessage]:
        return self._history

    def reset(self) -> None:
        self._history = []

    def chat(
        self, message: str, chat_history: list[ChatMessage] | None = None
    ) -> AgentChatResponse:
        asking = self._ask(message, chat_history, _never)
        for _ in asking.deltas():
            pass
        return self._whole(asking)

    async def achat(
        self, message: str, chat_history: list[ChatMessage] | None = None
    ) -> AgentChatResponse:
        def work(cancelled: Cancelled) -> _Asking:
            asking = self._ask(message, chat_history, cancelled)
            for _ in asking.deltas():
                pass
            return asking

        return self._whole(await _in_thread(work))

    def stream_chat(
        self, message: str, chat_history: list[ChatMessage] | None = None
    ) -> StreamingAgentChatResponse:
        asking = self._ask(message, chat_history, _never)
        told = StreamingAgentChatResponse(is_writing_to_memory=False)

        def stream() -> Generator[ChatResponse, None, None]:
            for delta in asking.deltas():
                yield _delta(delta)
            self._finish(asking, told)

        told.chat_stream = stream()
        return told

    async def astream_chat(
        self, message: str, chat_history: list[ChatMessage] | None = None
    ) -> StreamingAgentChatResponse:
        stop = threading.Event()
        asking = self._ask(message, chat_history, stop.is_set)
        told = StreamingAgentChatResponse(is_writing_to_memory=False)

        async def stream() -> AsyncGenerator[ChatResponse, None]:
            async with contextlib.aclosing(_from_thread(asking.deltas, stop)) as deltas:
                async for delta in deltas:
                    yield _delta(delta)
            self._finish(asking, told)

        told.achat_stream = stream()
        return told

    def _ask(
        self, message: str, chat_history: list[ChatMessage] | None, cancelled: Cancelled
    ) -> _Asking:
        if chat_history is not None:
            self._history = list(chat_history)
        turns = [turn for said in self._history if (turn := _turn(said)) is not None]
        return _Asking(self._bot, message, turns, self._filters, cancelled)

    def _whole(self, asking: _Asking) -> AgentChatResponse:
        self._remember(asking)
        answer = asking.answer
        return AgentChatResponse(
            response=answer.answer,
            source_nodes=asking.nodes(),
            metadata={"answer": answer.model_dump(mode="json")},
        )

    def _finish(self, asking: _Asking, told: StreamingAgentChatResponse) -> None:
        self._remember(asking)
        told.source_nodes = asking.nodes()
        told.response = asking.answer.answer
        told.is_done = True

    def _remember(self, asking: _Asking) -> None:
        self._history += [
            ChatMessage(role=MessageRole.USER, content=asking.question),
            ChatMessage(role=MessageRole.ASSISTANT, content=asking.answer.answer),
        ]


class _Asking:
    """One question: its text as it comes, then its answer and nodes."""

    def __init__(
        self,
        bot: Bot,
        question: str,
        history: Sequence[Turn],
        filters: Filters | None,
        cancelled: Cancelled,
    ) -> None:
        self.question = question
        self._bot = bot
        self._history = history
        self._filters = filters
        self._cancelled = cancelled
        self._evidence: EvidenceSet | None = None
        self._answer: Answer | None = None

    @property
    def answer(self) -> Answer:
        """The finished answer, after `deltas` has run to its end."""
        if self._answer is None:
            raise asyncio.CancelledError("the answer was given up before it was there")
        return self._answer

    def deltas(self) -> Iterator[str]:
        """The answer's prose in pieces: joined they are `answer.answer`, to the character."""
        quotes = Quotes(self._text)
        sent = ""
        stream = self._bot.stream(
            self.question, self._history, self._filters, cancelled=self._cancelled
        )
        with contextlib.closing(stream):
            for event in stream:
                match event:
                    case EvidenceFound():
                        self._evidence = event.evidence
                    case StatementAccepted():
                        # Numbered as the finished answer will be: by the same code.
                        accepted = Accepted(event.text, event.evidence)
                        piece = prose(make_statements([accepted], quotes))
                        piece = f" {piece}" if sent else piece
                        sent += piece
                        yield piece
                    case Finished():
                        self._answer = event.answer
        if self._answer is not None and (rest := self._answer.answer.removeprefix(sent)):
            yield rest

    def nodes(self) -> list[NodeWithScore]:
        """The quotes that the answer stands on; none for a refusal, which stands on none."""
        answer = self.answer
        if answer.refusal is not None:
            return []
        items = self._evidence.items if self._evidence else ()
        scores = {(e.sentence.article_id, e.sentence.start, e.sentence.end): e.score for e in items}
        return [
            NodeWithScore(node=_quote_node(q), score=scores.get((q.article_id, q.start, q.end)))
            for q in answer.quotes
        ]

    def _text(self, article_id: str) -> str:
        article = self._bot.store.article(article_id)
        if article is None:
            raise StoreError(f"The article {article_id} was removed while being quoted: ask again.")
        return article.text


def _quote_node(quote: Quote) -> TextNode:
    about = quote.model_dump(mode="json", exclude={"text", "start", "end"})
    return _node(quote.article_id, quote.start, quote.end, quote.text, about)


def _chunk_node(hit: Hit, info: ArticleInfo) -> TextNode:
    published = info.published
    about = {
        "article_id": info.id,
        "source": info.source,
        "outlet": info.outlet,
        "title": info.title,
        "published": published.on.isoformat() if published.on else None,
        "published_is": published.how,
        "language": info.language,
        "article_sha256": info.sha256,
        "witness": info.witness,
    }
    chunk = hit.chunk
    return _node(chunk.article_id, chunk.start, chunk.end, chunk.text, about)


def _node(article_id: str, start: int, end: int, text: str, about: dict[str, Any]) -> TextNode:
    return TextNode(
        # Of the address, not random: the same words found twice are one node.
        id_=f"{article_id}:{start}-{end}",
        text=text,
        start_char_idx=start,
        end_char_idx=end,
        metadata=about,
        excluded_llm_metadata_keys=[key for key in about if key not in _TOLD],
        excluded_embed_metadata_keys=list(about),
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=article_id)},
    )


def _turn(message: ChatMessage) -> Turn | None:
    """What was said, if a person or the bot said it."""
    content = message.content
    if not content:
        return None
    if message.role == MessageRole.USER:
        return Turn("user", content)
    return Turn("assistant", content) if message.role == MessageRole.ASSISTANT else None


def _delta(text: str) -> ChatResponse:
    return ChatResponse(
        message=ChatMessage(role=MessageRole.ASSISTANT, content=text), delta=text, raw=None
    )


def _never() -> bool:
    return False


async def _in_thread(work: Callable[[Cancelled], T]) -> T:
    """What `work` gives, done in a thread; it hears when this is cancelled."""
    stop = threading.Event()
    try:
        return await asyncio.to_thread(work, stop.is_set)
    finally:
        stop.set()


async def _from_thread(
    work: Callable[[], Iterator[str]], stop: threading.Event
) -> AsyncGenerator[str, None]:
    """What `work` yields, made in a thread of its own; leaving early sets `stop`."""
    loop = asyncio.get_running_loop()
    told: asyncio.Queue[str | None] = asyncio.Queue()

    def tell(piece: str | None) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is gone, and with it who listened
            loop.call_soon_threadsafe(told.put_nowait, piece)

    def run() -> None:
        try:
            for piece in work():
                tell(piece)
        finally:
            tell(None)

    done = asyncio.ensure_future(asyncio.to_thread(run))
    try:
        while (piece := await told.get()) is not None:
            yield piece
        await done
    finally:
        stop.set()
