"""Ordagrant: answers about news articles that stand, word for word, on exact quotations."""

from __future__ import annotations

__version__ = "0.1.0"
