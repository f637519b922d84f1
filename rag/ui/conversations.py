"""Conversations and feedback of one visitor as the store keeps them. Holds nothing of a visitor."""

from __future__ import annotations

import logging
import re
from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from typing import Literal, cast, get_args

from rag.errors import StoreError
from rag.export import as_json, as_markdown
from rag.store.conversations import Conversation
from rag.store.feedback import Target, Thumb
from rag.ui.protocol import ArticleStore
from rag.ui.session import Exchange, Session
from rag.ui.strings import Strings

_log = logging.getLogger(__name__)

Form = Literal["markdown", "json"]
_ENDINGS: dict[Form, tuple[str, str]] = {
    "markdown": ("md", "text/markdown"),
    "json": ("json", "application/json"),
}

# A conversation is called after its first question, which may be long.
_MOST_TITLE = 80  # characters

# What is known of a visitor's thumbs on an exchange: (target, index) -> verdict. The index of a
# statement is its place, from 0; that of a quote is its number, from 1, as the page shows it.
Verdicts = dict[tuple[str, int], str]


@dataclass(frozen=True, slots=True)
class Download:
    """A file that the browser is to save."""

    name: str
    kind: str  # its media type
    text: str


class Keeping:
    """Reads and writes what belongs to an owner. An owner of "" has nothing and keeps nothing."""

    def __init__(self, store: ArticleStore) -> None:
        self._store = store

    def list(self, owner: str, search: str = "") -> list[Conversation]:
        """The owner's conversations, newest first; raises `StoreError`."""
        return self._store.conversations.list(owner, search) if owner else []

    def open(self, owner: str, conversation: str) -> Session | None:
        """A conversation as it was left; None where the owner has none of that id."""
        if not (owner and conversation):
            return None
        kept = self._store.conversations.read(owner, conversation)
        return None if kept is None else Session.restored(conversation, kept)

    def kept(self, owner: str, session: Session) -> Session:
        """The session, its last exchange stored; with its conversation begun if it had none.

        A full disk must not cost the answer: what cannot be stored is logged, shown anyway, and
        the session says so.
        """
        if not owner:
            return session
        place = len(session.exchanges) - 1
        try:
            if session.conversation is None:
                name = self._store.conversations.start(owner, _title(session.exchanges[0].question))
                session = replace(session, conversation=name)
            stored = session.exchanges[place].stored(place)
            conversation = cast(str, session.conversation)
            kept = self._store.conversations.write(owner, conversation, stored)
        except StoreError as error:
            _log.warning("an exchange was not kept: %s", error)
            kept = False
        return replace(session, unkept=not kept)

    def amend(self, owner: str, session: Session, place: int) -> None:
        """Store an earlier exchange anew; those after it stay. Raises `StoreError`."""
        if owner and session.conversation is not None:
            stored = session.exchanges[place].stored(place)
            self._store.conversations.amend(owner, session.conversation, stored)

    def rename(self, owner: str, conversation: str, title: str) -> bool:
        return bool(owner) and self._store.conversations.rename(owner, conversation, title)

    def delete(self, owner: str, conversation: str) -> bool:
        return bool(owner) and self._store.conversations.delete(owner, conversation)

    def restore(self, owner: str, conversation: str) -> bool:
        return bool(owner) and self._store.conversations.restore(owner, conversation)

    def title(self, owner: str, conversation: str) -> str | None:
        """What a conversation is called; None where the owner has none of that id."""
        return self._store.conversations.title(owner, conversation) if owner else None

    def export(self, owner: str, conversation: str, form: str, t: Strings) -> Download | None:
        """A conversation with its quotes as a file; None where there is none, or no such form."""
        if form not in get_args(Form) or not owner:
            return None
        title = self.title(owner, conversation)
        exchanges = self._store.conversations.read(owner, conversation)
        if title is None or exchanges is None:
            return None
        ending, kind = _ENDINGS[cast(Form, form)]
        write = as_markdown if form == "markdown" else as_json
        return Download(f"{_file_name(title)}.{ending}", kind, write(title, exchanges, t.language))

    def verdicts(self, owner: str, exchanges: Sequence[Exchange]) -> dict[str, Verdicts]:
        """The owner's thumbs on these exchanges, by trace id."""
        traces = [x.answer.trace_id for x in exchanges if x.answer is not None]
        found: dict[str, Verdicts] = {trace: {} for trace in traces}
        if owner and traces:
            for given in self._store.feedback.of(owner, traces):
                found[given.trace_id][given.target, given.index] = given.verdict
        return found

    def judge(
        self,
        owner: str,
        exchange: Exchange | None,
        target: str,
        index: str,
        verdict: str,
        reason: str | None,
        *,
        back: bool = False,
    ) -> bool:
        """Keep a thumb on a part of an answer, or take it `back`. False, and nothing is kept, for
        what the answer doesn't have.

        Which of the two the page says: a thumb and its reason are two events that may arrive
        together, in either order, and neither may undo the other.
        """
        if exchange is None or exchange.answer is None or not owner:
            return False
        if target not in get_args(Target) or verdict not in get_args(Thumb):
            return False
        if not (index.isascii() and index.isdigit() and len(index) <= 4):
            return False
        answer, at = exchange.answer, int(index)
        known: dict[str, Container[int]] = {
            "answer": range(1),
            "statement": range(len(answer.statements)),
            "quote": {quote.n for quote in answer.quotes},
        }
        if at not in known[target]:
            return False
        now = self.verdicts(owner, [exchange])[answer.trace_id].get((target, at))
        if back or reason is not None or now != verdict:
            self._store.feedback.give(
                owner,
                answer.trace_id,
                cast(Target, target),
                at,
                None if back else cast(Thumb, verdict),
                reason or "",
            )
        return True


def _title(question: str) -> str:
    line = " ".join(question.split())
    return line if len(line) <= _MOST_TITLE else line[: _MOST_TITLE - 1].rstrip() + "…"


def _file_name(title: str) -> str:
    """A name that every file system takes."""
    return re.sub(r"[^\w-]+", "-", title)[:60].strip("-_") or "ordagrant"
