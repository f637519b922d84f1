"""`Filters` as SQL conditions over the articles table."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement

from rag.store.schema import articles
from rag.types import Filters


def day_number(day: date | None) -> int | None:
    """2025-04-22 as 20250422: sorts, compares, and fits SQL and Chroma alike."""
    return None if day is None else day.year * 10_000 + day.month * 100 + day.day


def day_from_number(number: int | None) -> date | None:
    if number is None:
        return None
    return date(number // 10_000, number // 100 % 100, number % 100)


def conditions(filters: Filters) -> list[ColumnElement[bool]]:
    """Conditions that an article must meet; an article without a date meets no date filter."""
    found: list[ColumnElement[bool]] = []
    if filters.date_from is not None:
        found.append(articles.c.published_on >= day_number(filters.date_from))
    if filters.date_to is not None:
        found.append(articles.c.published_on <= day_number(filters.date_to))
    if filters.source:
        found.append(articles.c.label.contains(filters.source.casefold(), autoescape=True))
    if filters.language:
        found.append(articles.c.language == filters.language)
    return found
