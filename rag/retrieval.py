"""Retrieval: dense and lexical search within each language, fused, and weighed by the reader.

Sentences in the question's own language crowd out the rest in one search over all languages. So
each language's mean vector is taken out, and every language is searched by itself; a chunk in
the other language then competes on equal terms and the reader decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from rag.asking import asks_for_now
from rag.calibration import logit
from rag.fusion import (
    Proposal,
    best_first,
    features,
    load_weights,
    one_of_each_witness,
    recency,
    spread,
)
from rag.models.reader import Reader
from rag.similarity import Similarity
from rag.store.lexical import LexicalQuery
from rag.store.store import Store
from rag.types import Filters, Hit, Passage, Span

# How deep each list of each language goes: well past what is handed on.
DENSE_DEPTH = 60
LEXICAL_DEPTH = 100
# How many chunks the reader reads where it weighs in.
READ = 16
# How many chunks of an article may stand among the best, where the list itself is the result;
# evidence draws on as many as there are.
PER_ARTICLE = 2
# Where a question asks for now, a chunk of today may overtake what is better by this much in
# log-odds at most, and one of a year ago by half as much. Of 26 questions on the news that ask
# for now Hit@1 went from .769 to .808 and MRR from .819 to .849; half as much weight, twice as
# much or 90 days left Hit@1 where it was, three times as much cost one question.
HALF_LIFE_DAYS = 365.0
RECENCY = 1.0


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of the search; an ablation switches them off."""

    dense: bool = True
    lexical: bool = True
    balance: bool = True  # languages searched and centred each by itself
    context: bool = True  # title, outlet and date in the lexical search
    names: bool = True  # near spellings of words that no article has
    compounds: bool = True  # the parts of Swedish compounds that no article has
    recency: bool = True
    witnesses: bool = True
    spread: bool = True  # where a reader weighs in: not all of the best from one article


class Retriever:
    """Proposes chunks for a question; safe to share between threads if its reader is."""

    def __init__(
        self,
        store: Store,
        similarity: Similarity,
        reader: Reader | None = None,
        parts: Parts = Parts(),
    ) -> None:
        """With a `reader`, what it says of the best chunks counts too."""
        self._store = store
        self._similarity = similarity
        self._reader = reader
        self._parts = parts
        self._fused = load_weights("fused")
        self._read = load_weights("read")

    def search(
        self, question: str, language: str, k: int, filters: Filters | None = None
    ) -> list[Hit]:
        """The `k` best chunks for `question`, best first.

        `language` is the question's (ISO 639-1). Raises `IndexMismatch` if the index was made
        with another model, `StoreError` if it cannot be read.
        """
        proposals = self.propose(question, language, filters or Filters())
        recent = self._recent(question, proposals)
        scores = self._scores(proposals, language, recent)
        if self._reader is not None:
            said = self.read(question, self._order(scores, proposals)[: max(READ, k)])
            scores = self._scores(proposals, language, recent, said)
        order = self._order(scores, proposals)
        if self._reader is not None and self._parts.spread:
            order = spread(order, {one.chunk_id: one.article_id for one in proposals}, PER_ARTICLE)
        best = order[:k]
        chunks = self._store.chunks(best)
        of = {one.chunk_id: one for one in proposals}
        return [
            Hit(chunks[c], scores[c], of[c].dense_rank, of[c].lexical_rank)
            for c in best
            if c in chunks
        ]

    def _scores(
        self,
        proposals: Sequence[Proposal],
        language: str,
        recent: Mapping[str, float],
        said: Mapping[str, float] | None = None,
    ) -> dict[str, float]:
        """The score of each proposal by its chunk id; `said` is what the reader made of some."""
        weights = self._fused if said is None else self._read
        known = said or {}
        scores = {}
        for one in proposals:
            asked = language if self._parts.balance else one.language
            own = features(one, asked, known.get(one.chunk_id))
            scores[one.chunk_id] = weights.score(own) + recent[one.chunk_id]
        return scores

    def propose(self, question: str, language: str, filters: Filters) -> list[Proposal]:
        """Every chunk that either search found, in no order that means something."""
        names: list[str | None] = [None]
        if self._parts.balance:
            names = [x for x in self._store.languages() if filters.language in (None, x)]
        vector = self._similarity.question(question, language if self._parts.balance else None)
        query = self._query(question, language)
        return [one for name in names for one in self._within(name, vector, query, filters)]

    def _query(self, question: str, language: str) -> LexicalQuery:
        parts = self._parts
        query = LexicalQuery.from_question(question, language)
        if parts.names or parts.compounds:
            query = self._store.known_spellings(
                query, language, names=parts.names, compounds=parts.compounds
            )
        return query if parts.context else replace(query, context=False)

    def _within(
        self,
        language: str | None,
        vector: NDArray[np.float32],
        query: LexicalQuery,
        filters: Filters,
    ) -> list[Proposal]:
        dense: list[tuple[str, float]] = []
        lexical: list[tuple[str, float]] = []
        if self._parts.dense:
            dense = self._store.search_dense(
                vector, language=language, filters=filters, k=DENSE_DEPTH
            )
        if self._parts.lexical:
            lexical = self._store.search_lexical(
                query, language=language, filters=filters, k=LEXICAL_DEPTH
            )
        cosine = dict(dense)
        alone = [chunk for chunk, _ in lexical if chunk not in cosine]
        if self._parts.dense:
            cosine |= self._store.cosines(vector, alone, language=language)
        # Taking the language's mean out of every chunk moves all its similarities by the same
        # amount: the order within the language stays, and languages become comparable.
        mean = None if language is None else self._store.language_mean(language)
        offset = 0.0 if mean is None else float(vector @ mean)
        bm25 = dict(lexical)
        dense_rank = {chunk: rank for rank, (chunk, _) in enumerate(dense, start=1)}
        lexical_rank = {chunk: rank for rank, (chunk, _) in enumerate(lexical, start=1)}
        owners = self._store.owners([*cosine, *(c for c in alone if c not in cosine)])
        return [
            Proposal(
                chunk_id=chunk,
                article_id=owner.article_id,
                witness=owner.witness,
                published_on=owner.published_on,
                language=owner.language,
                cosine=cosine[chunk] - offset if chunk in cosine else 0.0,
                bm25=bm25.get(chunk, 0.0),
                dense_rank=dense_rank.get(chunk),
                lexical_rank=lexical_rank.get(chunk),
            )
            for chunk, owner in owners.items()
        ]

    def _recent(self, question: str, proposals: Sequence[Proposal]) -> dict[str, float]:
        """What being new adds to a chunk's score: nothing, unless the question asks for now."""
        if not (self._parts.recency and asks_for_now(question)):
            return {one.chunk_id: 0.0 for one in proposals}
        newest: date | None = max(
            (one.published_on for one in proposals if one.published_on), default=None
        )
        return {
            one.chunk_id: RECENCY * recency(one.published_on, newest, HALF_LIFE_DAYS)
            for one in proposals
        }

    def _order(self, scores: Mapping[str, float], proposals: Sequence[Proposal]) -> list[str]:
        order = best_first(scores)
        if not self._parts.witnesses:
            return order
        return one_of_each_witness(
            order, {one.chunk_id: (one.article_id, one.witness) for one in proposals}
        )

    def read(self, question: str, chunk_ids: Sequence[str]) -> dict[str, float]:
        """By chunk id, the reader's log-odds that the chunk answers; nothing without a reader."""
        if self._reader is None:
            return {}
        chunks = list(self._store.chunks(chunk_ids).values())
        info = self._store.info(sorted({chunk.article_id for chunk in chunks}))
        passages = [
            Passage(
                chunk.text,
                (Span(0, len(chunk.text)),),
                info[chunk.article_id].title if chunk.article_id in info else None,
            )
            for chunk in chunks
        ]
        readings = self._reader.read(question, passages)
        return {c.id: logit(r.answerable) for c, r in zip(chunks, readings, strict=True)}
