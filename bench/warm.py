"""A loaded bot: time to the quotes, time to the complete answer, and how fast ingest is."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rag.models.embedding import Embedder
from rag.settings import Settings
from rag.types import Event, EvidenceFound, Finished

CHUNK_TOKENS = 180
_SEED = 20_261


class Streamer(Protocol):
    """What is needed of a bot."""

    def stream(self, question: str) -> Iterator[Event]: ...


def to_quotes(bot: Streamer, question: str) -> float:
    """Milliseconds from the question to the evidence that the door can show."""
    begun = time.perf_counter()
    stream = bot.stream(question)
    try:
        for event in stream:
            if isinstance(event, EvidenceFound | Finished):
                break
        return 1000 * (time.perf_counter() - begun)
    finally:
        # A generator: closing it stops the answer. A plain iterator needs no stopping.
        close = getattr(stream, "close", None)
        if close is not None:
            close()


def to_answer(bot: Streamer, question: str) -> float:
    """Milliseconds from the question to the finished answer."""
    begun = time.perf_counter()
    finished = [e for e in bot.stream(question) if isinstance(e, Finished)]
    took = 1000 * (time.perf_counter() - begun)
    if len(finished) != 1:
        raise AssertionError("a stream ends with one Finished")
    return took


@dataclass(frozen=True, slots=True)
class IngestRate:
    """`per_second` counts the corpus's tokens in chunks of 180, overlaps left out."""

    chunks: int
    tokens: int
    seconds: float

    @property
    def per_second(self) -> float:
        return self.tokens / CHUNK_TOKENS / self.seconds


def synthetic_corpus(path: Path, texts: Sequence[str], articles: int) -> int:
    """Writes articles of shuffled words from `texts`; returns how many characters.

    Shuffling keeps the tokens and their cost but leaves no near-duplicates, which ingest would
    treat otherwise. The same corpus every time.
    """
    rng = random.Random(_SEED)  # noqa: S311 - shuffling, not a secret
    sentences = [s.split() for text in texts for s in text.replace("\n", " ").split(". ") if s]
    written = 0
    with path.open("w", encoding="utf-8") as out:
        for number in range(articles):
            parts = []
            for words in rng.sample(sentences, k=min(60, len(sentences))):
                mixed = rng.sample(words, k=len(words))
                parts.append(" ".join(mixed).capitalize().rstrip(".") + ".")
            text = " ".join(parts)
            written += len(text)
            row = {"id": f"made-{number}", "text": text}
            out.write(json.dumps(row, ensure_ascii=False) + "\n")
    return written


def ingest_rate(corpus: Path, settings: Settings, embedder: Embedder) -> IngestRate:
    """Ingests a .jsonl into the (new) data folder of `settings`, the model being warm."""
    from rag.store.ingest import ingest
    from rag.store.store import Store

    embedder.embed_passages(["warm up " * 100] * 8)
    with corpus.open(encoding="utf-8") as lines:
        tokens = sum(embedder.count_tokens([json.loads(line)["text"] for line in lines]))
    with closing(Store.open(settings)) as store:
        begun = time.perf_counter()
        summary = ingest(store, [corpus], embedder, settings)
        took = time.perf_counter() - begun
    return IngestRate(summary.chunks, tokens, took)
