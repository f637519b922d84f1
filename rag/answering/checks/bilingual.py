"""Which words two texts share, within a language or across English and Swedish.

Across, by a table of stems that translate each other (made by tools/build_word_pairs.py from
SQuAD 2.0 and its Swedish translation, CC BY-SA 4.0) and by shared spelling (export, exporten).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import resources

from rag.answering.checks.case import Reading
from rag.answering.checks.names import fold
from rag.answering.checks.text import Language, Token, is_stop


@cache
def _translations() -> dict[Language, dict[str, frozenset[str]]]:
    """For each language, from a stem of the other to stems of this one."""
    path = resources.files("rag.answering").joinpath("lexicon").joinpath("en_sv.tsv")
    into: dict[Language, dict[str, set[str]]] = {"en": {}, "sv": {}}
    for line in path.read_text("utf-8").splitlines():
        english, swedish = line.split("\t")
        into["sv"].setdefault(english, set()).add(swedish)
        into["en"].setdefault(swedish, set()).add(english)
    return {
        language: {word: frozenset(others) for word, others in pairs.items()}
        for language, pairs in into.items()
    }


def translations(stem: str, into: Language) -> frozenset[str]:
    """Stems of language `into` that translate a stem of the other language."""
    return _translations()[into].get(stem, frozenset())


def kin(a: str, b: str) -> bool:
    """Folded words that share a long beginning: `negotiate`, `negotiations`."""
    shared = 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        shared += 1
    return shared >= 5 and shared >= 0.6 * max(len(a), len(b))


def says(token: Token, language: Language, words: Iterable[Token], other: Language) -> bool:
    """Whether one of `words` (in `other`) says what the token (in `language`) says."""
    listed = list(words)
    stems = {w.stem for w in listed}
    if token.stem in stems:
        return True
    if language != other:
        translated = translations(token.stem, other)
        if translated & stems:
            return True
        # Swedish compounds: regnskog, jordartsmetaller.
        if any(len(t) >= 4 and s.startswith(t) for t in translated for s in stems):
            return True
    word = fold(token.text)
    return any(kin(word, fold(w.text)) for w in listed)


def shared_content(a: Reading, b: Reading, *, names: bool = False) -> set[str]:
    """Stems of `a` (without numbers, and names unless asked for) that `b` says as well."""
    special = {i for q in a.quantities for i in range(q.first, q.last)}
    special |= {i for when in a.dates for i in range(when.first, when.last)}
    if not names:
        special |= {i for name in a.names for i in range(name.first, name.last)}
    listed = [t for t in b.tokens if not is_stop(t)]
    return {
        t.stem
        for i, t in enumerate(a.tokens)
        if i not in special
        and not is_stop(t)
        and not t.number
        and len(t.stem) > 2
        and says(t, a.text.language, listed, b.text.language)
    }
