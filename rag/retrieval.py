"""Retrieval: dense and lexical search, ranked within each language, then fused by rank.

Sentences in the question's own language crowd out the rest in one dense search over all
languages. So each language's mean vector is taken out, and chunks are ranked within their own
language before the lists are fused; an article in the other language then competes on equal
terms and the reader decides.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.fusion import best_first, ranks, reciprocal_rank_fusion
from rag.models.embedding import Embedder
from rag.settings import Settings
from rag.store.lexical import LexicalQuery
from rag.store.store import Store
from rag.types import Filters, Hit

# How deep each list goes: well past what is handed on, so that fusion has something to fuse.
DEPTH = 50


@dataclass(frozen=True, slots=True)
class _Lists:
    """The two rankings of one language, and each chunk's mean-free similarity."""

    dense: dict[str, int]
    lexical: dict[str, int]
    similarity: dict[str, float]


class Retriever:
    """Proposes chunks for a question; safe to share between threads."""

    def __init__(self, store: Store, embedder: Embedder, settings: Settings) -> None:
        self._store = store
        self._embedder = embedder
        self._settings = settings

    def search(
        self, question: str, language: str, k: int, filters: Filters | None = None
    ) -> list[Hit]:
        """The `k` best chunks for `question`, best first.

        `language` is the question's (ISO 639-1). Raises `IndexMismatch` if the index was made
        with another model, `StoreError` if it cannot be read.
        """
        filters = filters or Filters()
        languages = [
            x for x in self._store.languages() if filters.language in (None, x)
        ]
        if not languages:
            return []
        vector = self._centred(self._embedder.embed_query(question), language)
        query = LexicalQuery.from_question(question, language)
        lists = [self._within(x, vector, query, filters, max(DEPTH, k)) for x in languages]
        return self._fuse(lists, k)

    def _centred(self, vector: NDArray[np.float32], language: str) -> NDArray[np.float32]:
        mean = self._store.language_mean(language)
        if mean is None:
            return vector
        centred = vector - mean
        return np.asarray(centred / (np.linalg.norm(centred) or 1.0), dtype=np.float32)

    def _within(
        self,
        language: str,
        vector: NDArray[np.float32],
        query: LexicalQuery,
        filters: Filters,
        depth: int,
    ) -> _Lists:
        dense = self._store.search_dense(vector, language=language, filters=filters, k=depth)
        lexical = self._store.search_lexical(query, language=language, filters=filters, k=depth)
        # Taking the language's mean out of every chunk moves all its similarities by the same
        # amount: the order within the language stays, and languages become comparable.
        mean = self._store.language_mean(language)
        offset = 0.0 if mean is None else float(vector @ mean)
        return _Lists(
            dense=ranks([chunk for chunk, _ in dense]),
            lexical=ranks([chunk for chunk, _ in lexical]),
            similarity={chunk: score - offset for chunk, score in dense},
        )

    def _fuse(self, lists: list[_Lists], k: int) -> list[Hit]:
        dense = {c: r for one in lists for c, r in one.dense.items()}
        lexical = {c: r for one in lists for c, r in one.lexical.items()}
        similarity = {c: s for one in lists for c, s in one.similarity.items()}
        overall = ranks(sorted(similarity, key=lambda c: (-similarity[c], c)))
        scores = reciprocal_rank_fusion([(dense, 1.0), (lexical, 1.0), (overall, 1.0)])
        best = best_first(scores, similarity)[:k]
        chunks = self._store.chunks(best)
        return [
            Hit(chunks[c], scores[c], dense.get(c), lexical.get(c)) for c in best if c in chunks
        ]
