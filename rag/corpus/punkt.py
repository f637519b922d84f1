"""Punkt's trained parameters, read as data.

Punkt (Kiss and Strunk, "Unsupervised Multilingual Sentence Boundary Detection", 2006) learns
from a corpus which words are abbreviations and how words are capitalised at a sentence's start
and within it. llama-index-core carries NLTK's models of 19 languages. They are four small text
files each; reading them takes 0.1 s, importing nltk for it 2.2 s.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_MODELS = {
    "cs": "czech",
    "da": "danish",
    "nl": "dutch",
    "en": "english",
    "et": "estonian",
    "fi": "finnish",
    "fr": "french",
    "de": "german",
    "el": "greek",
    "it": "italian",
    "nb": "norwegian",
    "nn": "norwegian",
    "no": "norwegian",
    "pl": "polish",
    "pt": "portuguese",
    "ru": "russian",
    "sl": "slovene",
    "es": "spanish",
    "sv": "swedish",
    "tr": "turkish",
}

# Punkt's flags of where a word was seen, and in which case.
_MID_UPPER = 1 << 2
_UPPER = (1 << 1) | (1 << 2) | (1 << 3)
_BEGIN_LOWER = 1 << 4
_LOWER = (1 << 4) | (1 << 5) | (1 << 6)


@dataclass(frozen=True, slots=True)
class Punkt:
    """One language's parameters; all words are in lower case."""

    abbreviations: frozenset[str]
    starters: frozenset[str]
    case_seen: dict[str, int]

    def starts_sentence(self, word: str) -> bool | None:
        """Whether a word begins a sentence, judged by its case; None if it may or may not."""
        key = word.lower()
        seen = self.case_seen.get(key, 0)
        if word[:1].isupper():
            if key in self.starters or (seen & _LOWER and not seen & _MID_UPPER):
                return True
        elif word[:1].islower() and (seen & _UPPER or not seen & _BEGIN_LOWER):
            return False
        return None


@cache
def load_punkt(language: str) -> Punkt:
    """The parameters for a language, English's for one without a model."""
    folder = _folder()
    if folder is None:
        return Punkt(frozenset(), frozenset(), {})
    folder /= _MODELS.get(language, "english")
    case_seen = {}
    for line in _lines(folder / "ortho_context.tab"):
        word, _, flags = line.rpartition("\t")
        case_seen[word] = int(flags)
    return Punkt(
        frozenset(_lines(folder / "abbrev_types.txt")),
        frozenset(_lines(folder / "sent_starters.txt")),
        case_seen,
    )


def _folder() -> Path | None:
    spec = importlib.util.find_spec("llama_index.core")
    for place in (spec.submodule_search_locations or []) if spec else []:
        folder = Path(place, "_static", "nltk_cache", "tokenizers", "punkt_tab")
        if (folder / "english" / "abbrev_types.txt").is_file():
            return folder
    return None


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
