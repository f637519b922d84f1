"""What every check reads: a text as tokens with stems, its language, its sentences.

A token keeps its place in the text, so that a reason can say the statement's own words.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Literal

from rag.answering.checks.lexicon import words

Language = Literal["en", "sv"]

_TOKEN = re.compile(
    r"""
    (?:[^\W\d_]\.){2,}                                   # U.S.
  | \d{1,3}(?:[ \u00a0\u202f]\d{3})+(?:[.,]\d+)?(?!\d)    # 1 000 000,5
  | \d+(?::[ae]\b|st\b|nd\b|rd\b|th\b)                   # 11th, 11:e
  | \d+(?:[.,:]\d+)*                                     # 1,000.5  14:30
  | [^\W\d_]+(?:['\u2019][^\W\d_]+)*                     # words, China's
  | [%$€£]
    """,
    re.VERBOSE,
)
_POSSESSIVE = re.compile(r"['\u2019]s?$|['\u2019]s$")
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"”’»)]*\s+(?=[\"“”‘«(–—-]?\s?[^\W_])|\n+")
_NO_END = re.compile(
    r"(?:\b(?:[^\W\d_]|Mr|Mrs|Ms|Dr|St|Jr|Sr|No|vs|Inc|Ltd|Co|Gen|Sen|Rep|Gov|Prof|Jan|Feb|Aug|"
    r"Sept|Oct|Nov|Dec|bl\.a|t\.ex|s\.k|ca|kl|nr|dvs|m\.m|f\.d))\.$"
)


@dataclass(frozen=True, slots=True)
class Token:
    """One word, number or sign; `stem` is of the lower-cased word without possessive."""

    text: str
    lower: str
    stem: str
    start: int
    end: int
    initial: bool  # the first word of its sentence, or after a colon or opening quote

    @property
    def capital(self) -> bool:
        return self.text[:1].isupper()

    @property
    def number(self) -> bool:
        return self.text[:1].isdigit()

    @property
    def acronym(self) -> bool:
        letters = self.text.replace(".", "")
        return len(letters) >= 2 and letters.isupper() and letters.isalpha()


@dataclass(frozen=True, slots=True)
class Text:
    """An analysed text; `bounds` are the token ranges of its sentences."""

    raw: str
    language: Language
    tokens: tuple[Token, ...]
    bounds: tuple[tuple[int, int], ...]

    def sentences(self) -> Iterator[tuple[Token, ...]]:
        for first, last in self.bounds:
            yield self.tokens[first:last]

    @property
    def stems(self) -> frozenset[str]:
        return frozenset(token.stem for token in self.tokens)


_local = threading.local()  # a PyStemmer object is not safe to share between threads


@cache
def _algorithm(language: Language) -> str:
    return {"en": "english", "sv": "swedish"}[language]


def stem(word: str, language: Language) -> str:
    """The Snowball stem of a lower-cased word."""
    stemmers: dict[str, Any] | None = getattr(_local, "stemmers", None)
    if stemmers is None:
        stemmers = _local.stemmers = {}
    if language not in stemmers:
        import Stemmer

        stemmers[language] = Stemmer.Stemmer(_algorithm(language))
    return str(stemmers[language].stemWord(word))


def guess_language(text: str) -> Language:
    """English or Swedish by function words; a tie goes by å, ä, ö."""
    lowered = re.findall(r"[^\W\d_]+", text.lower())
    english = sum(word in words("stop_en") for word in lowered)
    swedish = sum(word in words("stop_sv") for word in lowered)
    if english != swedish:
        return "en" if english > swedish else "sv"
    return "sv" if re.search("[åäöÅÄÖ]", text) else "en"


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Ranges of the sentences of a short text: good enough to tell clauses apart."""
    spans, start = [], 0
    for match in _SENTENCE_END.finditer(text):
        if match.group().strip("\n") and _NO_END.search(text[start : match.start()]):
            continue
        if text[start : match.start()].strip():
            spans.append((start, match.start()))
        start = match.end()
    if text[start:].strip():
        spans.append((start, len(text)))
    return spans


@lru_cache(maxsize=2_048)
def analyse(raw: str, language: Language | None = None) -> Text:
    """Tokens, sentences and language of a text; the last 2,048 are remembered."""
    language = language or guess_language(raw)
    tokens: list[Token] = []
    bounds: list[tuple[int, int]] = []
    for start, end in split_sentences(raw):
        first = len(tokens)
        for match in _TOKEN.finditer(raw, start, end):
            before = raw[start : match.start()].rstrip()
            initial = not re.search(r"\w", before) or before[-1:] in ':“"«–—'
            tokens.append(_token(match, language, initial))
        if len(tokens) > first:
            bounds.append((first, len(tokens)))
    return Text(raw, language, tuple(tokens), tuple(bounds))


def _token(match: re.Match[str], language: Language, initial: bool) -> Token:
    text = match.group()
    lower = _POSSESSIVE.sub("", text.lower()).replace("\u2019", "'")
    return Token(text, lower, stem(lower, language), match.start(), match.end(), initial)


@lru_cache(maxsize=16_384)
def fold(word: str) -> str:
    """Lower case without accents or possessive: `Erdoğan's` is `erdogan`."""
    word = re.sub(r"['\u2019]s?$", "", word.lower().replace(".", ""))
    plain = unicodedata.normalize("NFKD", word)
    return "".join(c for c in plain if not unicodedata.combining(c))


def joined(text: Text, first: int, last: int) -> str:
    """The text's own words from token `first` up to and not including `last`."""
    return text.raw[text.tokens[first].start : text.tokens[last - 1].end]


def is_stop(token: Token) -> bool:
    return token.lower in words("stop_en") or token.lower in words("stop_sv")
