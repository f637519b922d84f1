"""Numbers with what they count, in English and Swedish: digits, words, units, direction.

30 per cent = 30% = 30 procent = trettio procent; 1,000 = 1 000 = 1.000; a Swedish
*miljard* is an English billion; "an hour and a half" = "90-minute" = "1.5 hours".
"""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass, replace
from typing import Literal

from rag.answering.checks.lexicon import opposites, phrases, table, words
from rag.answering.checks.numerals import ARTICLES, half_follows, numeral, parted, scaled, scales_of
from rag.answering.checks.text import Text, is_stop, joined

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
    if _in_name(text, i):
        return None
    if re.fullmatch(r"\d{1,2}:\d{2}", token.text):
        hours, minutes = token.text.split(":")
        return Quantity(i, i + 1, token.text, (int(hours) * 60.0 + int(minutes),), "time")
    special = _and_a_half(text, i) or _ordinal(text, i)
    if special is not None:
        return special
    read = numeral(text, i)
    if read is None:
        return _fraction_or_multiple(text, i)
    values, last, weak = read
    # "The two agreed": both of whoever it is.
    weak = weak or (values == (2.0,) and i > 0 and text.tokens[i - 1].lower in {"the", "de"})
    if last < len(text.tokens) and text.tokens[last].lower in table("fractions"):
        share = float(table("fractions")[text.tokens[last].lower])
        if text.tokens[last].lower[-1] in "sr" or values == (1.0,):  # two thirds, en tredjedel
            values = tuple(value * share for value in values)
            return _finish(text, Quantity(i, last + 1, "", values, "fraction"))
    quantity = _with_unit(text, Quantity(i, last, "", values, weak=weak))
    return _finish(text, quantity)


def _in_name(text: Text, i: int) -> bool:
    """The number of a name: COVID-19, F-16, G7, internet2."""
    token, before = text.tokens[i], text.tokens[i - 1] if i else None
    if before is None or not token.number or not before.text[-1:].isalpha():
        return False
    gap = text.raw[before.end : token.start]
    return gap == "" or (before.capital and gap in {"-", "\u2011", " -"})


def _and_a_half(text: Text, i: int) -> Quantity | None:
    """`an hour and a half`, `hour-and-a-half`, `en och en halv timme`."""
    for unit_at in (i, i + 1):
        word = text.tokens[unit_at].lower if unit_at < len(text.tokens) else ""
        if word not in table("durations") or not half_follows(text, unit_at + 1):
            continue
        if unit_at == i or text.tokens[i].lower in ARTICLES:
            seconds = 1.5 * float(table("durations")[word])
            return _finish(text, Quantity(i, unit_at + 4, "", (seconds,), "duration"))
    if text.tokens[i].lower in {"one", "en", "ett"} and half_follows(text, i + 1):
        values, last = scaled(text, (1.5,), i + 4)
        return _finish(text, _with_unit(text, Quantity(i, last, "", values)))
    return None


def _finish(text: Text, quantity: Quantity) -> Quantity:
    op, first = _operator(text, quantity)
    said = joined(text, quantity.first, quantity.last)
    return replace(quantity, text=said, op=op, role=_role(text, first))


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
    if word in {"third", "quarter"} and (before not in ARTICLES or after != "of"):
        return None
    step = 2 if after in ARTICLES else 1
    unit = text.tokens[i + step].lower if i + step < len(text.tokens) else ""
    if unit in scales_of() or unit in table("durations"):
        values, last = scaled(text, (share,), i + step)
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
    if last >= len(tokens) or parted(text, quantity.last):
        return quantity
    return _named_unit(text, quantity, last)


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
        if half_follows(text, end):
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
        factor *= float(scales_of().get(token.lower, 1.0)) if not token.number else 1.0
        if quantity.kind == "duration":
            factor *= float(table("durations").get(token.lower, 1.0))
    return factor
