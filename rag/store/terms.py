"""From text to index terms, the same way for chunks and for questions.

A text gives three lists of terms:

* `plain`: words in lower case with their diacritics (å, ä and ö are letters, not accents),
  numbers in one spelling ("1,000", "1 000" and "1.000" are `1000`; "2,5" is `2.5`), and a
  few words that English and Swedish spell differently but that mean one thing: units of
  number (procent, per cent, % are `percent`; miljarder and bn are `billion`), months,
  small numerals. These match across the languages without translation.
* `folded`: the words that have diacritics, without them, so that "Goteborg" finds Göteborg.
* `stems`: Snowball stems by the text's own language.

Terms hold only letters, digits, "_" and ".", so no text can break the FTS syntax.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import Stemmer

# ISO 639-1 -> Snowball algorithm.
_ALGORITHMS = {
    "ar": "arabic", "da": "danish", "de": "german", "en": "english", "es": "spanish",
    "fi": "finnish", "fr": "french", "hu": "hungarian", "it": "italian", "nb": "norwegian",
    "nl": "dutch", "nn": "norwegian", "no": "norwegian", "pt": "portuguese", "ro": "romanian",
    "ru": "russian", "sv": "swedish", "tr": "turkish",
}  # fmt: skip

_SPACE = "\u0020\u00a0\u2009\u202f"
_TOKEN = re.compile(
    rf"""
      (?P<number>(?<!\w)\d{{1,3}}(?:[{_SPACE}]\d{{3}})+(?:[.,]\d+)?(?![\w])   # 12 000,5
               | \d+(?:[.,]\d+)*)                                           # 1,000.5  2025
    | (?P<percent>%|\bper[{_SPACE}]cent\b)
    | (?P<acronym>\b(?:[^\W\d_]\.){{2,}}(?:[^\W\d_]\b)?)                      # U.S.
    | (?P<word>\w+(?:['’:]\w+)*)
    """,
    re.VERBOSE,
)
_HYPHENATED = re.compile(r"\b\w+(?:[-\u2010\u2011]\w+)+\b")
_GROUPED = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,3}(?:\.\d{3})+(?:,\d+)?")
# Genitives: "Ireland's", "USA:s", "EU:s".
_GENITIVE = re.compile(r"(?:['’]s?|:(?:s|n|ns|en|ens|t|ts))$")

_UNITS = {
    "percent": "percent", "procent": "percent", "pct": "percent",
    "thousand": "thousand", "tusen": "thousand",
    "million": "million", "millions": "million", "mn": "million",
    "miljon": "million", "miljoner": "million", "milj": "million",
    "billion": "billion", "billions": "billion", "bn": "billion",
    "miljard": "billion", "miljarder": "billion", "mdr": "billion",
    "trillion": "trillion", "trillions": "trillion", "biljon": "trillion", "biljoner": "trillion",
}  # fmt: skip

# "one" is left out: it is a pronoun in English and an article in Swedish.
_NUMERALS = {
    "en": {
        "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
        "eight": "8", "nine": "9", "ten": "10", "eleven": "11", "twelve": "12",
        "thirteen": "13", "fourteen": "14", "fifteen": "15", "sixteen": "16",
        "seventeen": "17", "eighteen": "18", "nineteen": "19", "twenty": "20",
        "thirty": "30", "forty": "40", "fifty": "50", "sixty": "60", "seventy": "70",
        "eighty": "80", "ninety": "90",
    },
    "sv": {
        "två": "2", "tre": "3", "fyra": "4", "fem": "5", "sex": "6", "sju": "7", "åtta": "8",
        "nio": "9", "tio": "10", "elva": "11", "tolv": "12", "tretton": "13", "fjorton": "14",
        "femton": "15", "sexton": "16", "sjutton": "17", "arton": "18", "nitton": "19",
        "tjugo": "20", "trettio": "30", "fyrtio": "40", "femtio": "50", "sextio": "60",
        "sjuttio": "70", "åttio": "80", "nittio": "90",
    },
}  # fmt: skip

MONTHS = {
    "en": (
        "january", "february", "march", "april", "may", "june", "july", "august", "september",
        "october", "november", "december",
    ),
    "sv": (
        "januari", "februari", "mars", "april", "maj", "juni", "juli", "augusti", "september",
        "oktober", "november", "december",
    ),
}  # fmt: skip
_SWEDISH_MONTHS = dict(zip(MONTHS["sv"], MONTHS["en"], strict=True))
_LONGEST = 60  # a longer run of letters and digits is no word (base64, hashes)


@dataclass(frozen=True, slots=True)
class Token:
    """One token of a text: as written, and its spellings in the plain index, main one first."""

    written: str
    plain: tuple[str, ...]
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    plain: tuple[str, ...]
    folded: tuple[str, ...]
    stems: tuple[str, ...]


def fold(word: str) -> str:
    """`word` without diacritics: "göteborg" gives "goteborg"."""
    if word.isascii():
        return word
    kept = [c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c)]
    return "".join(kept).replace("ø", "o").replace("æ", "ae").replace("ł", "l").replace("đ", "d")


def normalise_number(written: str) -> str:
    """One spelling of a number, or the number as written where it is a version or an IP.

    A separator before exactly three digits is read as thousands ("1,000" and "1.000" are
    `1000`) unless the number starts with 0, since both spellings occur in the news of both
    languages and decimals with three digits hardly ever.
    """
    compact = re.sub(rf"[{_SPACE}]", "", written)
    if _GROUPED.fullmatch(compact) and not compact.startswith("0"):
        thousands = "," if re.match(r"\d{1,3},\d{3}", compact) else "."
        compact = compact.replace(thousands, "")
    whole, *rest = re.split(r"[.,]", compact)
    if len(rest) > 1:
        return ".".join([whole, *rest])
    fraction = rest[0].rstrip("0") if rest else ""
    whole = whole.lstrip("0") or "0"
    return f"{whole}.{fraction}" if fraction else whole


def tokens(text: str, language: str) -> list[Token]:
    """The tokens of `text` in order; units that follow a number also give a joined term."""
    text = unicodedata.normalize("NFKC", text)
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        written = match.group()
        number = found[-1].plain[0] if found and found[-1].is_number else None
        if match.lastgroup == "number":
            spelled = normalise_number(written)
            # "2024 100" may be two numbers, "22.4.2025" a date: their parts are found too.
            parts = re.findall(r"\d+", written)
            extra = parts if spelled.count(".") > 1 or re.search(r"\s", written) else []
            found.append(Token(written, (spelled, *extra), is_number=True))
        elif match.lastgroup == "percent":
            joined = (f"{number}percent",) if number else ()
            found.append(Token(written, ("percent", *joined)))
        elif match.lastgroup == "acronym":
            found.append(Token(written.replace(".", ""), _acronym(written.replace(".", ""))))
        else:
            token = _word(written, language)
            if token is None:
                continue
            unit = _UNITS.get(token.plain[0]) if number else None
            if unit:
                token = Token(token.written, (*token.plain, f"{number}{unit}"))
            found.append(token)
    for match in _HYPHENATED.finditer(text):
        joined_word = re.sub(r"[^\w]", "", match.group()).casefold()
        if len(joined_word) <= _LONGEST and not joined_word.isdigit():
            found.append(Token(match.group(), (joined_word,)))
    return found


def _acronym(letters: str) -> tuple[str, ...]:
    plain = letters.casefold()
    return (plain, "usa") if plain in {"us", "usa"} else (plain,)


@lru_cache(maxsize=65_536)  # words repeat: this takes a third off the time of indexing
def _word(written: str, language: str) -> Token | None:
    bare = _GENITIVE.sub("", written)
    if not bare or len(bare) > _LONGEST:
        return None
    if bare == "US":  # the country, not the pronoun
        return Token(bare, ("us", "usa"))
    plain = re.sub(r"[^\w]", "", bare.casefold())
    if plain.isdigit():
        return Token(bare, (plain.lstrip("0") or "0",), is_number=True)
    extra: list[str] = []
    if unit := _UNITS.get(plain):
        extra.append(unit)
    if numeral := _NUMERALS.get(language, {}).get(plain):
        extra.append(numeral)
    if language == "sv" and plain in _SWEDISH_MONTHS:
        extra.append(_SWEDISH_MONTHS[plain])
    spelled = tuple(dict.fromkeys([plain, *extra]))
    return Token(bare, spelled) if plain else None


_local = threading.local()


@lru_cache(maxsize=32_768)
def stem(word: str, language: str) -> str:
    """The Snowball stem, or the word itself in a language that has no stemmer."""
    algorithm = _ALGORITHMS.get(language)
    if algorithm is None or word[:1].isdigit():
        return word
    # A Stemmer object must not be shared between threads.
    stemmers: dict[str, Stemmer.Stemmer] = _local.__dict__.setdefault("stemmers", {})
    if algorithm not in stemmers:
        stemmers[algorithm] = Stemmer.Stemmer(algorithm)
    return cast(str, stemmers[algorithm].stemWord(word))


def index_terms(text: str, language: str) -> Terms:
    """All terms of a text in `language`, in order, repetitions kept (BM25 counts them)."""
    plain: list[str] = []
    folded: list[str] = []
    stems: list[str] = []
    for token in tokens(text, language):
        plain.extend(token.plain)
        if not token.is_number:
            word = token.plain[0]
            stems.append(stem(word, language))
            bare = fold(word)
            if bare != word:
                folded.append(bare)
    return Terms(tuple(plain), tuple(folded), tuple(stems))
