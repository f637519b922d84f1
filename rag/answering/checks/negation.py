"""Negation: what a statement denies its quote must deny, and the other way round."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.answering.checks.case import Case, Finding, Reading
from rag.answering.checks.lexicon import phrases, words
from rag.answering.checks.text import Token, is_stop

# A negation reaches some words on: "did not agree to lower the tariffs".
_REACH = 6
_TURNS = frozenset(
    [
        "but",
        "men",
        "however",
        "although",
        "though",
        "while",
        "whereas",
        "medan",
        "because",
        "eftersom",
    ]
)


def negators(tokens: Sequence[Token]) -> list[int]:
    """Positions of the words that negate; `not only` and `inte minst` do not."""
    lowered = [t.lower for t in tokens]
    idle: set[int] = set()
    for phrase in phrases("not_negating"):
        for i in range(len(lowered) - len(phrase) + 1):
            if tuple(lowered[i : i + len(phrase)]) == phrase:
                idle.update(range(i, i + len(phrase)))
    return [
        i
        for i, word in enumerate(lowered)
        if i not in idle and (word in words("negators") or word.endswith("n't"))
    ]


def scope(tokens: Sequence[Token], i: int) -> set[str]:
    """Stems of the content words a negator at `i` denies."""
    found: set[str] = set()
    for token in tokens[i + 1 : i + 1 + _REACH]:
        if token.lower in _TURNS:
            break
        if not is_stop(token) and not token.number:
            found.add(token.stem)
    # Swedish puts `inte` after the verb: "han sade inte", "räntan höjs inte".
    if tokens[i].lower in {"inte", "aldrig", "ej", "inget", "inga"}:
        found.update(t.stem for t in tokens[max(0, i - 2) : i] if not is_stop(t))
    return found


def denied(tokens: Sequence[Token]) -> set[str]:
    """Stems of all that the tokens deny, by a negator or a verb of denial."""
    places = [*negators(tokens), *(i for i, t in enumerate(tokens) if t.lower in words("denials"))]
    return {stem for i in places for stem in scope(tokens, i)}


def has_denial(tokens: Sequence[Token]) -> bool:
    negative = re.compile(r"^(?:un|in|im|dis|non|o)\w{5,}|\w{3,}(?:less|lös|löst|lösa)$")
    return bool(negators(tokens)) or any(
        t.lower in words("denials") or negative.match(t.lower) for t in tokens
    )


def check_negation(case: Case) -> list[Finding]:
    focus = case.focus()
    if not focus:
        return []
    return [*_added(case, focus), *_dropped(case, focus)]


def _added(case: Case, focus: list[tuple[Reading, int, int]]) -> list[Finding]:
    """The statement denies what no quote denies."""
    tokens = case.statement.tokens
    places = negators(tokens)
    if not places:
        return []
    quoted = [reading.tokens[a:b] for reading, a, b in focus]
    if not any(has_denial(part) for part in quoted):
        said = tokens[places[0]].text
        return [Finding("negation", f"The statement says “{said}”, which its quote does not.")]
    own = {stem for i in places for stem in scope(tokens, i)}
    for part in quoted:
        shared = own & {t.stem for t in part}
        if shared and not shared & denied(part) and not negators(part):
            return [Finding("negation", "The statement denies what its quote affirms.")]
    return []


def _dropped(case: Case, focus: list[tuple[Reading, int, int]]) -> list[Finding]:
    """A quote denies what the statement affirms."""
    stated = case.statement.tokens
    if has_denial(stated):
        return []
    content = {t.stem for t in stated if not is_stop(t) and not t.number}
    for reading, a, b in focus:
        part = reading.tokens[a:b]
        for i in negators(part):
            reach = scope(part, i)
            if len(reach) >= 1 and len(reach & content) >= max(1, round(0.6 * len(reach))):
                said = part[i].text
                return [Finding("negation", f"Its quote says “{said}”, the statement does not.")]
    return []
