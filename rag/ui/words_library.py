"""The words of the page of the articles: key -> (English, Swedish)."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {}
