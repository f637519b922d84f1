"""An answer's words against the expected ones: token F1, aware of Swedish and English.

Token F1 as for SQuAD (Rajpurkar et al., "SQuAD: 100,000+ Questions for Machine Comprehension of
Text", EMNLP 2016): the words that two texts share, counted as often as both have them. Words are
normalised as `matching` does it, articles and inflections taken off with Snowball stems, so that
"räntan" and "räntor", "Kinas" and "Kina", "thirty per cent" and "30 %" are the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from eval.matching import found, normalise

_ARTICLES = {
    "en": frozenset({"a", "an", "the"}),
    "sv": frozenset({"en", "ett", "den", "det", "de"}),
}
_ALGORITHMS = {"en": "english", "sv": "swedish"}
# The stemmer leaves definite and other endings that news is full of.
_SWEDISH_ENDINGS = ("arna", "erna", "orna", "ns", "an", "en", "et", "or", "ar", "er", "a", "s", "n")
_LEAST_STEM = 4


@dataclass(frozen=True, slots=True)
class Overlap:
    """Shares from 0 to 1 of words in common."""

    precision: float  # of the answer's words
    recall: float  # of the expected words
    f1: float


def tokens(text: str, language: str) -> list[str]:
    """The text's words without articles, in one form each."""
    articles = _ARTICLES.get(language, frozenset())
    words = [word for word in normalise(text).split() if word not in articles]
    return [_stem(word, language) for word in words]


def overlap(said: Sequence[str], expected: Sequence[str]) -> Overlap:
    """Of two lists of words; all 0 where either is empty."""
    shared = (Counter(said) & Counter(expected)).total()
    if not shared:
        return Overlap(0.0, 0.0, 0.0)
    precision, recall = shared / len(said), shared / len(expected)
    return Overlap(precision, recall, 2 * precision * recall / (precision + recall))


def accepted_words(accept: Sequence[Sequence[str]], answer: str) -> str | None:
    """The accepted forms as words: of each group the one that the answer has, else the first.

    Forms that are patterns are no words; None where nothing is left.
    """
    normal = normalise(answer)
    chosen = []
    for group in accept:
        plain = [form for form in group if not form.startswith("re:")]
        if plain:
            said = next((form for form in plain if found(form, normal)), plain[0])
            chosen.append(said.replace("*", ""))
    return " ".join(chosen) or None


def _stem(word: str, language: str) -> str:
    if not word.isalpha() or language not in _ALGORITHMS:
        return word
    stem = str(_stemmer(language).stemWord(word))
    if language == "sv":
        for ending in _SWEDISH_ENDINGS:
            if stem.endswith(ending) and len(stem) - len(ending) >= _LEAST_STEM:
                return stem.removesuffix(ending)
    return stem


@cache
def _stemmer(language: str) -> Any:
    from Stemmer import Stemmer

    return Stemmer(_ALGORITHMS[language])
