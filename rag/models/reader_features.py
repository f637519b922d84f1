"""What can be said of a question and a sentence without a trained reader: pure functions.

The features are language-blind where they can be (names and numbers look alike in English and
Swedish) and need no corpus statistics, so they mean the same for every collection.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SENTENCE_FEATURES = ("cosine", "below_best", "names", "words", "kind", "length")
PASSAGE_FEATURES = ("cosine", "margin", "names", "words", "kind", "names_best", "sentences")

_WORD = re.compile(r"[^\W_]+(?:[.,:’'-][^\W_]+)*")
_NUMBER = re.compile(r"\d")
_NAME = re.compile(r"(?<=[\w,;:–-]\s)[A-ZÅÄÖÉÜØÆ][\w’'-]+|\b[A-ZÅÄÖ]{2,}\b")
_TIME = re.compile(
    r"\b(?:1[5-9]|20)\d\d\b|\b(?:january|february|march|april|may|june|july|august|september"
    r"|october|november|december|januari|februari|mars|maj|juni|juli|augusti|oktober"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:mån|tis|ons|tors|fre|lör|sön)dag\w*"
    r"|yesterday|today|tomorrow|igår|idag|imorgon|last|next|förra|nästa)\b",
    re.IGNORECASE,
)
_ASKS_TIME = re.compile(r"\b(?:when|what (?:year|date|day|month)|när|vilket (?:år|datum))\b", re.I)
_ASKS_NUMBER = re.compile(
    r"\b(?:how (?:many|much|long|far|old|large|big|high)"
    r"|hur (?:många|mycket|stor\w*|lång\w*|gamm\w*|hög\w*)"
    r"|what (?:percentage|share|number|rate)|vilken (?:andel|ränta|procent))\b",
    re.I,
)
_ASKS_NAME = re.compile(r"\b(?:who|whom|whose|where|vem|vilka|vems|var)\b", re.I)
_COMMON = frozenset(
    [
        "a",
        "an",
        "the",
        "of",
        "in",
        "on",
        "at",
        "to",
        "for",
        "from",
        "by",
        "with",
        "about",
        "as",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "being",
        "do",
        "does",
        "did",
        "has",
        "have",
        "had",
        "will",
        "would",
        "can",
        "could",
        "should",
        "may",
        "might",
        "and",
        "or",
        "but",
        "not",
        "no",
        "if",
        "than",
        "that",
        "this",
        "these",
        "those",
        "it",
        "its",
        "he",
        "she",
        "they",
        "them",
        "his",
        "her",
        "their",
        "there",
        "who",
        "whom",
        "whose",
        "what",
        "which",
        "when",
        "where",
        "why",
        "how",
        "many",
        "much",
        "long",
        "often",
        "say",
        "said",
        "says",
        "after",
        "before",
        "during",
        "between",
        "into",
        "over",
        "under",
        "more",
        "most",
        "en",
        "ett",
        "den",
        "det",
        "de",
        "dem",
        "som",
        "i",
        "på",
        "av",
        "till",
        "för",
        "från",
        "med",
        "om",
        "är",
        "var",
        "vara",
        "varit",
        "blev",
        "bli",
        "blir",
        "har",
        "hade",
        "ha",
        "kan",
        "kunde",
        "ska",
        "skulle",
        "vill",
        "ville",
        "får",
        "fick",
        "och",
        "eller",
        "men",
        "inte",
        "ingen",
        "om",
        "än",
        "att",
        "detta",
        "denna",
        "dessa",
        "han",
        "hon",
        "hans",
        "hennes",
        "deras",
        "sin",
        "sitt",
        "sina",
        "där",
        "vem",
        "vems",
        "vad",
        "vilken",
        "vilket",
        "vilka",
        "när",
        "varför",
        "hur",
        "många",
        "mycket",
        "länge",
        "ofta",
        "sade",
        "säger",
        "sa",
        "efter",
        "före",
        "under",
        "mellan",
        "över",
        "mer",
        "mest",
        "man",
        "så",
    ]
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A question's parts: names and numbers, other content words, and the kind of answer."""

    names: tuple[str, ...]
    words: tuple[str, ...]
    question: str


def words_of(text: str) -> list[str]:
    return [match.group().lower() for match in _WORD.finditer(text)]


def asked(question: str) -> Asked:
    """The question's names (capitalised within it) and numbers, and its other content words."""
    names = {word for m in _NAME.finditer(question) for word in words_of(m.group())}
    all_words = dict.fromkeys(word for word in words_of(question) if word not in _COMMON)
    named = tuple(w for w in all_words if w in names or _NUMBER.search(w))
    return Asked(named, tuple(w for w in all_words if w not in named and len(w) > 2), question)


def alike(a: str, b: str) -> bool:
    """Whether two words share two thirds of the longer one from the start: räntan, räntor."""
    if a == b:
        return True
    if _NUMBER.search(a) or _NUMBER.search(b):
        return False
    shared = 0
    for x, y in zip(a, b, strict=False):
        if x != y:
            break
        shared += 1
    return shared >= 4 and shared >= 0.65 * max(len(a), len(b))


def coverage(wanted: Sequence[str], text_words: Sequence[str]) -> float:
    """The share of `wanted` that occurs; 0.5, neither for nor against, where nothing is wanted."""
    if not wanted:
        return 0.5
    present = set(text_words)
    hits = sum(w in present or any(alike(w, t) for t in present) for w in wanted)
    return hits / len(wanted)


def kind_fits(question: str, text: str) -> float:
    """1 if `text` holds the kind of thing asked for (a time, a number, a name), 0 if not, 0.5
    where the question does not say."""
    if _ASKS_TIME.search(question):
        return float(bool(_TIME.search(text)))
    if _ASKS_NUMBER.search(question):
        return float(bool(_NUMBER.search(text)))
    if _ASKS_NAME.search(question):
        return float(bool(_NAME.search(text)))
    return 0.5


def sentence_features(question: Asked, texts: Sequence[str], cosines: Floats) -> Floats:
    """One row a sentence, columns as in `SENTENCE_FEATURES`; `cosines` with the question."""
    best = float(cosines.max(initial=-1.0))
    rows = []
    for text, cosine in zip(texts, cosines, strict=True):
        said = words_of(text)
        rows.append(
            (
                10 * cosine - 8.5,
                10 * (best - cosine),
                coverage(question.names, said),
                coverage(question.words, said),
                kind_fits(question.question, text),
                float(np.log1p(len(said))),
            )
        )
    return np.array(rows, np.float64).reshape(len(texts), len(SENTENCE_FEATURES))


def passage_features(question: Asked, text: str, sentences: Floats) -> Floats:
    """One row, columns as in `PASSAGE_FEATURES`, from the passage and its sentences' features."""
    cosines = np.sort(sentences[:, 0])[::-1]
    best = sentences[int(sentences[:, 0].argmax())]
    said = words_of(text)
    return np.array(
        [
            cosines[0],
            cosines[0] - cosines[1:].mean() if len(cosines) > 1 else 0.0,
            coverage(question.names, said),
            coverage(question.words, said),
            best[4],
            best[2],
            np.log1p(len(cosines)),
        ]
    )


def probability(features: Floats, weights: Sequence[float], bias: float) -> Floats:
    """Logistic regression's probability for each row."""
    logits = features @ np.asarray(weights, np.float64) + bias
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -30, 30))))
