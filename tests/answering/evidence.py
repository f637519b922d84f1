"""Hand-made evidence for the tests of this room."""

from __future__ import annotations

from datetime import date

from rag.types import ArticleInfo, Evidence, Published, Sentence


def item(
    n: int,
    article: str,
    text: str,
    on: date | None = date(2025, 6, 6),
    *,
    witness: str | None = None,
    context: str | None = None,
    score: float = 0.9,
) -> Evidence:
    """One sentence of an article that is its own witness unless said otherwise."""
    info = ArticleInfo(
        article, None, article, article, "en", Published(on, "stated" if on else None), (),
        "0" * 64, witness or article,
    )  # fmt: skip
    return Evidence(n, info, Sentence(article, n, 0, len(text), text), score, context)
