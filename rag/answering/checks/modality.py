"""A possibility, an intention or a claim must not be told as a fact."""

from __future__ import annotations

from collections.abc import Sequence

from rag.answering.checks.case import Case, Finding
from rag.answering.checks.lexicon import words
from rag.answering.checks.text import Token, is_stop

_REACH = 5
_KINDS = (("modals", "a possibility"), ("intents", "an intention"), ("claims", "a claim"))


def check_modality(case: Case) -> list[Finding]:
    """The quote hedges the statement's own words, and the statement hedges nothing."""
    if any(_hedged(case.statement.tokens)):
        return []
    content = {t.stem for t in case.statement.tokens if not is_stop(t) and not t.number}
    for reading, a, b in case.focus():
        part = reading.tokens[a:b]
        for i, token in enumerate(part):
            kind = _kind(token)
            if kind is None:
                continue
            reach = {
                t.stem for t in part[i + 1 : i + 1 + _REACH] if not is_stop(t) and not t.number
            }
            if len(reach) >= 2 and len(reach & content) >= 0.6 * len(reach):
                reason = f"Its quote gives this as {kind} (“{token.text}”), not as a fact."
                return [Finding("modality", reason)]
    return []


def _hedged(tokens: Sequence[Token]) -> list[bool]:
    return [
        True
        for t in tokens
        if _kind(t) is not None
        or t.lower
        in words("says") | {"according", "enligt", "would", "skulle", "to", "will", "kommer"}
    ]


def _kind(token: Token) -> str | None:
    return next((kind for name, kind in _KINDS if token.lower in words(name)), None)
