"""Clauses: the words around a number that say what it is about, and whose it is."""

from __future__ import annotations

from rag.answering.checks.case import Case, Finding, Reading
from rag.answering.checks.lexicon import words
from rag.answering.checks.names import Name, same_word
from rag.answering.checks.numbers import matches
from rag.answering.checks.quantities import Quantity
from rag.answering.checks.text import is_stop
from rag.answering.reasons import why

_MARKS = ";:()"
_TURNS = frozenset(["while", "whereas", "but", "although", "medan", "men", "fast", "where", "där"])
_JOINS = frozenset(["and", "och", "with", "med", "which", "who"])


def clause(reading: Reading, first: int, last: int) -> tuple[int, int]:
    """Tokens around [first, last) up to `;`, `while`, `, and` and the like."""
    start, end = next(b for b in reading.text.bounds if b[0] <= first < b[1])
    while first > start and not _divides(reading, first):
        first -= 1
    while last < end and not _divides(reading, last):
        last += 1
    return first, last


def said(reading: Reading, first: int, last: int) -> str:
    """The text's own words of tokens [first, last), quotation marks at the edges included."""
    raw, start, end = reading.text.raw, reading.tokens[first].start, reading.tokens[last - 1].end
    while start and raw[start - 1] in '“”‘"«':
        start -= 1
    while end < len(raw) and raw[end] in '”’"»':
        end += 1
    return raw[start:end]


def _divides(reading: Reading, i: int) -> bool:
    """Whether a clause ends before token `i`."""
    token, before = reading.tokens[i], reading.tokens[i - 1]
    gap = reading.text.raw[before.end : token.start]
    if any(mark in gap for mark in _MARKS):
        return True
    return token.lower in _TURNS or ("," in gap and token.lower in _JOINS)


def subject(reading: Reading, first: int, last: int) -> Name | None:
    """The first name of [first, last) that no preposition leads in."""
    for name in reading.names:
        if not (first <= name.first and name.last <= last):
            continue
        before = reading.tokens[name.first - 1].lower if name.first else ""
        article = before in {"the", "den", "det"} and name.first > 1
        lead = reading.tokens[name.first - 2].lower if article else before
        if lead not in words("prepositions"):
            return name
    return None


def same_name(a: Name, b: Name) -> bool:
    """Two names for one person, place or body."""
    if a.key is not None or b.key is not None:
        return a.key == b.key
    return any(same_word(x, y) for x in a.parts for y in b.parts)


def check_binding(case: Case) -> list[Finding]:
    """A number must stay with its own subject: not China's cut told as the US's."""
    findings = []
    for stated in case.statement.quantities:
        mine = subject(case.statement, *clause(case.statement, stated.first, stated.last))
        if stated.weak or mine is None or _of_name(case.statement, stated):
            continue
        owners = [owner for quote in case.quotes for owner in _owners(quote, stated, mine)]
        if owners and None not in owners:
            other = owners[0].text if owners[0] else ""
            reason = why("tied", what=stated.text, other=other, name=mine.text)
            findings.append(Finding("order", reason))
    return findings


def _of_name(reading: Reading, stated: Quantity) -> bool:
    """`Sonic Adventure 2`, `the Big 12`: part of what a thing is called."""
    before = reading.tokens[stated.first - 1] if stated.first else None
    return stated.kind in {"bare", "count"} and before is not None and before.capital


def _owners(quote: Reading, stated: Quantity, mine: Name) -> list[Name | None]:
    """For each match of the number: whose it is instead, or None where nothing is wrong.

    Wrong only where the quote has a clause of `mine`'s own, and the number stands in
    another's.
    """
    found: list[Name | None] = []
    for quoted in quote.quantities:
        if not matches(stated, quoted):
            continue
        bounds = clause(quote, quoted.first, quoted.last)
        owner = subject(quote, *bounds)
        present = any(
            same_name(name, mine) and not _modifies(quote, name)
            for name in quote.names
            if bounds[0] <= name.first and name.last <= bounds[1]
        )
        wrong = owner is not None and not same_name(owner, mine) and not present
        found.append(owner if wrong and _heads_another(quote, bounds, mine) else None)
    return found


def _modifies(reading: Reading, name: Name) -> bool:
    """`Chinese goods`: the name only describes the next word."""
    after = reading.tokens[name.last] if name.last < len(reading.tokens) else None
    return after is not None and after.text.islower() and not is_stop(after)


def _heads_another(quote: Reading, bounds: tuple[int, int], mine: Name) -> bool:
    start, end = next(b for b in quote.text.bounds if b[0] <= bounds[0] < b[1])
    spans = [clause(quote, i, i + 1) for i in range(start, end)]
    heads = [subject(quote, *span) for span in set(spans) if span != bounds]
    return any(head is not None and same_name(head, mine) for head in heads)
