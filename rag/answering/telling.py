"""What is told besides the composer's statements, and in which order.

Conflicts and changes depend on the evidence alone, so they are known before the first
statement is: a change leads the answer to a question about how things are now, and a
statement that gives an overtaken value comes after it, with its day.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rag.answering.assemble import (
    Accepted,
    Quotes,
    change_statement,
    change_value,
    conflict_statement,
    conflict_value,
    make_statements,
)
from rag.answering.changes import ChangeDraft, find_changes, leads, wants_now
from rag.answering.conflicts import ConflictDraft, find_conflicts
from rag.answering.phrases import phrase
from rag.answering.spans import Read, answering_figures
from rag.answering.wording import day
from rag.types import Change, Conflict, EvidenceSet, Statement


@dataclass(frozen=True, slots=True)
class Besides:
    """Where the evidence disagrees with itself or was overtaken."""

    conflicts: tuple[ConflictDraft, ...] = ()
    changes: tuple[ChangeDraft, ...] = ()


def besides(question: str, language: str, evidence: EvidenceSet, read: Read) -> Besides:
    items = evidence.items
    answering = answering_figures(question, items, read)
    return Besides(
        tuple(find_conflicts(question, language, items, answering)),
        tuple(find_changes(question, language, items)),
    )


def in_order(
    statements: Iterable[Accepted],
    changes: Sequence[ChangeDraft],
    evidence: EvidenceSet,
    question: str,
    language: str,
) -> Iterator[Accepted]:
    """`statements` with the changes that they or the question touch on.

    An overtaken value comes last where the question asks how things are. Without any statement
    nothing comes: a change alone is no answer.
    """
    first, now = leads(question), wants_now(question)
    told: set[int] = set()
    late: list[Accepted] = []
    for place, one in enumerate(statements):
        if first and place == 0:
            told.update(range(len(changes)))
            yield from (change_statement(change, evidence, language) for change in changes)
        overtaken = [i for i, change in enumerate(changes) if change.overtakes(one.text)]
        if not (overtaken and now):
            yield one
            continue
        late.append(_dated(one, changes[overtaken[0]], language))
        fresh = [i for i in overtaken if i not in told]
        told.update(fresh)
        yield from (change_statement(changes[i], evidence, language) for i in fresh)
    yield from late


@dataclass(frozen=True, slots=True)
class Told:
    """What an answer holds: its statements, and what of them are conflicts and changes."""

    statements: tuple[Statement, ...]
    conflicts: tuple[Conflict, ...]
    changes: tuple[Change, ...]


def tell(
    accepted: Sequence[Accepted],
    beside: Besides,
    evidence: EvidenceSet,
    quotes: Quotes,
    language: str,
) -> Told:
    """The accepted statements, then one for each conflict; quotes numbered in that order."""
    ending = [conflict_statement(c, evidence, language) for c in beside.conflicts]
    statements = make_statements([*accepted, *ending], quotes)
    said = {one.text for one in accepted}
    return Told(
        statements,
        tuple(
            conflict_value(conflict, evidence, quotes, at)
            for at, conflict in enumerate(beside.conflicts, start=len(accepted))
        ),
        tuple(
            change_value(change, evidence, quotes)
            for change in beside.changes
            if change_statement(change, evidence, language).text in said
        ),
    )


def _dated(one: Accepted, change: ChangeDraft, language: str) -> Accepted:
    """The statement with the day for which its value was given, unless it tells its own."""
    days = [item.article.published.on for item in one.evidence]
    if any(on is not None and day(on, language) in one.text for on in days):
        return one
    note = phrase("as_of", language, date=day(change.before.on, language))
    return Accepted(f"{one.text.rstrip('.')} {note}.", one.evidence)
