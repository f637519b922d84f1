"""Conversations: what a visitor asked and was answered, kept across reloads and restarts.

Each belongs to the token that its visitor's browser keeps, of which only the SHA-256 is stored.
What is not the visitor's own is "not there", whether it exists or not. Every change is a short
transaction of its own that takes no part in the store's write lock, so it waits for one batch
of an ingest at most, never for the whole of it.
"""

from __future__ import annotations

import logging
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Any

from pydantic import ValidationError
from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    delete,
    exists,
    func,
    insert,
    or_,
    select,
    update,
)

from rag.store.database import Database
from rag.store.keeping import forgotten_before, now, one_line, owner_key, storable
from rag.store.schema import conversations, exchange_filters, exchanges
from rag.types import Answer, Filters

log = logging.getLogger(__name__)

MOST_TITLE = 200  # characters
_MOST_SEARCHED = 200  # characters of a search that are looked at
_ALL = Filters()
_RESTRICTIONS = tuple(c for c in exchange_filters.c if not c.primary_key)
UNREADABLE = (
    "This answer was kept by another version of Ordagrant and cannot be shown: ask the question "
    "again."
)


@dataclass(frozen=True, slots=True)
class Conversation:
    """What the list of conversations shows of one."""

    id: str
    title: str
    created: str  # ISO 8601, UTC
    updated: str  # when an exchange was last written
    exchanges: int


@dataclass(frozen=True, slots=True)
class StoredExchange:
    """A question and what came of it: an answer, a problem, or nothing where it was stopped."""

    place: int  # within the conversation, from 0
    question: str
    standalone: str | None  # the question as it was rewritten
    answer: Answer | None
    problem: str | None  # a sentence for the visitor
    stopped: bool
    filters: Filters = _ALL  # which articles it was asked of


# Named here, as within the class `list` is its method.
Listed = list[Conversation]
Exchanges = list[StoredExchange]


class Conversations:
    """The conversations of all visitors, each for its owner alone. Safe between threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, owner: str, search: str = "", limit: int = 200) -> Listed:
        """The owner's conversations, the one last written to first.

        With `search`, those whose title, questions and answers hold all of its words or parts
        of words, in any case.
        """
        number = (
            select(func.count())
            .where(exchanges.c.conversation_key == conversations.c.key)
            .scalar_subquery()
        )
        wanted = select(conversations, number.label("number")).where(
            conversations.c.owner == owner_key(owner),
            conversations.c.deleted.is_(None),
            *(_holds(word) for word in _folded(search[:_MOST_SEARCHED]).split()),
        )
        newest = wanted.order_by(conversations.c.updated.desc(), conversations.c.key.desc())
        with self._database.read() as connection:
            return [
                Conversation(row.id, row.title, row.created, row.updated, row.number)
                for row in connection.execute(newest.limit(max(0, limit)))
            ]

    def start(self, owner: str, title: str) -> str:
        """A new conversation; returns its id, which nobody can guess.

        Of the title the first `MOST_TITLE` characters are kept.
        """
        title, at, name = one_line(title, MOST_TITLE), now(), secrets.token_urlsafe(16)
        with self._database.write() as connection:
            connection.execute(
                insert(conversations).values(
                    id=name,
                    owner=owner_key(owner),
                    title=title,
                    folded=_folded(title),
                    created=at,
                    updated=at,
                )
            )
        return name

    def title(self, owner: str, conversation: str) -> str | None:
        """What a conversation is called; None where there is no such conversation."""
        with self._database.read() as connection:
            key = _key(connection, owner, conversation, deleted=False)
            called = select(conversations.c.title).where(conversations.c.key == key)
            return connection.execute(called).scalar_one_or_none()

    def read(self, owner: str, conversation: str) -> Exchanges | None:
        """The exchanges in their order; None where there is no such conversation."""
        with self._database.read() as connection:
            key = _key(connection, owner, conversation, deleted=False)
            if key is None:
                return None
            rows = connection.execute(
                select(exchanges, *_RESTRICTIONS)
                .join(exchange_filters, isouter=True)
                .where(exchanges.c.conversation_key == key)
                .order_by(exchanges.c.place)
            ).all()
        return [_to_exchange(row) for row in rows]

    def write(self, owner: str, conversation: str, exchange: StoredExchange) -> bool:
        """Put an exchange at its place and drop those after it; False where there is none.

        A conversation deleted meanwhile takes it too, so that undoing brings back all of it.
        Raises `ValueError` for a place below 0.
        """
        if exchange.place < 0:
            raise ValueError(f"an exchange's place counts from 0, got {exchange.place}")
        with self._database.write() as connection:
            key = _key(connection, owner, conversation)
            if key is None:
                return False
            connection.execute(
                delete(exchanges).where(
                    exchanges.c.conversation_key == key, exchanges.c.place >= exchange.place
                )
            )
            connection.execute(insert(exchanges).values(conversation_key=key, **_values(exchange)))
            if not exchange.filters.empty:
                of = {"conversation_key": key, "place": exchange.place}
                restricted = insert(exchange_filters).values(**of, **_restrictions(exchange))
                connection.execute(restricted)
            connection.execute(
                update(conversations).where(conversations.c.key == key).values(updated=now())
            )
        return True

    def amend(self, owner: str, conversation: str, exchange: StoredExchange) -> bool:
        """Put another answer to the question at its place, leaving those after it as they are.

        False where the same question is not there (any more).
        """
        with self._database.write() as connection:
            key = _key(connection, owner, conversation)
            if key is None:
                return False
            values = _values(exchange)
            changed = connection.execute(
                update(exchanges)
                .where(
                    exchanges.c.conversation_key == key,
                    exchanges.c.place == exchange.place,
                    exchanges.c.question == values["question"],
                )
                .values(answer=values["answer"], folded=values["folded"])
            )
            return changed.rowcount > 0

    def rename(self, owner: str, conversation: str, title: str) -> bool:
        """Give another title; False for an empty one or where there is no such conversation."""
        title = one_line(title, MOST_TITLE)
        if not title:
            return False
        return self._change(
            owner, conversation, {"title": title, "folded": _folded(title)}, deleted=False
        )

    def delete(self, owner: str, conversation: str) -> bool:
        """Take a conversation away, to be had back by `restore` for `KEPT_DAYS`."""
        return self._change(owner, conversation, {"deleted": now()}, deleted=False)

    def restore(self, owner: str, conversation: str) -> bool:
        """Undo `delete`; False where there is no such deleted conversation."""
        return self._change(owner, conversation, {"deleted": None}, deleted=True)

    def purge(self) -> int:
        """Forget for good what was deleted more than `KEPT_DAYS` ago; returns how many."""
        old = conversations.c.deleted < forgotten_before()
        with self._database.read() as connection:
            if connection.execute(select(conversations.c.key).where(old).limit(1)).first() is None:
                return 0
        with self._database.write() as connection:
            return connection.execute(delete(conversations).where(old)).rowcount

    def _change(
        self, owner: str, conversation: str, values: dict[str, Any], *, deleted: bool
    ) -> bool:
        with self._database.write() as connection:
            key = _key(connection, owner, conversation, deleted=deleted)
            if key is None:
                return False
            connection.execute(
                update(conversations).where(conversations.c.key == key).values(values)
            )
        return True


def _key(
    connection: Connection, owner: str, conversation: str, *, deleted: bool | None = None
) -> int | None:
    """The owner's conversation of that id; `deleted` None takes it either way."""
    wanted = select(conversations.c.key).where(
        conversations.c.owner == owner_key(owner), conversations.c.id == storable(conversation)
    )
    if deleted is not None:
        gone = conversations.c.deleted.is_not(None)
        wanted = wanted.where(gone if deleted else ~gone)
    key: int | None = connection.execute(wanted).scalar_one_or_none()
    return key


def _holds(word: str) -> ColumnElement[bool]:
    """Is the (folded) word in the title or in one of the exchanges?"""
    inside = exists().where(
        and_(
            exchanges.c.conversation_key == conversations.c.key,
            func.instr(exchanges.c.folded, word) > 0,
        )
    )
    return or_(func.instr(conversations.c.folded, word) > 0, inside)


def _folded(text: str) -> str:
    # SQLite folds ASCII alone: Å and å would be two letters to it.
    return unicodedata.normalize("NFC", storable(text)).casefold()


def _values(exchange: StoredExchange) -> dict[str, Any]:
    answer = exchange.answer
    told = [exchange.question, exchange.standalone or "", answer.answer if answer else ""]
    return {
        "place": exchange.place,
        "question": storable(exchange.question),
        "standalone": None if exchange.standalone is None else storable(exchange.standalone),
        "answer": None if answer is None else answer.model_dump_json(),
        "problem": None if exchange.problem is None else storable(exchange.problem),
        "stopped": int(exchange.stopped),
        "folded": _folded("\n".join(told)),
    }


def _restrictions(exchange: StoredExchange) -> dict[str, str | None]:
    filters = exchange.filters
    return {
        "date_from": filters.date_from.isoformat() if filters.date_from else None,
        "date_to": filters.date_to.isoformat() if filters.date_to else None,
        "source": filters.source and storable(filters.source),
        "language": filters.language and storable(filters.language),
    }


def _to_filters(row: Row[Any]) -> Filters:
    first, last = (iso and date.fromisoformat(iso) for iso in (row.date_from, row.date_to))
    return Filters(first or None, last or None, row.source, row.language)


def _to_exchange(row: Row[Any]) -> StoredExchange:
    answer, problem = None, row.problem
    if row.answer is not None:
        try:
            answer = Answer.model_validate_json(row.answer)
        except ValidationError as error:
            log.warning("an answer of a conversation cannot be read: %s", error.errors()[:1])
            problem = UNREADABLE
    return StoredExchange(
        place=row.place,
        question=row.question,
        standalone=row.standalone,
        answer=answer,
        problem=problem,
        stopped=bool(row.stopped),
        filters=_to_filters(row),
    )
