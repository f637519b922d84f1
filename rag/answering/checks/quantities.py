"""Numbers with what they count, in English and Swedish: digits, words, units, direction.

30 per cent = 30% = 30 procent = trettio procent; 1,000 = 1 000 = 1.000; a Swedish
*miljard* is an English billion; "an hour and a half" = "90-minute" = "1.5 hours".
"""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from rag.answering.checks.lexicon import opposites, phrases, table, words
from rag.answering.checks.text import Text, Token, is_stop, joined

Kind = Literal[
    "percent", "points", "money", "duration", "measure", "count", "bare",
    "ordinal", "fraction", "multiple", "time",
]  # fmt: skip
Op = Literal["eq", "ge", "le", "gt", "lt", "about"]
Role = Literal["source", "target", "delta"]

_OPS: tuple[tuple[str, Op], ...] = (
    ("at_least", "ge"), ("at_most", "le"), ("more_than", "gt"), ("less_than", "lt"),
    ("about", "about"),
)  # fmt: skip
_SEPARATED = re.compile(r"^\d{1,3}([.,])\d{3}$")
_HALF_AFTER = (("and", "a", "half"), ("och", "en", "halv"), ("och", "ett", "halvt"))
_UNIT_SKIP = frozenset(
    [
        "business",
        "working",
        "calendar",
        "consecutive",
        "full",
        "us",
        "canadian",
        "australian",
        "straight",
        "hela",
    ]
)
_ARTICLES = frozenset({"a", "an", "en", "ett", "one"})


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number at tokens [first, last), its possible values and how it is meant.

    `values` has two entries only where a separator can be read both ways (1.000).
    """

    first: int
    last: int
    text: str
    values: tuple[float, ...]
    kind: Kind = "bare"
    unit: str | None = None  # currency, measure, or the stem of what is counted
    op: Op = "eq"
    role: Role | None = None
    weak: bool = False  # "one", "first": often no number at all
    unscaled: tuple[float, ...] = ()

    @property
    def raw(self) -> tuple[float, ...]:
        """The number itself, where `values` are seconds."""
        return self.unscaled or self.values


@cache
def _number_words(language: str) -> dict[str, int]:
    known = {**table("numbers_en"), **table("numbers_sv")}
    if language == "en":  # words of English, or too common in it
        for word in ("sex", "en", "ett", "tio"):
            known.pop(word, None)
    return known


@cache
def _scales() -> dict[str, float]:
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


def find_quantities(text: Text, masked: Set[int] = frozenset()) -> list[Quantity]:
    """Every number of the text but those in masked tokens (dates), in order."""
    found: list[Quantity] = []
    i = 0
    while i < len(text.tokens):
        quantity = None if i in masked else _read(text, i, masked)
        if quantity is None:
            i += 1
            continue
        found.append(quantity)
        i = max(i + 1, quantity.last)
    return _share_units(text, found)


def _read(text: Text, i: int, masked: Set[int]) -> Quantity | None:
    token = text.tokens[i]
    if re.fullmatch(r"\d{1,2}:\d{2}", token.text):
        hours, minutes = token.text.split(":")
        return Quantity(i, i + 1, token.text, (int(hours) * 60.0 + int(minutes),), "time")
    special = _and_a_half(text, i) or _ordinal(text, i)
    if special is not None:
        return special
    read = _value(text, i)
    if read is None:
        return _fraction_or_multiple(text, i)
    values, last, weak = read
    if last < len(text.tokens) and text.tokens[last].lower in table("fractions"):
        share = float(table("fractions")[text.tokens[last].lower])
        if text.tokens[last].lower[-1] in "sr" or values == (1.0,):  # two thirds, en tredjedel
            values = tuple(value * share for value in values)
            return _finish(text, Quantity(i, last + 1, "", values, "fraction"))
    quantity = _with_unit(text, Quantity(i, last, "", values, weak=weak))
    return _finish(text, quantity)


def _and_a_half(text: Text, i: int) -> Quantity | None:
    """`an hour and a half`, `hour-and-a-half`, `en och en halv timme`."""
    for unit_at in (i, i + 1):
        word = text.tokens[unit_at].lower if unit_at < len(text.tokens) else ""
        if word not in table("durations") or not _half_follows(text, unit_at + 1):
            continue
        if unit_at == i or text.tokens[i].lower in _ARTICLES:
            seconds = 1.5 * float(table("durations")[word])
            return _finish(text, Quantity(i, unit_at + 4, "", (seconds,), "duration"))
    if text.tokens[i].lower in {"one", "en", "ett"} and _half_follows(text, i + 1):
        values, last = _scaled(text, (1.5,), i + 4)
        return _finish(text, _with_unit(text, Quantity(i, last, "", values)))
    return None


def _half_follows(text: Text, i: int) -> bool:
    return tuple(t.lower for t in text.tokens[i : i + 3]) in _HALF_AFTER


def _finish(text: Text, quantity: Quantity) -> Quantity:
    op, first = _operator(text, quantity)
    said = joined(text, quantity.first, quantity.last)
    return replace(quantity, text=said, op=op, role=_role(text, first))


def _value(text: Text, i: int) -> tuple[tuple[float, ...], int, bool] | None:
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
        if last == i + 1 and value == 1 and token.lower in _ARTICLES:
            return _one(text, i)
    values, last = _scaled(text, values, last)
    if _half_follows(text, last):
        values, last = _scaled(text, tuple(v + 0.5 for v in values), last + 3)
    return values, last, False


def _scaled(text: Text, values: tuple[float, ...], last: int) -> tuple[tuple[float, ...], int]:
    scales = _scales()
    while last < len(text.tokens) and (scale := scales.get(text.tokens[last].lower)):
        decimals = tuple(v for v in values if v < 1_000) or values
        values, last = tuple(value * scale for value in decimals), last + 1
    return values, last


def _one(text: Text, i: int) -> tuple[tuple[float, ...], int, bool] | None:
    """`one`, `en`, `a`: a number before a scale, a unit or a fraction, else a weak one."""
    after = text.tokens[i + 1].lower if i + 1 < len(text.tokens) else ""
    if after in _scales():
        values, last = _scaled(text, (1.0,), i + 1)
        return values, last, False
    if after in table("fractions") and after not in {"half", "halv", "halvt"}:
        return (1.0,), i + 1, False
    numeral = text.tokens[i].lower in {"one", "ett", "en"}
    if numeral and after in words("percent"):
        return (1.0,), i + 1, False
    return ((1.0,), i + 1, True) if text.tokens[i].lower == "one" else None


def _spoken(text: Text, i: int) -> tuple[float, int] | None:
    """A number in words: `thirty-five`, `one hundred and twenty`, `tjugofem`, `a million`."""
    known, scales = _number_words(text.language), _scales()
    total, current, last = 0.0, 0.0, i
    read_any = False
    while last < len(text.tokens):
        word = text.tokens[last].lower
        if last > i and _far(text, last):
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
    return i < len(text.tokens) and text.tokens[i].lower in _scales()


def _is_number(text: Text, i: int) -> bool:
    return i < len(text.tokens) and text.tokens[i].lower in _number_words(text.language)


def _ordinal(text: Text, i: int) -> Quantity | None:
    token = text.tokens[i]
    digits = re.fullmatch(r"(\d+)(?::[ae]|st|nd|rd|th)", token.text)
    if digits:
        return Quantity(i, i + 1, token.text, (float(digits.group(1)),), "ordinal")
    value = table(f"ordinals_{text.language}").get(token.lower)
    if value is None:
        return None
    before = text.tokens[i - 1].lower if i else ""
    if token.lower == "third" and before in {"a", "one"}:
        return Quantity(i, i + 1, token.text, (1 / 3,), "fraction")
    if token.lower == "andra" and before not in {"den", "det", "för"}:
        return None  # "other"
    return Quantity(i, i + 1, token.text, (float(value),), "ordinal", weak=value <= 2)


def _fraction_or_multiple(text: Text, i: int) -> Quantity | None:
    word = text.tokens[i].lower
    before = text.tokens[i - 1].lower if i else ""
    after = text.tokens[i + 1].lower if i + 1 < len(text.tokens) else ""
    if word in table("multiples"):
        value = float(table("multiples")[word])
        return Quantity(i, i + 1, text.tokens[i].text, (value,), "multiple", weak=True)
    if word not in table("fractions") or word[-1:] == "s":
        return None
    if before in table("ordinals_en") or before in table("ordinals_sv"):
        return None  # the second half
    share = float(table("fractions")[word])
    if word in {"third", "quarter"} and (before not in _ARTICLES or after != "of"):
        return None
    step = 2 if after in _ARTICLES else 1
    unit = text.tokens[i + step].lower if i + step < len(text.tokens) else ""
    if unit in _scales() or unit in table("durations"):
        values, last = _scaled(text, (share,), i + step)
        return _finish(text, _with_unit(text, Quantity(i, last, "", values)))
    return _finish(text, Quantity(i, i + 1, "", (share,), "fraction"))


def _with_unit(text: Text, quantity: Quantity) -> Quantity:
    tokens, last = text.tokens, quantity.last
    before = tokens[quantity.first - 1].lower if quantity.first else ""
    if before in {"$", "€", "£"}:
        return replace(
            quantity, kind="money", unit=str(table("currencies")[before]), first=quantity.first - 1
        )
    pair = " ".join(t.lower for t in tokens[last : last + 2])
    if pair in {"per cent", "per centage"}:
        quantity, last = replace(quantity, kind="percent", last=last + 2), last + 2
        points = last < len(tokens) and tokens[last].lower.startswith("point")
        return replace(quantity, kind="points", last=last + 1) if points else quantity
    for phrase in phrases("points"):
        if tuple(t.lower for t in tokens[last : last + len(phrase)]) == phrase:
            return replace(quantity, kind="points", last=last + len(phrase))
    if last < len(tokens) and tokens[last].lower in _UNIT_SKIP and last + 1 < len(tokens):
        last += 1
    if last >= len(tokens) or _far(text, quantity.last):
        return quantity
    return _named_unit(text, quantity, last)


def _far(text: Text, last: int) -> bool:
    """Whether punctuation stands between the number and the next token."""
    gap = text.raw[text.tokens[last - 1].end : text.tokens[last].start]
    return bool(re.search(r"[,;:.()\"“”]", gap))


def _named_unit(text: Text, quantity: Quantity, last: int) -> Quantity:
    tokens, word = text.tokens, text.tokens[last].lower
    if word in words("percent"):
        return replace(quantity, kind="percent", last=last + 1)
    if word in table("currencies"):
        unit = str(table("currencies")[word])
        return replace(quantity, kind="money", unit=unit, last=last + 1)
    if word in table("durations"):
        seconds = float(table("durations")[word])
        values = quantity.values
        end = last + 1
        if _half_follows(text, end):
            end += 3
            values = tuple(v if v % 1 else v + 0.5 for v in values)
        seconds_of = tuple(v * seconds for v in values)
        return replace(quantity, kind="duration", values=seconds_of, unscaled=values, last=end)
    if word in table("measures"):
        unit = str(table("measures")[word])
        return replace(quantity, kind="measure", unit=unit, last=last + 1)
    if tokens[last].text[:1].isalpha() and not is_stop(tokens[last]):
        return replace(quantity, kind="count", unit=tokens[last].stem)
    return quantity


def _operator(text: Text, quantity: Quantity) -> tuple[Op, int]:
    """(operator, first token of it) by the words right before, or after ("or more")."""
    tokens = text.tokens
    before = [t.lower for t in tokens[max(0, quantity.first - 4) : quantity.first]]
    while before and before[-1] in {"the", "a", "an", "us"}:
        before.pop()
    after = tuple(t.lower for t in tokens[quantity.last : quantity.last + 2])
    for name, op in _OPS:
        for phrase in phrases(name):
            if after == phrase and name == "at_least":
                return op, quantity.first
            if tuple(before[-len(phrase) :]) == phrase:
                return op, quantity.first - len(phrase)
    return "eq", quantity.first


def _role(text: Text, first: int) -> Role | None:
    """From, to or by: which end of a change the number is."""
    before = text.tokens[first - 1].lower if first else ""
    near = text.tokens[max(0, first - 10) : first - 1] if first else ()
    changes = any(axis == "amount" for t in near for axis, _ in opposites().get(t.lower, ()))
    if before in words("from_words"):
        return "source"
    started = any(t.lower in words("from_words") for t in near[-7:])
    if before in words("to_words") and (changes or started):
        return "target"
    if before in words("by_words") and changes:
        return "delta"
    return None


def _share_units(text: Text, found: list[Quantity]) -> list[Quantity]:
    """In `between five and seven years` and `5–7 million` the first shares the last's unit."""
    out = list(found)
    for i in range(len(out) - 2, -1, -1):
        left, right = out[i], out[i + 1]
        gap = [t.lower for t in text.tokens[left.last : right.first]]
        dashed = not gap and text.raw[text.tokens[left.last - 1].end :][:1] in "-–—"
        linked = dashed or (len(gap) == 1 and gap[0] in {"to", "and", "till", "och", "or", "eller"})
        if left.kind != "bare" or not linked or right.kind in {"bare", "ordinal", "time"}:
            continue
        factor = _factor(text, right)
        values = tuple(dict.fromkeys((*[v * factor for v in left.values], *left.values)))
        out[i] = replace(left, kind=right.kind, unit=right.unit, values=values)
    return out


def _factor(text: Text, quantity: Quantity) -> float:
    """The scale or unit of time by which the number's own digits were multiplied."""
    factor = 1.0
    for token in text.tokens[quantity.first : quantity.last]:
        factor *= float(_scales().get(token.lower, 1.0)) if not token.number else 1.0
        if quantity.kind == "duration":
            factor *= float(table("durations").get(token.lower, 1.0))
    return factor


def content_token(token: Token) -> bool:
    return not token.number and not is_stop(token)
