"""Chunks: runs of whole sentences, the unit that is indexed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence

from rag.types import Article, Chunk, Sentence

CountTokens = Callable[[Sequence[str]], list[int]]


def make_chunks(
    article: Article, count_tokens: CountTokens, max_tokens: int, overlap: int
) -> list[Chunk]:
    """The article's chunks: at most `max_tokens` each, `overlap` sentences shared by neighbours.

    A chunk runs from its first sentence's start to its last one's end, so its text is the
    article's own slice. It never crosses a mask: what is masked is in no chunk. A sentence of
    more than `max_tokens` is a chunk of its own. Sentences are counted apart and added up,
    which counts a few tokens too many rather than too few.
    """
    if not article.sentences:
        return []
    counts = count_tokens([s.text for s in article.sentences])
    runs: list[tuple[int, int]] = []
    for first, last in _stretches(article):
        runs.extend(_runs(counts, first, last, max_tokens, overlap))
    return [_chunk(article, i, *run) for i, run in enumerate(runs)]


def chunk_id(article: Article, start: int, end: int) -> str:
    """24 hex digits that depend on the article, its content and the range, and nothing else."""
    key = f"{article.info.id}\0{article.info.sha256}\0{start}\0{end}"
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:24]


def _stretches(article: Article) -> Iterator[tuple[int, int]]:
    """First and last sentence (inclusive) of each run with no mask in between."""
    masks = iter(sorted(article.masks, key=lambda m: m.start))
    mask = next(masks, None)
    first = 0
    previous: Sentence | None = None
    for sentence in article.sentences:
        while mask is not None and mask.end <= (previous.end if previous else 0):
            mask = next(masks, None)
        if previous is not None and mask is not None and mask.start < sentence.start:
            yield first, previous.index
            first = sentence.index
        previous = sentence
    if previous is not None:
        yield first, previous.index


def _runs(
    counts: Sequence[int], first: int, last: int, max_tokens: int, overlap: int
) -> Iterator[tuple[int, int]]:
    """Greedy runs of sentences within one stretch, as first and last index (inclusive)."""
    start = first
    while start <= last:
        end, total = start, counts[start]
        while end < last and total + counts[end + 1] <= max_tokens:
            end += 1
            total += counts[end]
        yield start, end
        if end == last:
            return
        start = _next_start(counts, start, end, max_tokens, overlap)


def _next_start(counts: Sequence[int], start: int, end: int, max_tokens: int, overlap: int) -> int:
    """Where the next run begins: up to `overlap` sentences back, but never without progress."""
    following = end + 1
    total = counts[following]
    back = following
    while back > max(following - overlap, start + 1) and total + counts[back - 1] <= max_tokens:
        back -= 1
        total += counts[back]
    return back


def _chunk(article: Article, index: int, first: int, last: int) -> Chunk:
    start, end = article.sentences[first].start, article.sentences[last].end
    return Chunk(
        id=chunk_id(article, start, end),
        article_id=article.info.id,
        index=index,
        start=start,
        end=end,
        first_sentence=first,
        last_sentence=last,
        text=article.text[start:end],
        language=article.info.language,
    )
