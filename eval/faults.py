"""Faults planted by rule into true statements: a wrong number, date, name, speaker, a negation.

Written apart from the verifier's own extraction, on purpose: a number it cannot see must
count as a miss. Each function gives the faulty statement, or None where there is nothing to
change; it differs from the true one in just that fault, and the fault is never something that
`evidence` says too. English and Swedish. The kinds of fault are those that people marked in
FRANK (Pagnoni et al. 2021) and that FactCC (Kryscinski et al. 2020) planted by rule.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

# (statement, evidence, language, random) -> the faulty statement, or None
Plant = Callable[[str, str, str, random.Random], str | None]

MONTHS = {
    "en": "January February March April May June July August September October November December",
    "sv": "januari februari mars april maj juni juli augusti september oktober november december",
}
WEEKDAYS = {
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "sv": "måndag tisdag onsdag torsdag fredag lördag söndag",
}
SPOKEN = {
    "en": "two three four five six seven eight nine ten eleven twelve fifteen twenty thirty forty",
    "sv": "två tre fyra fem sex sju åtta nio tio elva tolv femton tjugo trettio fyrtio",
}
AUXILIARIES = {
    "en": "is are was were has have had can could will would did does should",
    "sv": "är var har hade kan kunde ska skulle blev blir får fick vill",
}
_YEAR = re.compile(r"\b(1[5-9]\d\d|20\d\d)\b")
_BOUND = re.compile(
    r"\b(?:than|än|least|most|over|under|above|below|about|around|nearly|almost|minst|högst|över|"
    r"drygt|knappt|cirka|omkring|approximately|exceed\w*|beyond|up to|upp till)\b",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"(?<![\w.,])\d+(?:[.,  ]\d+)*(?![\w])")
_NAME = r"[A-ZÅÄÖ][\w’-]+(?: [A-ZÅÄÖ][\w’-]+)*"
_SAY = (
    "said|says|told|argued|argues|claimed|claims|added|warned|noted|stated|explained|announced|"
    "confirmed|insisted|säger|sade|sa|sagt|menar|uppger|uppgav|skriver|skrev|berättar|hävdar|"
    "konstaterade|konstaterar|meddelade"
)
_SPEAKERS = re.compile(
    rf"\b(?P<before>{_NAME}) (?:has |had |har |hade )?(?:{_SAY})\b"
    rf"|[,”\"’] (?:{_SAY}) (?P<after>{_NAME})"
    rf"|\b(?:[Aa]ccording to|[Ee]nligt) (?P<source>{_NAME})"
)
# Capitalised for standing first, or no person at all.
_NO_SPEAKER = (
    "The A An He She It They We I You This That These Those There In On At As But And Both Some "
    "Han Hon Det De Den Vi Jag Ni Man Som Men Och En Ett Detta Dessa Här Där Så När Nu"
)
# One actor by several names, across languages too: to exchange one for another is no fault.
_ACTORS = (
    "China Chinese China’s Beijing Peking Kina Kinas",
    "US USA U.S American Americans Washington America USA:s",
    "UK Britain British London Storbritannien",
    "Russia Russian Moscow Kremlin Ryssland Moskva",
    "Germany German Berlin Tyskland",
    "France French Paris Frankrike",
    "Sweden Swedish Stockholm Sverige Sveriges",
    "EU European Europe Brussels Europa Bryssel",
    "Ukraine Ukrainian Kyiv Ukraina Kiev",
    "Japan Japanese Tokyo",
)
_DEMONYM = re.compile(r"(?:ese|ican|ian|ish|ans|ens)$")
_ROLES = (
    "President Prime Minister Secretary Treasury University Chancellor Ambassador King "
    "Queen Government State House Department Ministry Committee"
)


def _known(name: str, evidence: str) -> bool:
    """Whether the evidence names whom `name` names, by this or another name."""
    if any(word.lower() in evidence.lower() for word in name.split()):
        return True
    named = {word for actor in _ACTORS for word in actor.split() if is_actor(name, actor)}
    return any(re.search(rf"\b{re.escape(word)}\b", evidence) for word in named)


def is_proper(name: str) -> bool:
    """Whether a run of capitalised words names somebody or something: no "Asian", no title."""
    return not _DEMONYM.search(name) and not set(name.split()) & set(_ROLES.split())


def is_actor(name: str, *actors: str) -> bool:
    """Whether a name is one of these actors', else of any state that is known here."""
    return any(set(name.split()) & set(actor.split()) for actor in actors or _ACTORS)


def number(text: str, evidence: str, language: str, rng: random.Random) -> str | None:
    """One digit of a number changed, or a number word exchanged.

    Bounds are left alone: "more than 1,500" may stay true with another number.
    """
    if _BOUND.search(text):
        return None
    found = [m for m in _DIGITS.finditer(text) if not _YEAR.fullmatch(m.group())]
    if found:
        match = rng.choice(found)
        digits = [i for i in range(*match.span()) if text[i].isdigit()]
        for _ in range(8):
            at = rng.choice(digits)
            low = 1 if at == digits[0] else 0
            new = text[:at] + str(rng.randint(low, 9)) + text[at + 1 :]
            value = new[match.start() : match.end()]
            if new != text and not re.search(rf"(?<!\d){re.escape(value)}(?!\d)", evidence):
                return new
        return None
    return _exchange(text, evidence, SPOKEN[language].split(), rng)


def date(text: str, evidence: str, language: str, rng: random.Random) -> str | None:
    """Another year, month or weekday."""
    years = list(_YEAR.finditer(text))
    if years:
        match = rng.choice(years)
        for _ in range(8):
            new = str(int(match.group()) + rng.choice([-9, -4, -3, -2, -1, 1, 2, 3, 5, 8]))
            if new not in evidence:
                return text[: match.start()] + new + text[match.end() :]
        return None
    for names in (MONTHS, WEEKDAYS):
        listed = [w for w in names[language].split() if w.lower() not in {"may", "march", "mars"}]
        changed = _exchange(text, evidence, listed, rng)
        if changed is not None:
            return changed
    return None


def _exchange(text: str, evidence: str, listed: Sequence[str], rng: random.Random) -> str | None:
    present = [w for w in listed if re.search(rf"\b{w}\b", text)]
    absent = [w for w in listed if not re.search(rf"\b{w}\b", f"{text} {evidence}", re.I)]
    if not present or not absent:
        return None
    return re.sub(rf"\b{rng.choice(present)}\b", rng.choice(absent), text, count=1)


def names_in(text: str) -> list[str]:
    """Runs of capitalised words that do not start a sentence."""
    pattern = r"(?<=[a-zåäö,] )[A-ZÅÄÖ][a-zåäöé]{2,}(?: [A-ZÅÄÖ][a-zåäöé]{2,})*"
    dates = {w for t in (*MONTHS.values(), *WEEKDAYS.values()) for w in t.split()}
    return [m.group() for m in re.finditer(pattern, text) if m.group() not in dates]


def name(
    text: str, evidence: str, language: str, rng: random.Random, pool: Sequence[str]
) -> str | None:
    """A name exchanged for one from another row, with as many words."""
    del language
    found = [n for n in names_in(text) if n.split()[-1] in evidence and is_proper(n)]
    if not found or not pool:
        return None
    old = rng.choice(found)
    for _ in range(20):
        new = rng.choice(pool)
        if len(new.split()) == len(old.split()) and not _known(new, evidence):
            return re.sub(rf"\b{re.escape(old)}\b", new, text)
    return None


def negation(text: str, evidence: str, language: str, rng: random.Random) -> str | None:
    """A negation put in after the first auxiliary, or taken out."""
    del evidence, rng
    word = "not" if language == "en" else "inte"
    if re.search(rf"\b{word} ", text):
        return re.sub(rf"\b{word} ", "", text, count=1)
    if re.search(r"\b(?:never|no|none|aldrig|ingen|inga|inget|n't|utan|without)\b", text):
        return None
    auxiliary = "|".join(AUXILIARIES[language].split())
    changed = re.sub(rf"\b({auxiliary})\b(?! (?:not|inte))", rf"\1 {word}", text, count=1)
    return changed if changed != text else None


def speakers_in(text: str) -> list[tuple[int, int]]:
    """Where the names of those who say something stand, as ranges of code points."""
    found, others = [], set(_NO_SPEAKER.split())
    for match in _SPEAKERS.finditer(text):
        group = next(name for name, value in match.groupdict().items() if value)
        if not others & set(match[group].split()):
            found.append(match.span(group))
    return found


def speaker(
    text: str, evidence: str, language: str, rng: random.Random, pool: Sequence[str]
) -> str | None:
    """What somebody says given to another of `pool`, who may well be named in the evidence
    but says nothing there."""
    del language
    found = speakers_in(text)
    if not found:
        return None
    start, end = rng.choice(found)
    speaking = {w for a, b in speakers_in(evidence) for w in evidence[a:b].lower().split()}
    speaking |= set(text[start:end].lower().split())
    others = [p for p in pool if not speaking & set(p.lower().split())]
    return text[:start] + rng.choice(others) + text[end:] if others else None
