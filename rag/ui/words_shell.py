"""The words of the page around the conversation: conversations, filters, editing: key -> (English, Swedish)."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {}
