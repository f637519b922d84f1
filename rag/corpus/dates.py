"""placeholder"""

from __future__ import annotations

from rag.corpus.raw import RawArticle
from rag.types import Mask, Published


def find_published(raw: RawArticle, masks: tuple[Mask, ...], language: str) -> Published:
    return raw.published
