"""A possibility, an intention or a claim must not be told as a fact."""

from __future__ import annotations

from collections.abc import Sequence

from rag.answering.checks.bilingual import places
from rag.answering.checks.case import Case, Finding
from rag.answering.checks.lexicon import words
from rag.answering.checks.text import Token, is_stop
from rag.answering.reasons import why

_REACH = 5
_KINDS = (("modals", "possibility"), ("intents", "intention"), ("claims", "claim"))


def check_modality(case: Case) -> list[Finding]:
    """The quote hedges the statement's own words, and the statement hedges nothing."""
    tokens, language = case.statement.tokens, case.statement.text.language
    if _hedged(tokens):
        return []
    for reading, a, b in case.focus():
        part = reading.tokens[a:b]
        for i, token in enumerate(part):
            kind = _kind(part, i)
            if kind is None:
                continue
            reach = [t for t in part[i + 1 : i + 1 + _REACH] if not is_stop(t) and not t.number]
            said = [t for t in reach if places(t, reading.text.language, tokens, language)]
            if len(reach) >= 2 and len(said) >= 0.6 * len(reach):
                reason = why("hedged", kind=why(kind), word=token.text)
                return [Finding("modality", reason)]
    return []


def _hedged(tokens: Sequence[Token]) -> bool:
    return any(
        _kind(tokens, i) is not None or t.lower in words("says") or t.lower in words("hedges")
        for i, t in enumerate(tokens)
    )


def _subject(token: Token) -> bool:
    return token.capital or token.lower in words("pronouns") or token.lower.endswith("s")


def _kind(tokens: Sequence[Token], i: int) -> str | None:
    """What sort of hedge the word is; `threatened`, `plans` only before `to` or `att`."""
    word = tokens[i].lower
    if word == "may" and tokens[i].capital and not tokens[i].initial:
        return None  # the month
    if word in {"claim", "claims"} and not (i and _subject(tokens[i - 1])):
        return None  # land claims
    after = tokens[i + 1].lower if i + 1 < len(tokens) else ""
    if word in words("intents") and not (after in {"to", "att"} or word.endswith("s")):
        return None
    if word in words("intents") and word.endswith("s") and after not in {"to", "att"}:
        return "intention" if word in words("passive_intents") else None
    return next((kind for name, kind in _KINDS if word in words(name)), None)
