from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from rag.corpus.build import build_article
from rag.corpus.raw import RawArticle
from rag.types import Article

SEEDS = Path(__file__).parents[2] / "seeds"


@pytest.fixture
def make_article() -> Callable[..., Article]:
    def make(text: str, **fields: object) -> Article:
        given = {"id": "a", "source": "/a.txt", "origin": "/a.txt", "media": "txt"} | fields
        return build_article(RawArticle(text=text, **given))  # type: ignore[arg-type]

    return make


def count_words(texts: Sequence[str]) -> list[int]:
    """A tokeniser that can be checked by hand: a word a token."""
    return [len(text.split()) for text in texts]
