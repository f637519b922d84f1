"""API keys: named, scoped, kept as digests only.

A key is `og_<id>_<secret>`: the id finds its row, the secret is 256 random bits. Its digest is
one round of SHA-256 and not scrypt: a slow hash is against guessing, and 256 random bits cannot
be guessed at any speed, while it would cost every request 50 ms or more of CPU time, also those
with a wrong key.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Any, Literal, get_args

from sqlalchemy import Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from rag.errors import InputError
from rag.store.database import Database
from rag.store.keeping import now, storable
from rag.store.schema import api_keys

Scope = Literal["read", "ask", "manage"]
SCOPES: tuple[Scope, ...] = get_args(Scope)

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_KEY = re.compile(r"og_([0-9a-f]{12})_[A-Za-z0-9_-]{43}")
_NOBODY = "0" * 64


@dataclass(frozen=True, slots=True)
class Key:
    """What is known of a key. Times are ISO 8601 in UTC."""

    id: str
    name: str
    scopes: frozenset[Scope]
    created: str
    rotated: str | None
    revoked: str | None


class Keys:
    """The keys of one store. Safe between threads; a change counts from the next request."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, name: str, scopes: frozenset[Scope]) -> str:
        """A new key, told this once; raises `InputError` for a name that is taken or unusable."""
        if not _NAME.fullmatch(name):
            raise InputError(
                f"A key cannot be called {name!r}: use up to 64 letters, digits, dots, hyphens "
                "and underscores."
            )
        key_id, key = _new()
        try:
            with self._database.write() as connection:
                connection.execute(
                    insert(api_keys).values(
                        id=key_id,
                        name=name,
                        digest=_digest(key),
                        scopes=" ".join(scope for scope in SCOPES if scope in scopes),
                        created=now(),
                    )
                )
        except Exception as error:
            if isinstance(error.__cause__, IntegrityError):
                raise InputError(
                    f"There is a key called {name} already: choose another name, or give it a "
                    f"new secret with `ordagrant keys rotate {name}`."
                ) from None
            raise
        return key

    def list(self) -> list[Key]:
        """All keys, revoked ones too, by name."""
        with self._database.read() as connection:
            rows = connection.execute(select(api_keys).order_by(api_keys.c.name)).all()
        return [_to_key(row) for row in rows]

    def rotate(self, name: str) -> str:
        """A new secret for a key, told this once; the old one ends here and now.

        Raises `InputError` where there is no such key or it was revoked.
        """
        with self._database.write() as connection:
            found = select(api_keys).where(
                api_keys.c.name == storable(name), api_keys.c.revoked.is_(None)
            )
            row = connection.execute(found).first()
            if row is None:
                raise _unknown(name)
            _, key = _new(row.id)
            connection.execute(
                update(api_keys)
                .where(api_keys.c.id == row.id)
                .values(digest=_digest(key), rotated=now())
            )
        return key

    def revoke(self, name: str) -> None:
        """Ends a key for good; raises `InputError` where there is no such key in use."""
        with self._database.write() as connection:
            done = connection.execute(
                update(api_keys)
                .where(api_keys.c.name == storable(name), api_keys.c.revoked.is_(None))
                .values(revoked=now())
            )
        if done.rowcount == 0:
            raise _unknown(name)

    def find(self, key: str) -> Key | None:
        """Whose key this is; None for one that is unknown, wrong or revoked.

        The digests are compared in a time that tells nothing of where they differ.
        """
        parts = _KEY.fullmatch(key)
        row = None
        if parts is not None:
            with self._database.read() as connection:
                wanted = select(api_keys).where(api_keys.c.id == parts[1])
                row = connection.execute(wanted).first()
        right = hmac.compare_digest(_digest(key), _NOBODY if row is None else row.digest)
        return _to_key(row) if row is not None and right and row.revoked is None else None


def _new(key_id: str | None = None) -> tuple[str, str]:
    key_id = key_id or secrets.token_hex(6)
    return key_id, f"og_{key_id}_{secrets.token_urlsafe(32)}"


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _unknown(name: str) -> InputError:
    return InputError(f"There is no key called {name!r} in use: see `ordagrant keys list`.")


def _to_key(row: Row[Any]) -> Key:
    known = frozenset(scope for scope in SCOPES if scope in row.scopes.split())
    return Key(row.id, row.name, known, row.created, row.rotated, row.revoked)
