"""From built articles to articles ready to be written: chunks and vectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.corpus.chunks import make_chunks
from rag.corpus.duplicates import signature
from rag.errors import ModelError
from rag.models.embedding import Embedder
from rag.settings import Settings
from rag.store.writer import Prepared
from rag.types import Article, Chunk


@dataclass(frozen=True, slots=True)
class Cut:
    """An article with its chunks, before it is embedded."""

    article: Article
    chunks: tuple[Chunk, ...]
    origin: str
    content_key: str
    info_key: str


def cut(
    article: Article,
    embedder: Embedder,
    settings: Settings,
    *,
    origin: str,
    content_key: str,
    info_key: str,
) -> Cut:
    """Chunk an article by the embedder's own count of tokens."""
    chunks = make_chunks(
        article, embedder.count_tokens, settings.chunk_tokens, settings.chunk_overlap
    )
    return Cut(article, tuple(chunks), origin, content_key, info_key)


def embed(embedder: Embedder, texts: Sequence[str]) -> NDArray[np.float32]:
    """(len(texts), dimension) vectors, in the order of `texts`.

    They are handed over sorted by length: a batch is padded to its longest text, so mixed
    lengths cost the model up to twice the work.
    """
    vectors = np.zeros((len(texts), embedder.dimension), dtype=np.float32)
    if not texts:
        return vectors
    order = sorted(range(len(texts)), key=lambda position: len(texts[position]))
    found = embedder.embed_passages([texts[position] for position in order])
    if found.shape != vectors.shape or not np.isfinite(found).all():
        raise ModelError(
            f"The embedding model {embedder.name} gave vectors that cannot be used (shape "
            f"{found.shape}, {vectors.shape} expected): choose another with `embedding`."
        )
    vectors[order] = found
    return vectors


def embedded_text(title: str | None, chunk: Chunk) -> str:
    """What stands for a chunk in the dense index: its article's title, then its own text."""
    if not title or title in chunk.text:
        return chunk.text
    return f"{title}\n{chunk.text}"


def prepare(
    cuts: Sequence[Cut], embedder: Embedder, index_key: str, *, titles: bool
) -> list[Prepared]:
    """Embed the chunks of several articles together, with `titles` each under its article's."""
    texts = [
        embedded_text(item.article.info.title if titles else None, chunk)
        for item in cuts
        for chunk in item.chunks
    ]
    vectors = embed(embedder, texts)
    prepared, start = [], 0
    for item in cuts:
        end = start + len(item.chunks)
        prepared.append(
            Prepared(
                article=item.article,
                chunks=item.chunks,
                vectors=vectors[start:end],
                origin=item.origin,
                content_key=item.content_key,
                info_key=item.info_key,
                index_key=index_key,
                signature=signature(item.article),
            )
        )
        start = end
    return prepared
