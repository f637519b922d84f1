"""What a visitor's page is set to, besides the conversation: a value that is never changed."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import Literal

from rag.types import Filters
from rag.ui.session import ALL

View = Literal["talk", "articles"]

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")  # of 32 bytes


@dataclass(frozen=True, slots=True)
class Link:
    """A question that came with the page's address."""

    question: str
    filters: Filters


@dataclass(frozen=True, slots=True)
class Visit:
    """Whose visit it is, and what the sidebar, the composer and the views are set to."""

    owner: str = ""  # the token of the visitor's browser; "" keeps nothing
    search: str = ""  # what the list of conversations is searched for
    filters: Filters = ALL  # of the next question
    editing: int | None = None  # the place of the exchange that the next question replaces
    view: View = "talk"
    link: Link | None = None  # to be asked once the page stands


def owner_token(kept: object) -> str:
    """The token that a browser kept, or a new one where it kept none that could be ours."""
    if isinstance(kept, str) and _TOKEN.fullmatch(kept):
        return kept
    return secrets.token_urlsafe(32)
