"""How much of what a statement says its quotes say."""

from __future__ import annotations

from rag.answering.checks.case import Case
from rag.answering.checks.lexicon import words
from rag.answering.checks.names import fold, same_word
from rag.answering.checks.text import Token, is_stop


def coverage(case: Case) -> float:
    """Share (0..1) of the statement's content words that its evidence bears out.

    A word counts as borne out by its stem, a long shared beginning (`negotiate`,
    `negotiations`), or as a cognate (`export`, `exporten`). Numbers and names have checks of
    their own and are left out. 1.0 for a statement without content words.
    """
    content = _content(case)
    if not content:
        return 1.0
    stems = {t.stem for source in case.sources() for t in source.tokens}
    folded = {fold(t.text) for source in case.sources() for t in source.tokens}
    return sum(_covered(token, stems, folded) for token in content) / len(content)


def _content(case: Case) -> list[Token]:
    statement = case.statement
    special = {i for q in statement.quantities for i in range(q.first, q.last)}
    special |= {i for when in statement.dates for i in range(when.first, when.last)}
    special |= {i for name in statement.names for i in range(name.first, name.last)}
    return [
        t
        for i, t in enumerate(statement.tokens)
        if i not in special and not is_stop(t) and len(t.lower) > 1 and not t.number
        and t.lower not in words("says") and t.lower not in case.known
    ]  # fmt: skip


def _covered(token: Token, stems: set[str], folded: set[str]) -> float:
    if token.stem in stems:
        return 1.0
    word = fold(token.text)
    for other in folded:
        if _kin(word, other):
            return 0.9
    return 0.0


def _kin(a: str, b: str) -> bool:
    """Words that share a long beginning, or are spelt almost alike."""
    shared = 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        shared += 1
    short, long = sorted((len(a), len(b)))
    return (shared >= 5 and shared >= 0.6 * long) or (short >= 7 and same_word(a, b))
