"""How much of what one text says another says as well."""

from __future__ import annotations

from rag.answering.checks.bilingual import places
from rag.answering.checks.case import Case, Reading
from rag.answering.checks.lexicon import words
from rag.answering.checks.text import Token, is_stop


def coverage(case: Case) -> float:
    """Share (0..1) of the statement's content words that its evidence bears out.

    A word is borne out by its stem, a long shared beginning (`negotiate`, `negotiations`),
    a translation or a cognate. Numbers, dates and names have checks of their own and are
    left out. One word is granted, so that a short statement is not judged by its one verb.
    """
    content = [
        t
        for t in content_tokens(case.statement)
        if t.lower not in words("says") and t.lower not in case.known
    ]
    language = case.statement.text.language
    covered = sum(
        any(
            places(token, language, source.tokens, source.text.language)
            for source in case.sources()
        )
        for token in content
    )
    return (covered + 1) / (len(content) + 1)


def content_tokens(reading: Reading, *, names: bool = False) -> list[Token]:
    """The words that carry meaning, without numbers and dates, and names unless asked for."""
    special = {i for q in reading.quantities for i in range(q.first, q.last)}
    special |= {i for when in reading.dates for i in range(when.first, when.last)}
    if not names:
        special |= {i for name in reading.names for i in range(name.first, name.last)}
    return [
        t
        for i, t in enumerate(reading.tokens)
        if i not in special and not is_stop(t) and len(t.stem) > 2 and not t.number
    ]


def shared_content(a: Reading, b: Reading) -> set[str]:
    """Stems of `a`'s content words that `b` says as well."""
    listed = [t for t in b.tokens if not is_stop(t)]
    return {
        t.stem for t in content_tokens(a) if places(t, a.text.language, listed, b.text.language)
    }
