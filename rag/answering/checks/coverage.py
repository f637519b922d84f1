"""How much of what one text says another says as well."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from rag.answering.checks.bilingual import places
from rag.answering.checks.case import Case, Reading
from rag.answering.checks.lexicon import words
from rag.answering.checks.text import Token, is_stop


@dataclass(frozen=True, slots=True)
class Overlap:
    """How far the evidence says what the statement says, as shares 0..1.

    `words`: share of the statement's content words borne out anywhere in the evidence;
    `near`: the same within its best two neighbouring sentences; `phrases`: share of the
    statement's word pairs that the evidence has in a row (1 across languages, where it
    cannot be told); `sentences`: how many the evidence has.
    """

    words: float
    near: float
    phrases: float
    sentences: int


def overlap(case: Case) -> Overlap:
    """Word overlap of a statement with its evidence.

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
    sentences = [
        (source.tokens[first:last], source.text.language)
        for source in case.sources()
        for first, last in source.text.bounds
    ]
    said = [
        {i for i, token in enumerate(content) if places(token, language, tokens, other)}
        for tokens, other in sentences
    ]
    # Few quotes are cited together on purpose; of many sentences the best two must do.
    pairs = [a | b for a, b in pairwise(said)] or said
    granted, total = 1, len(content) + 1
    everywhere = set().union(*said)
    return Overlap(
        words=(len(everywhere) + granted) / total,
        near=(max((len(found) for found in pairs), default=0) + granted) / total,
        phrases=_phrases(case),
        sentences=len(sentences),
    )


def _phrases(case: Case) -> float:
    language = case.statement.text.language
    sources = [s for s in case.sources() if s.text.language == language]
    if not sources:
        return 1.0
    said = {pair for source in sources for pair in pairwise(t.stem for t in source.tokens)}
    stated = list(pairwise(t.stem for t in case.statement.tokens))
    return (sum(pair in said for pair in stated) + 1) / (len(stated) + 1)


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
