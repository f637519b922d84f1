"""The value of a number at a place in a text: digits with separators, or words."""

from __future__ import annotations

import re
from functools import cache

from rag.answering.checks.lexicon import table, words
from rag.answering.checks.text import Text

_SEPARATED = re.compile(r"^\d{1,3}([.,])\d{3}$")
_HALF_AFTER = (("and", "a", "half"), ("och", "en", "halv"), ("och", "ett", "halvt"))
ARTICLES = frozenset({"a", "an", "en", "ett", "one"})


@cache
def _number_words(language: str) -> dict[str, int]:
    known = {**table("numbers_en"), **table("numbers_sv")}
    if language == "en":  # words of English, or too common in it
        for word in ("sex", "en", "ett", "tio"):
            known.pop(word, None)
    return known


@cache
def scales_of() -> dict[str, float]:
    return {**table("scales_en"), **table("scales_sv")}


@cache
def swedish_number(word: str) -> float | None:
    """The value of a compound such as `tjugofem`, `tvåhundratusen`; None if it is none."""
    units = {w: v for w, v in table("numbers_sv").items() if w != "en"}
    if word in units:
        return float(units[word])
    for name, scale in (("miljoner", 1e6), ("tusen", 1e3), ("hundra", 1e2)):
        head, found, tail = word.partition(name)
        if found:
            above = swedish_number(head) if head else 1.0
            below = swedish_number(tail) if tail else 0.0
            return None if above is None or below is None else above * scale + below
    if word.endswith("tal") and len(word) > 5:  # ett tjugotal
        return swedish_number(word.removesuffix("tal"))
    for ten, value in units.items():
        if value >= 20 and word.startswith(ten) and units.get(word[len(ten) :], 10) < 10:
            return float(value + units[word[len(ten) :]])
    return None


def digit_values(text: str) -> tuple[float, ...]:
    """What digits with separators may mean: `1.000` is 1000 or 1, `0,5` a half."""
    compact = re.sub(r"[ \u00a0\u202f]", "", text)
    if _SEPARATED.match(compact):
        whole = float(re.sub(r"[.,]", "", compact))
        decimal = float(compact.replace(",", "."))
        return (decimal,) if compact.startswith("0") else (whole, decimal)
    marks = re.findall(r"[.,]", compact)
    if not marks:
        return (float(compact),)
    if len(marks) == 1:
        return (float(compact.replace(",", ".")),)
    if len(set(marks)) == 1:
        return (float(re.sub(r"[.,]", "", compact)),)
    head, _, tail = compact.rpartition(marks[-1])
    return (float(f"{re.sub('[.,]', '', head)}.{tail}"),)


def numeral(text: Text, i: int) -> tuple[tuple[float, ...], int, bool] | None:
    """(values, next token, weak) of the number that starts at token i."""
    token = text.tokens[i]
    if token.number:
        if re.search(r"[^\d.,\s]", token.text):
            return None
        values, last = digit_values(token.text), i + 1
    else:
        spoken = _spoken(text, i)
        if spoken is None:
            return None
        value, last = spoken
        values = (value,)
        if last == i + 1 and value == 1 and token.lower in ARTICLES:
            return _one(text, i)
    values, last = scaled(text, values, last)
    if half_follows(text, last):
        values, last = scaled(text, tuple(v + 0.5 for v in values), last + 3)
    return values, last, False


def scaled(text: Text, values: tuple[float, ...], last: int) -> tuple[tuple[float, ...], int]:
    scales = scales_of()
    while last < len(text.tokens) and (scale := scales.get(text.tokens[last].lower)):
        decimals = tuple(v for v in values if v < 1_000) or values
        values, last = tuple(value * scale for value in decimals), last + 1
    return values, last


def _one(text: Text, i: int) -> tuple[tuple[float, ...], int, bool] | None:
    """`one`, `en`, `a`: a number before a scale, a unit or a fraction, else a weak one."""
    after = text.tokens[i + 1].lower if i + 1 < len(text.tokens) else ""
    if after in scales_of():
        values, last = scaled(text, (1.0,), i + 1)
        return values, last, False
    if after in table("fractions") and after not in {"half", "halv", "halvt"}:
        return (1.0,), i + 1, False
    numeral = text.tokens[i].lower in {"one", "ett", "en"}
    if numeral and after in words("percent"):
        return (1.0,), i + 1, False
    return ((1.0,), i + 1, True) if text.tokens[i].lower == "one" else None


def _spoken(text: Text, i: int) -> tuple[float, int] | None:
    """A number in words: `thirty-five`, `one hundred and twenty`, `tjugofem`, `a million`."""
    known, scales = _number_words(text.language), scales_of()
    total, current, last = 0.0, 0.0, i
    read_any = False
    while last < len(text.tokens):
        word = text.tokens[last].lower
        if last > i and parted(text, last):
            break
        value: float | None = known.get(word)
        scaling = read_any and word in scales
        if value is None and not scaling and word not in {"sex", "ett", "tio"}:
            value = swedish_number(word)
        if value is not None and not (read_any and current % 100 and current % 10):
            current, last, read_any = current + value, last + 1, True
        elif word in {"hundred", "hundra"} and (read_any or last > i):
            current, last, read_any = max(current, 1.0) * 100, last + 1, True
        elif word in scales and scales[word] != 100 and (read_any or last > i):
            total, current, last = total + max(current, 1.0) * scales[word], 0.0, last + 1
            read_any = True
        elif (
            word == "and"
            and read_any
            and current
            and current % 100 == 0
            and _is_number(text, last + 1)
        ) or (last == i and word in {"a", "an"} and _is_scale(text, last + 1)):
            last += 1
        else:
            break
    return (total + current, last) if read_any else None


def _is_scale(text: Text, i: int) -> bool:
    return i < len(text.tokens) and text.tokens[i].lower in scales_of()


def _is_number(text: Text, i: int) -> bool:
    return i < len(text.tokens) and text.tokens[i].lower in _number_words(text.language)


def half_follows(text: Text, i: int) -> bool:
    return tuple(t.lower for t in text.tokens[i : i + 3]) in _HALF_AFTER


def parted(text: Text, last: int) -> bool:
    """Whether punctuation stands between the number and the next token."""
    gap = text.raw[text.tokens[last - 1].end : text.tokens[last].start]
    return bool(re.search(r"[,;:.()\"“”]", gap))
