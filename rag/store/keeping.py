"""What conversations, feedback and the bin share: whose a row is, when, and for how long."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

# What was deleted can be had back for this long; the next opening after that forgets it.
KEPT_DAYS = 30


def owner_key(owner: str) -> str:
    """What is stored in the place of a visitor's token: its SHA-256 (hex).

    Whoever reads the database cannot act as a visitor. Raises `ValueError` for an empty token,
    which would be everybody's.
    """
    if not owner:
        raise ValueError("an owner needs a token")
    return hashlib.sha256(owner.encode("utf-8", "surrogatepass")).hexdigest()


def now() -> str:
    """ISO 8601 in UTC, to the microsecond: sorts as it reads."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def forgotten_before() -> str:
    """What was deleted earlier than this is not kept any longer."""
    return (datetime.now(UTC) - timedelta(days=KEPT_DAYS)).isoformat(timespec="microseconds")


def storable(text: str) -> str:
    """`text` with what UTF-8 cannot hold (half a surrogate pair) as question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")


def one_line(text: str, most: int) -> str:
    """At most `most` characters of `text`, on one line, its spaces single."""
    return " ".join(storable(text[: 8 * most]).split())[:most].rstrip()
