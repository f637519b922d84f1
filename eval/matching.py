"""Does an answer hold what it must? Text is normalised, then forms are looked for.

Normalised text is lower case without punctuation; numbers are digits ("trettio procent",
"thirty per cent" and "30%" are all `30 %`; "0,01" is `0.01`, "5,339" and "5 339" are `5339`).
Pure functions.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache


def _words(text: str) -> list[str]:
    return text.split()


_EN_SMALL = _words(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen "
    "fifteen sixteen seventeen eighteen nineteen"
)
_SV_SMALL = _words(
    "noll ett två tre fyra fem sex sju åtta nio tio elva tolv tretton fjorton femton sexton "
    "sjutton arton nitton"
)
_EN_TENS = _words("twenty thirty forty fifty sixty seventy eighty ninety")
_SV_TENS = _words("tjugo trettio fyrtio femtio sextio sjuttio åttio nittio")
_SMALL = {w: n for words in (_EN_SMALL, _SV_SMALL) for n, w in enumerate(words)}
_TENS = {w: 10 * n for words in (_EN_TENS, _SV_TENS) for n, w in enumerate(words, start=2)}
_SCALES = {
    "hundred": 100,
    "hundra": 100,
    "thousand": 1_000,
    "tusen": 1_000,
    "million": 10**6,
    "millions": 10**6,
    "miljon": 10**6,
    "miljoner": 10**6,
    "billion": 10**9,
    "miljard": 10**9,
    "miljarder": 10**9,
}
# Alone these are articles or pronouns in Swedish, not numbers.
_NOT_ALONE = {"ett"}
_SV_PARTS = {
    w: n
    for table in (_SMALL, _TENS, {"hundra": 100, "tusen": 1_000})
    for w, n in table.items()
    if w in _SV_SMALL or w in _SV_TENS or w in ("hundra", "tusen")
}
_SV_BY_LENGTH = sorted(_SV_PARTS, key=len, reverse=True)

_ANY = "\ue000"  # stands for `*` while a form is normalised
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_DIGITS = re.compile(r"\d+(?:\.\d+)?")
_MARKS = re.compile(r"\s?\[\d+(?:\s*,\s*\d+)*\]")
_THOUSANDS = re.compile(r"(?<![\d.,])([1-9]\d{0,2})((?:,\d{3})+|(?: \d{3})+)(?!\d|,\d)")
_DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d)")
_ORDINAL = re.compile(r"(?<=\d)(?:st|nd|rd|th|:e|:a)\b")
_PER_CENT = re.compile(r"(?<=\d) ?(?:%|per ?cent\b|procent\b|pct\b)")
_BETWEEN = re.compile(r"(?<=\d) (and|och|to|till|or|eller|versus|vs|mot|respektive) (?=\d[\d.]* %)")
_DASHED = re.compile(r"(?<=\d)\s?[-–—/]\s?(?=\d[\d.,]*\s?(?:%|per ?cent|procent))")
_NOT_TEXT = re.compile(rf"(?!(?<=\d)\.(?=\d))[^\w%{_ANY}]+|_+")


class PatternError(ValueError):
    """A form to look for is not a valid regular expression."""


def without_marks(answer: str) -> str:
    """The answer's prose without its `[n]` marks."""
    return _MARKS.sub("", answer)


def normalise(text: str) -> str:
    """Lower case, no punctuation, numbers and per cent in one form, single spaces."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).casefold()
    text = _THOUSANDS.sub(lambda m: re.sub(r"\D", "", m[0]), text)
    text = _DECIMAL_COMMA.sub(".", text)
    text = _ORDINAL.sub("", text)
    text = _DASHED.sub(" to ", text)
    text = _NOT_TEXT.sub(" ", text)
    text = re.sub(r"(?<=\d)%", " %", text)
    words = _join_numbers(text.split())
    text = _PER_CENT.sub(" %", " ".join(words))
    return _BETWEEN.sub(r" % \1 ", text)  # "from 145 to 30 per cent" names two shares


def _join_numbers(words: list[str]) -> list[str]:
    out: list[str] = []
    at = 0
    while at < len(words):
        value, taken = _read_number(words, at)
        if _DIGITS.fullmatch(words[at]) and words[at + 1 : at + 2] and words[at + 1] in _SCALES:
            out.append(f"{float(words[at]) * _SCALES[words[at + 1]]:.12g}")
            at += 2
        elif taken:
            out.append(str(value))
            at += taken
        else:
            out.append(words[at])
            at += 1
    return out


def _read_number(words: list[str], at: int) -> tuple[int, int]:
    """The number written in words from `at`, and how many words it takes (0: none)."""
    total = current = taken = 0
    last = 0  # what the last word was worth: decides what may follow
    while at + taken < len(words):
        word = words[at + taken]
        joined = word in ("and", "och") and last >= 100 and at + taken + 1 < len(words)
        if joined:
            word = words[at + taken + 1]
        worth = _word_value(word)
        if worth is None or (taken and not _may_follow(last, worth, word)):
            break
        if word in _SCALES:
            scale = _SCALES[word]
            if scale == 100:
                current = max(current, 1) * 100
            else:
                total, current = total + max(current, 1) * scale, 0
        else:
            current += worth
        last = worth
        taken += 2 if joined else 1
    if taken == 1 and words[at] in _NOT_ALONE:
        return 0, 0
    return total + current, taken


def _may_follow(last: int, worth: int, word: str) -> bool:
    if word in _SCALES:
        return last < worth
    return (20 <= last < 100 and last % 10 == 0 and worth < 10) or (last >= 100 and worth < last)


def _word_value(word: str) -> int | None:
    if word in _SCALES:
        return _SCALES[word]
    for table in (_SMALL, _TENS):
        if word in table:
            return table[word]
    return _swedish_compound(word)


@lru_cache(maxsize=4096)
def _swedish_compound(word: str) -> int | None:
    """`etthundrafyrtiofem` is 145; None for any word that is not all number."""
    total = current = 0
    rest = word
    while rest:
        part = next((p for p in _SV_BY_LENGTH if rest.startswith(p)), None)
        if part is None:
            return None
        rest = rest[len(part) :]
        worth = _SV_PARTS[part]
        if worth == 1_000:
            total, current = total + max(current, 1) * 1_000, 0
        elif worth == 100:
            current = max(current, 1) * 100
        else:
            current += worth
    return total + current


@lru_cache(maxsize=4096)
def compile_form(form: str) -> re.Pattern[str]:
    """A form as a pattern over normalised text.

    `*` in or at the end of a word is any ending; standing alone, up to four words. `re:` starts
    a regular expression. Raises `PatternError`.
    """
    if form.startswith("re:"):
        try:
            return re.compile(form[3:])
        except re.error as error:
            raise PatternError(f"{form!r} is not a valid regular expression: {error}") from None
    wanted = normalise(form.replace("*", _ANY))
    if not wanted.replace(_ANY, "").strip():
        raise PatternError(f"{form!r} holds no word to look for")
    pattern = ""
    for word in wanted.split():
        if word == _ANY:
            pattern += r"(?:\S+ ){0,4}"
        else:
            pattern += re.escape(word).replace(re.escape(_ANY), r"\w*") + " "
    return re.compile(rf"(?<!\w)(?<!\d\.){pattern.strip()}(?!\w)(?!\.\d)")


def found(form: str, normalised: str) -> bool:
    """Whether a form occurs in text that went through `normalise`."""
    return compile_form(form).search(normalised) is not None
