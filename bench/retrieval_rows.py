"""The rows of the ablation: the whole search, the search less one part, and other chunkings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bench.retrieval_measure import Search
from rag.corpus.language import detect_question
from rag.models.embedding import Embedder
from rag.models.reader import Reader
from rag.retrieval import Parts, Retriever
from rag.similarity import Similarity
from rag.store.store import Store
from rag.types import Hit

_ALL = Parts()
_NO_TITLES = (("chunk_titles", False),)


@dataclass(frozen=True, slots=True)
class RowOf:
    """One way of searching. `indexing` are the settings it is ingested with, where not default."""

    name: str
    parts: Parts = _ALL
    reads: bool = True  # whether the reader weighs in
    indexing: tuple[tuple[str, int | bool], ...] = ()


def _chunks(tokens: int, overlap: int) -> RowOf:
    return RowOf(
        f"chunks {tokens}+{overlap}",
        indexing=(("chunk_tokens", tokens), ("chunk_overlap", overlap)),
    )


ROWS: tuple[RowOf, ...] = (
    RowOf("whole"),
    RowOf("less the reader", reads=False),
    RowOf("less dense", replace(_ALL, dense=False)),
    RowOf("less lexical", replace(_ALL, lexical=False)),
    RowOf("less language balance", replace(_ALL, balance=False)),
    RowOf("less titles and dates", replace(_ALL, context=False), indexing=_NO_TITLES),
    RowOf("less titles in vectors", indexing=_NO_TITLES),
    RowOf("less name variants", replace(_ALL, names=False)),
    RowOf("less compound parts", replace(_ALL, compounds=False)),
    RowOf("less recency", replace(_ALL, recency=False)),
    RowOf("less witnesses", replace(_ALL, witnesses=False)),
    RowOf("less spread", replace(_ALL, spread=False)),
    RowOf("lexical alone", replace(_ALL, dense=False), reads=False),
    RowOf("dense alone", replace(_ALL, lexical=False), reads=False),
    RowOf("dense alone, not balanced", replace(_ALL, lexical=False, balance=False), reads=False),
    *(_chunks(tokens, overlap) for tokens in (64, 96, 128, 180) for overlap in (0, 1)),
)


def searcher(row: RowOf, store: Store, embedder: Embedder, reader: Reader) -> Search:
    """The search of a row over an ingested store."""
    similarity = Similarity(store, embedder)
    retriever = Retriever(store, similarity, reader if row.reads else None, row.parts)

    def search(question: str, k: int) -> Sequence[Hit]:
        return retriever.search(question, detect_question(question), k)

    return search
