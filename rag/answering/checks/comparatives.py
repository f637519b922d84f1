"""Opposed words (raise, lower), and who is on which side (A than B, A accused B)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from rag.answering.checks.case import Case, Finding, Reading
from rag.answering.checks.clauses import same_name
from rag.answering.checks.lexicon import opposites, words
from rag.answering.checks.names import Name
from rag.answering.checks.negation import negators
from rag.answering.checks.text import Token, is_stop
from rag.answering.reasons import why

_BEING = frozenset(
    ["is", "are", "was", "were", "been", "be", "är", "var", "blev", "blir", "blivit"]
)


def check_opposites(case: Case) -> list[Finding]:
    """One side of an axis in the statement, only the other side in the quote, of one thing."""
    stated = _axes(case.statement.tokens)
    findings = []
    for axis, (side, token) in stated.items():
        if side == 0:
            continue
        quoted = [
            (found[0], found[1], reading.tokens[a:b])
            for reading, a, b in case.focus()
            if (found := _axes(reading.tokens[a:b]).get(axis))
        ]
        if not quoted or any(other != -side for other, _, _ in quoted):
            continue
        if any(_flipped(case, part) for _, _, part in quoted):
            continue
        findings.append(
            Finding("opposite", why("opposite", word=token.text, other=quoted[0][1].text))
        )
    return findings


def _axes(tokens: Sequence[Token]) -> dict[str, tuple[int, Token]]:
    """Axis -> (side, word); side 0 where both sides are said."""
    found: dict[str, tuple[int, Token]] = {}
    for token in tokens:
        for axis, side in opposites().get(token.lower, ()):
            known = found.get(axis)
            found[axis] = (side if known is None or known[0] == side else 0, token)
    return found


def _flipped(case: Case, part: Sequence[Token]) -> bool:
    """A negation on either side may make opposed words agree."""
    return any(
        negators(tokens) or any(t.lower in words("denials") for t in tokens)
        for tokens in (case.statement.tokens, part)
    )


def check_order(case: Case) -> list[Finding]:
    """Names around a shared verb or comparison must stand the same way round."""
    theirs = [r for reading, a, b in case.focus() for r in _relations(reading, a, b)]
    for left, stems, right in _relations(case.statement):
        same = [(x, y) for x, others, y in theirs if stems & others]
        swapped = any(same_name(left, y) and same_name(right, x) for x, y in same)
        kept = any(same_name(left, x) and same_name(right, y) for x, y in same)
        if swapped and not kept:
            reason = why("turned_round", left=left.text, right=right.text)
            return [Finding("order", reason)]
    return []


def _relations(
    reading: Reading, first: int = 0, last: int | None = None
) -> list[tuple[Name, frozenset[str], Name]]:
    """(name, stems of the words between, name) for names close together; passives turned round."""
    last = len(reading.tokens) if last is None else last
    names = [n for n in reading.names if first <= n.first and n.last <= last]
    found: list[tuple[Name, frozenset[str], Name]] = []
    for left, right in pairwise(names):
        between = reading.tokens[left.last : right.first]
        if not between or len(between) > 8 or _subordinate(between):
            continue
        before = reading.tokens[left.first - 1].lower if left.first > first else ""
        if before in words("prepositions"):
            continue
        passive = _passive(between)
        if not passive and any(t.lower in _BEING for t in between):
            continue  # "was traded to": who did it is not said
        pair = (right, left) if passive else (left, right)
        found.append((pair[0], frozenset(t.stem for t in between if not is_stop(t)), pair[1]))
    return found


def _passive(between: Sequence[Token]) -> bool:
    """`was accused by`, `anklagades av`: not `a student av`."""
    for i, token in enumerate(between[-2:], start=max(0, len(between) - 2)):
        if token.lower == "by":
            return True
        if token.lower == "av" and i and between[i - 1].lower.endswith(("s", "ad", "ade", "dd")):
            return True
    return False


def _subordinate(between: Sequence[Token]) -> bool:
    return any(t.lower in words("subordinators") for t in between)
