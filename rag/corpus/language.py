"""Which language a text is in.

Questions are English or Swedish and often two words long; articles may be in any language.
Function words decide first: they need no model (py3langid takes over a second to load, which a
first answer should not wait for) and are right where statistics over letters are unsure.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ENGLISH = _words(
    """the of and to in is are was were that this these those it he she they we you what which
    who whom whose when where why how did does do has have had will would can could should
    with from by for about between after before than there their his her its been be not no
    any many much said say says tell me give list explain if whether on at an as or but into
    happened according during against since until us please"""
)
_SWEDISH = _words(
    """och att det den de som en ett är var vad vem vilka vilken vilket när där hur varför
    vars har hade ska skulle kan kunde till från av med för om på mellan efter före än inte
    ingen inget några många mycket sade sa säger sagt blev bli blir blivit hans hennes deras
    dess jag du han hon vi ni dem oss eller men utan under över vid enligt finns fanns göra
    gör gjorde går gick kom kommer berätta förklara ge lista visa sig sin sitt sina detta
    denna dessa någon något mot sedan ur hos samt genom också mer mest"""
)
# Words of both languages ("i", "man", "under", "men", "dem", "is") say little or nothing.
_SHARED = _ENGLISH & _SWEDISH | {"i", "man", "is", "under", "men", "has", "for", "ge", "fan"}
_ONLY_SWEDISH = _words("och är inte från också ett när någon något mycket ännu än")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
_WORD = re.compile(r"[^\W\d_]+")
_SAMPLE = 8_000
# Below this many letters the all-language model names rare languages: "Fed rate" is Serbian.
_ENOUGH_LETTERS = 60


def detect_question(text: str) -> Literal["en", "sv"]:
    """English or Swedish; English where nothing tells ("Xi Jinping?", "145%", "")."""
    if found := _by_function_words(text):
        return found
    if re.search("[åäöÅÄÖ]", text):
        return "sv"
    words = _WORD.findall(text)
    if not any(word.islower() for word in words):
        return "en"  # names and numbers only
    ranking = dict(_identifier().rank(text))
    return "sv" if ranking.get("sv", 0.0) > 1.2 * ranking.get("en", 0.0) else "en"


def detect_article(text: str) -> str:
    """The ISO 639-1 code of an article's language, from its beginning; `en` if hopeless."""
    sample = text[:_SAMPLE]
    found = _WORD.findall(sample)
    words, letters = len(found), sum(map(len, found))
    latin = sum(bool(_LATIN.match(word)) for word in found) >= words / 2
    if letters < _ENOUGH_LETTERS and latin:
        return detect_question(sample)
    english, swedish = _function_word_counts(sample)
    # In running text a third of all words are function words; a fifth of one language with
    # next to none of the other needs no model.
    if english > 0.2 * words and swedish < 0.1 * english:
        return "en"
    # Danish and Norwegian share Swedish's function words, but not these.
    only = sum(word.casefold() in _ONLY_SWEDISH for word in found)
    if swedish > 0.2 * words and only > 0.02 * words and english < 0.1 * swedish:
        return "sv"
    best = str(_identifier().classify(sample)[0])
    if len(best) == 2:
        return best
    return "sv" if swedish > english else "en"


def _function_word_counts(text: str) -> tuple[int, int]:
    words = [word.casefold() for word in _WORD.findall(text)]
    return (
        sum(w in _ENGLISH and w not in _SHARED for w in words),
        sum(w in _SWEDISH and w not in _SHARED for w in words),
    )


def _by_function_words(text: str) -> Literal["en", "sv"] | None:
    english, swedish = _function_word_counts(text)
    if english == swedish:
        return None
    return "en" if english > swedish else "sv"


@cache
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
