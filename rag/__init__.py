"""Ordagrant: answers about news articles that stand, word for word, on exact quotations.

from rag import Bot, load_settings

with Bot.open(load_settings(data=".ordagrant")) as bot:
    answer = bot.ask("What did Trump and Xi talk about?")
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rag.bot import Bot
    from rag.client import Client
    from rag.settings import Settings, load_settings
    from rag.types import Answer, Filters, Turn

__version__ = "0.1.0"

# Loaded when first asked for: the bot takes seconds that `import rag` should not.
_WHERE = {
    "Answer": "rag.types",
    "Bot": "rag.bot",
    "Client": "rag.client",
    "Filters": "rag.types",
    "Settings": "rag.settings",
    "Turn": "rag.types",
    "load_settings": "rag.settings",
}

__all__ = ["Answer", "Bot", "Client", "Filters", "Settings", "Turn", "load_settings"]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'rag' has no attribute {name!r}")
    return getattr(import_module(_WHERE[name]), name)
