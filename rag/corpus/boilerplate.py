"""The table of what is no reporting (`boilerplate.txt`), compiled."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

# A name of one to four capitalised words, initials and particles among them.
_NAME = (
    r"(?:[A-ZÅÄÖÉØÜ][\w’'.-]*(?: (?:(?:van|von|der|den|de|del|di|da|bin|al|af|la|le) )*"
    r"[A-ZÅÄÖÉØÜ][\w’'.-]*){0,3})"
)
_MONTH = r"(?:jan|feb|mar|apr|may|maj|jun|jul|aug|sep|oct|okt|nov|dec)[a-z]*\.?"
_NTH = r"\d{1,2}(?:st|nd|rd|th)?"
_AGENCY = (
    r"(?:CNN(?: Business)?|AP|A\.P\.|(?:The )?Associated Press|Reuters|REUTERS|AFP|TT|Bloomberg"
    r"|BBC(?: News)?|SVT(?: Nyheter)?|Xinhua|UPI|dpa|DPA|NTB|Ritzau|USA ?TODAY|CNBC|NPR|ANI|PTI)"
)
_MACROS = {
    "NAME": _NAME,
    "NAMES": rf"{_NAME}(?:(?:, | (?:and|och|&|with) |, (?:and|och) ){_NAME}){{0,6}}",
    "MONTH": _MONTH,
    "DATE": (
        rf"(?:\w+day,? )?(?:{_MONTH} {_NTH},? \d{{4}}|{_NTH} {_MONTH},? \d{{4}}"
        r"|\d{4}-\d\d-\d\d|\d{1,2}[/.]\d{1,2}[/.]\d{2,4})"
    ),
    "TIME": r"[\s,|·•–-]*(?:(?:at|kl\.?) ?)?(?:\d{1,2}[.:]\d\d.{0,20})?",
    "AGENCY": _AGENCY,
    "PLACE": r"[A-ZÅÄÖÉØÜ][\w’'.-]*(?:[ ,/]+(?:[A-ZÅÄÖÉØÜ][\w’'.-]*|and|och|of|the)){0,5}",
}


@dataclass(frozen=True, slots=True)
class Rule:
    """One group of the table; `pattern` is for `fullmatch` on a line."""

    reason: str
    pattern: re.Pattern[str]
    tail: bool = False
    opens: bool = False


@cache
def rules() -> tuple[Rule, ...]:
    """The table's groups, in its order."""
    table = files(__package__).joinpath("boilerplate.txt").read_text(encoding="utf-8")
    groups: list[tuple[str, list[str]]] = []
    for line in table.splitlines():
        if line.startswith("== "):
            groups.append((line[3:], []))
        elif line and not re.match(r"#( |$)", line):
            groups[-1][1].append(line)
    return tuple(_rule(heading, patterns) for heading, patterns in groups)


def _rule(heading: str, patterns: list[str]) -> Rule:
    reason, _, flags = heading.partition("; ")
    joined = "|".join(f"(?:{_expand(p)})" for p in patterns)
    compiled = re.compile(joined, 0 if "case" in flags else re.IGNORECASE)
    return Rule(reason, compiled, tail="tail" in flags, opens="opens" in flags)


def _expand(pattern: str) -> str:
    return re.sub(r"<([A-Z]+)>", lambda m: _MACROS[m[1]], pattern)


# "WASHINGTON – In a move", "STOCKHOLM (TT) – Regeringen": the place before the first sentence.
DATELINE_PREFIX = re.compile(
    _expand(
        r"(?:(?=[A-ZÅÄÖÉØÜ.'’ -]{4})[A-ZÅÄÖÉØÜ][A-ZÅÄÖÉØÜ.'’-]+(?:[ ,/]+[A-ZÅÄÖÉØÜ][\w.'’-]*){0,4}"
        r"(?:,? (?i:<MONTH>) \d{1,2})?(?: ?\(<AGENCY>\))?"
        r"|<PLACE> ?\(<AGENCY>\)|(?:<NAME> )?<AGENCY>) ?[–—-]{1,2}\s+(?=[\"“”‘'«(]*[A-ZÅÄÖÉØÜ\d])"
    )
)
AGENCY_LINE = re.compile(rf"{_AGENCY}(?:\s*[–—-]+)?")
