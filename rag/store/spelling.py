"""Other spellings of a question's words, by what the indexed articles themselves say.

Only for words that no article has: a name written differently (Bescent, Bessent) gets the
nearest spellings that occur, and a Swedish compound its two parts (handelsavtal: handel, avtal)
where both occur. What a question says in words that are known stays as it is: taking known
compounds apart too cost SweQuAD 2 points of Hit@1, and neighbouring words joined gained nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from rapidfuzz.distance import DamerauLevenshtein
from sqlalchemy import Connection

from rag.store.lexical import MOST_TERMS, Fts5Index, LexicalQuery
from rag.store.stopwords import STOPWORDS
from rag.store.terms import stem

_SHORTEST = 5  # letters; below that a slip makes another word
_TWO_SLIPS = 8  # from this many letters on
_NEAREST = 3
_SHORTEST_PART = 3
_SHORTEST_COMPOUND = 8
_PREFIX = 2  # letters that a slip leaves alone, so that few of the index's words are looked at


def with_known_spellings(
    connection: Connection,
    query: LexicalQuery,
    language: str,
    *,
    names: bool = True,
    compounds: bool = True,
) -> LexicalQuery:
    """`query` with other spellings of its words that the index lacks."""
    found: list[str] = []
    for word in unknown_words(connection, query.plain, language):
        if names:
            found += near_spellings(connection, word)
        if compounds and language == "sv":
            found += parts(connection, word)
    if not found:
        return query
    plain = tuple(dict.fromkeys((*query.plain, *found)))[:MOST_TERMS]
    stems = tuple(dict.fromkeys((*query.stems, *(stem(word, language) for word in found))))
    return replace(query, plain=plain, stems=stems[:MOST_TERMS])


def unknown_words(connection: Connection, words: Sequence[str], language: str) -> list[str]:
    """Those of the words, long enough to be misspelt, that no chunk has in any inflection."""
    return [
        word
        for word in words
        if len(word) >= _SHORTEST
        and word.isalpha()
        and not Fts5Index.has_term(connection, "plain", word)
        and not Fts5Index.has_term(connection, "stems", stem(word, language))
    ]


def near_spellings(connection: Connection, word: str) -> list[str]:
    """The nearest words of the index that `word` may be a slip of, the nearest first.

    One letter left out, added, changed or two exchanged; two of those in a long word.
    """
    most = 2 if len(word) >= _TWO_SLIPS else 1
    candidates = Fts5Index.words_like(
        connection, word[:_PREFIX], len(word) - most, len(word) + most
    )
    near = [
        (distance, other)
        for other in candidates
        if other.isalpha()
        and (distance := DamerauLevenshtein.distance(word, other, score_cutoff=most)) <= most
    ]
    return [other for _, other in sorted(near)[:_NEAREST]]


def parts(connection: Connection, word: str) -> list[str]:
    """The two words of the index that a Swedish compound is made of, or nothing.

    With or without the s between them. Of several ways to part it the one whose shorter part is
    longest: short words turn up inside others by chance.
    """
    if len(word) < _SHORTEST_COMPOUND:
        return []
    ways = []
    for at in range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1):
        first, second = word[:at], word[at:]
        ways.append((first, second))
        if first.endswith("s") and len(first) > _SHORTEST_PART:
            ways.append((first[:-1], second))
    ways.sort(key=lambda way: (-min(map(len, way)), way))
    function_words = STOPWORDS["sv"]
    for way in ways:
        if not function_words.intersection(way) and all(
            Fts5Index.has_term(connection, "plain", part) for part in way
        ):
            return list(way)
    return []
