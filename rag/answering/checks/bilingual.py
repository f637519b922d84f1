"""Words that say the same, within a language or across English and Swedish.

Across, by a table of stems that translate each other (made by tools/build_word_pairs.py from
SQuAD 2.0 and its Swedish translation, CC BY-SA 4.0) and by spelling (export, exporten).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from importlib import resources

from rapidfuzz.distance import Levenshtein

from rag.answering.checks.text import Language, Token, fold

# Spellings that differ between the two languages: Huguenot/hugenott, California/Kalifornien.
_SPELLINGS = (
    ("ph", "f"), ("th", "t"), ("ck", "k"), ("ch", "k"), ("qu", "kv"), ("x", "ks"), ("c", "k"),
    ("w", "v"), ("y", "i"), ("z", "s"), ("ue", "e"), ("sj", "sh"),
)  # fmt: skip


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


def _shared_start(a: str, b: str) -> int:
    shared = 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        shared += 1
    return shared


def kin(a: str, b: str) -> bool:
    """Folded words that share a long beginning: `negotiate`, `negotiations`."""
    if a[:5] != b[:5] or len(a) < 5:
        return False
    return _shared_start(a, b) >= 0.6 * max(len(a), len(b))


@lru_cache(maxsize=16_384)
def _spelling(word: str) -> str:
    for there, here in _SPELLINGS:
        word = word.replace(there, here)
    return re.sub(r"(.)\1", r"\1", word)


@lru_cache(maxsize=65_536)
def cognate(a: str, b: str) -> bool:
    """Folded words of the two languages for one thing, by spelling: `hurricane` is not one."""
    if len(a) < 5 or len(b) < 4 or a[0] not in _starts(b[0]):
        return False
    a, b = _spelling(a), _spelling(b)
    if _shared_start(a, b) >= max(5, 0.5 * max(len(a), len(b))):
        return True
    limit = 0.3 * max(len(a), len(b))
    return a[:3] == b[:3] and Levenshtein.distance(a, b) <= limit


def _starts(letter: str) -> str:
    return next((group for group in ("ckq", "vw", "sz", "pf") if letter in group), letter)


def places(token: Token, language: Language, listed: Sequence[Token], other: Language) -> list[int]:
    """Positions in `listed` (of language `other`) of words that say what the token says."""
    word = fold(token.text)
    if language == other:
        return [i for i, w in enumerate(listed) if w.stem == token.stem or kin(word, fold(w.text))]
    translated = translations(token.stem, other)
    long = [t for t in translated if len(t) >= 4]
    return [
        i
        for i, w in enumerate(listed)
        if w.stem == token.stem
        or w.stem in translated
        or cognate(word, fold(w.text))
        or any(w.stem.startswith(t) or (len(w.stem) > 8 and t in w.stem) for t in long)
    ]
