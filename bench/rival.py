"""LlamaIndex's CitationQueryEngine with our embedding model and our LLM.

Its own defaults otherwise: SentenceSplitter chunks of 1,024 tokens, citation chunks of 512,
vectors in memory. Three passages a question, as in its documentation's example.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from rag.models.embedding import Embedder
from rag.models.llm import ChatModel, Message

TOP_K = 3
MAX_TOKENS = 256  # LlamaIndex's own default for the room left to an answer
CONTEXT = 4_096


class Rival:
    """The engine over some articles; building it embeds them."""

    def __init__(self, texts: Mapping[str, str], embedder: Embedder, chat: ChatModel) -> None:
        from llama_index.core import Document, VectorStoreIndex
        from llama_index.core.query_engine import CitationQueryEngine

        documents = [Document(text=text, doc_id=name) for name, text in texts.items()]
        index = VectorStoreIndex.from_documents(documents, embed_model=_embedding(embedder))
        self._engine = CitationQueryEngine.from_args(
            index, llm=_language_model(chat), similarity_top_k=TOP_K
        )

    def to_answer(self, question: str) -> float:
        """Milliseconds from the question to the finished answer."""
        begun = time.perf_counter()
        self._engine.query(question)
        return 1000 * (time.perf_counter() - begun)


def _embedding(embedder: Embedder) -> Any:
    from llama_index.core.embeddings import BaseEmbedding

    class Ours(BaseEmbedding):  # type: ignore[misc, unused-ignore]
        def _get_query_embedding(self, query: str) -> list[float]:
            return list(map(float, embedder.embed_query(query)))

        async def _aget_query_embedding(self, query: str) -> list[float]:
            return self._get_query_embedding(query)

        def _get_text_embedding(self, text: str) -> list[float]:
            return self._get_text_embeddings([text])[0]

        def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
            return [list(map(float, row)) for row in embedder.embed_passages(texts)]

    return Ours(model_name=embedder.name)


def _language_model(chat: ChatModel) -> Any:
    from llama_index.core.llms import CompletionResponse, CustomLLM, LLMMetadata
    from llama_index.core.llms.callbacks import llm_completion_callback

    class Ours(CustomLLM):  # type: ignore[misc, unused-ignore]
        @property
        def metadata(self) -> LLMMetadata:
            return LLMMetadata(context_window=CONTEXT, num_output=MAX_TOKENS, model_name=chat.label)

        @llm_completion_callback()
        def complete(self, prompt: str, formatted: bool = False, **_: Any) -> CompletionResponse:
            messages = [Message(role="user", content=prompt)]
            return CompletionResponse(text=chat.text(messages, max_tokens=MAX_TOKENS).text)

        @llm_completion_callback()
        def stream_complete(self, prompt: str, formatted: bool = False, **_: Any) -> Any:
            done = self.complete(prompt, formatted)

            def once() -> Any:
                yield done

            return once()

    return Ours()
