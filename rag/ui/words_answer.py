"""The words of an answer, its quotes and the article beside it: key -> (English, Swedish)."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {}
