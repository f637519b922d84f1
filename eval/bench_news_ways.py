"""Three ways to find articles and to answer, side by side: plain BM25, plain dense search, and
Ordagrant. The two plain ways answer with what they found and never refuse by themselves."""

from __future__ import annotations

import heapq
import math
import re
from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Protocol

from eval.bench_news_data import NewsArticle, distinct
from rag.corpus.language import detect_question
from rag.types import Answer, EvidenceFound, Filters, Finished

if TYPE_CHECKING:
    from rag.bot import Bot
    from rag.models.embedding import Embedder
    from rag.store.store import Store

K = 10
# Chunks searched for ten articles: Ordagrant gives at most two of each, plain search any number.
OUR_CHUNKS, DENSE_CHUNKS = 20, 200
# How much BM25 answers with: about what the best chunk holds, which dense search answers with.
SENTENCES = 3
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a way says to a question. `text` None: it refuses. `sure` orders its replies."""

    text: str | None
    sure: float


class Way(Protocol):
    """One way of finding and answering. `since`: only articles published on that day or later."""

    @property
    def name(self) -> str: ...

    def search(self, text: str) -> list[str]:
        """At most ten different article ids, best first."""
        ...

    def reply(self, question: str, since: date | None = None) -> Reply: ...

    def published(self, article_id: str) -> date | None:
        """The day that this way gives for an article."""
        ...


class Bm25:
    """Okapi BM25 over whole articles with their titles (Robertson and Zaragoza, "The probabilistic
    relevance framework: BM25 and beyond", 2009), without stems or stop words."""

    name = "BM25, whole articles"
    k1, b = 1.2, 0.75

    def __init__(self, articles: Sequence[NewsArticle]) -> None:
        self._articles = {a.id: a for a in articles}
        self._ids = [a.id for a in articles]
        self._lengths: list[int] = []
        self._postings: dict[str, tuple[array[int], array[int]]] = {}
        for number, article in enumerate(articles):
            counts = Counter(_words(f"{article.title} {article.text}"))
            self._lengths.append(sum(counts.values()))
            for word, times in counts.items():
                places, numbers = self._postings.setdefault(word, (array("I"), array("I")))
                places.append(number)
                numbers.append(times)
        self._mean = sum(self._lengths) / max(1, len(self._lengths))

    def search(self, text: str) -> list[str]:
        return [self._ids[n] for _, n in self._best(text, K)]

    def reply(self, question: str, since: date | None = None) -> Reply:
        """The sentences of the best article that share the question's rarest words."""
        best = self._best(question, 1, since)
        if not best:
            return Reply(None, 0.0)
        score, number = best[0]
        asked = set(_words(question))
        sentences = re.split(r"(?<=[.!?])\s+|\n+", self._articles[self._ids[number]].text)
        worth = [sum(self._idf(w) for w in asked & set(_words(s))) for s in sentences]
        chosen = heapq.nlargest(SENTENCES, range(len(sentences)), key=lambda n: (worth[n], -n))
        return Reply(" ".join(sentences[n] for n in sorted(chosen)), score)

    def published(self, article_id: str) -> date | None:
        return self._articles[article_id].published

    def _idf(self, word: str) -> float:
        within = len(self._postings[word][0]) if word in self._postings else 0
        return math.log(1 + (len(self._ids) - within + 0.5) / (within + 0.5))

    def _best(self, text: str, k: int, since: date | None = None) -> list[tuple[float, int]]:
        scores: dict[int, float] = {}
        for word in set(_words(text)):
            if word not in self._postings:
                continue
            idf = self._idf(word)
            for number, times in zip(*self._postings[word], strict=True):
                length = self.k1 * (1 - self.b + self.b * self._lengths[number] / self._mean)
                gain = idf * times * (self.k1 + 1) / (times + length)
                scores[number] = scores.get(number, 0.0) + gain
        allowed = ((s, n) for n, s in scores.items() if since is None or self._is_new(n, since))
        return heapq.nsmallest(k, allowed, key=lambda pair: (-pair[0], pair[1]))

    def _is_new(self, number: int, since: date) -> bool:
        on = self._articles[self._ids[number]].published
        return on is not None and on >= since


class Dense:
    """Cosine over all chunks of the same index, by the same model, and nothing else."""

    name = "dense, plain"

    def __init__(self, store: Store, embedder: Embedder) -> None:
        self._store = store
        self._embedder = embedder

    def search(self, text: str) -> list[str]:
        found = [chunk for chunk, _ in self._chunks(text, DENSE_CHUNKS, None)]
        owners = self._store.owners(found)
        return distinct((owners[c].article_id for c in found if c in owners), K)

    def reply(self, question: str, since: date | None = None) -> Reply:
        """The best chunk."""
        best = self._chunks(question, 1, since)
        if not best:
            return Reply(None, -1.0)
        chunk_id, cosine = best[0]
        return Reply(self._store.chunks([chunk_id])[chunk_id].text, cosine)

    def published(self, article_id: str) -> date | None:
        return published(self._store, article_id)

    def _chunks(self, text: str, k: int, since: date | None) -> list[tuple[str, float]]:
        vector = self._embedder.embed_query(text)
        filters = Filters(date_from=since)
        return self._store.search_dense(vector, language=None, filters=filters, k=k)


class Ours:
    """Ordagrant as it is."""

    name = "Ordagrant"

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    def search(self, text: str) -> list[str]:
        hits = self._bot.retriever.search(text, detect_question(text), OUR_CHUNKS)
        return distinct((hit.chunk.article_id for hit in hits), K)

    def reply(self, question: str, since: date | None = None) -> Reply:
        sure, answer = 0.0, None
        for event in self._bot.stream(question, (), Filters(date_from=since)):
            if isinstance(event, EvidenceFound):
                sure = event.evidence.answerable
            elif isinstance(event, Finished):
                answer = event.answer
        return Reply(_prose(answer), sure)

    def published(self, article_id: str) -> date | None:
        return published(self._bot.store, article_id)


def published(store: Store, article_id: str) -> date | None:
    """The day that the store has for an article."""
    info = store.info([article_id]).get(article_id)
    return None if info is None else info.published.on


def _prose(answer: Answer | None) -> str | None:
    if answer is None or answer.status == "refused":
        return None
    return re.sub(r"\s?\[\d+\]", "", answer.answer)


def _words(text: str) -> Iterable[str]:
    return _WORD.findall(text.casefold())
