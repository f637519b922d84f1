"""What needs no LLM: a changed figure or name makes a false premise, a missing attribute makes a
question that nothing answers. Pure functions of text and a seeded generator."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

import yaml

from eval.drafting_pick import Detail, details, spoken
from eval.matching import PatternError, found, normalise
from rag.answering.checks.case import read
from rag.answering.checks.lexicon import name_forms, words

_WORDS = Path(__file__).parent / "drafting_words.yaml"
_DIGITS = re.compile(r"\d+")
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")
_SCALES = "hundred|thousand|million|billion|trillion|hundra|tusen|miljon|miljard|biljon"
_NUMBER = re.compile(
    rf"\d[\d.,\u00a0 ]*(?:(?:{_SCALES})\w*)?\s*(?:%|per ?cent\b|procent\b)?", re.IGNORECASE
)
_ENOUGH = 10  # a number below it is no answer without what it counts


@dataclass(frozen=True, slots=True)
class Premise:
    """A question that takes something untrue for granted."""

    question: str
    said: str  # the untrue value in it
    true: str  # what the excerpt has instead


def forms(detail: Detail, *, across: bool = False) -> list[str]:
    """What to accept for an answer that is `detail`; empty where no form is safe.

    `across`: the answer may be in another language than the excerpt. A number is looked for
    without what it counts, which can be said in many ways, unless it is a small one.
    """
    plain = detail.text.replace("*", " ").strip()
    if detail.kind == "number" and (match := _NUMBER.search(plain)):
        bare = match[0].strip(" .,\u00a0")
        if "%" in normalise(bare) or float(_DIGITS.findall(bare)[0]) >= _ENOUGH or "." in bare:
            return [bare]
    if across and detail.kind == "date":
        return [plain] if _YEAR.fullmatch(plain) else []
    if across and (detail.kind == "number" or plain.lower() in name_forms()):
        return []
    if detail.kind == "name" and plain.endswith("s") and plain[:-1].lower() in name_forms():
        return [] if across else [plain[:-1] + "*"]  # `Kinas` is Kina in a genitive
    if detail.kind == "name" and " " in plain:
        return [plain, plain.split()[-1]]
    return [plain]


def forms_of(value: str, language: str) -> list[str]:
    """What to accept where `value`, a detail of a question, must be put right."""
    found_ = details(value, language)
    whole = found_[0] if len(found_) == 1 and found_[0].text == value else None
    return forms(whole) if whole is not None else [value.replace("*", " ").strip()]


def holds(form: str, text: str) -> bool:
    """Whether an accepted form is found in `text`; a form that is no pattern is not."""
    try:
        return found(form, normalise(text))
    except PatternError:
        return False


@dataclass(frozen=True, slots=True)
class Names:
    """Names of a corpus that may take each other's place: in full, and which of them are people."""

    full: tuple[str, ...] = ()
    people: tuple[str, ...] = ()


def changed(detail: Detail, rng: Random, names: Names, article: str) -> str | None:
    """Another value of the same shape that is nowhere in `article`; None where there is none."""
    if detail.kind == "name":
        others = [n for n in _like(detail.text, names) if n not in article]
        return rng.choice(others) if others else None
    other = _other_number(detail.text, rng)
    return None if other is None or holds(other, article) else other


def _like(name: str, names: Names) -> list[str]:
    """Names of the same kind: a person for a person, as many words for as many, a country for a
    country."""
    if name in _words().countries or name in _words().instead:
        return list(_words().instead)
    length = len(name.split())
    if length == 1:
        known = any(name in person.split() for person in names.people)
        return sorted({person.split()[-1] for person in names.people}) if known else []
    pool = names.people if name in names.people else set(names.full) - set(names.people)
    return sorted(n for n in pool if len(n.split()) == length)


def _other_number(text: str, rng: Random) -> str | None:
    if match := _YEAR.search(text):
        other = str(int(match[0]) + rng.choice([-3, -2, 2, 3]))
    elif match := _DIGITS.search(text):
        other = _other(match[0], rng)
    else:
        return None
    return text[: match.start()] + other + text[match.end() :]


def _other(digits: str, rng: Random) -> str:
    """A number of as many digits that begins otherwise: 45 is never near 46."""
    first = rng.choice([d for d in "123456789" if d != digits[0]])
    return first + digits[1:]


def false_premise(
    question: str, language: str, excerpt: str, article: str, rng: Random, names: Names
) -> Premise | None:
    """`question` with one value changed that it shares with `excerpt`.

    The new value stands nowhere in `article` (its whole text). None where nothing can be changed.
    """
    shared = [d for d in details(question, language) if _shared(d, excerpt)]
    rng.shuffle(shared)
    for detail in shared:
        other = changed(detail, rng, names, article)
        if other is not None and not holds(other, question):
            asked = question[: detail.start] + other + question[detail.end :]
            return Premise(asked, other, detail.text)
    return None


def _shared(detail: Detail, excerpt: str) -> bool:
    if detail.kind == "name":
        return detail.text in excerpt
    return bool(forms(detail)) and holds(forms(detail)[0], excerpt)


def people(text: str, language: str) -> list[str]:
    """Persons that `text` names in full, with a role before the name or a verb of saying beside."""
    reading = read(text, spoken(language))
    tokens = reading.tokens
    found_: list[str] = []
    for name in reading.names:
        if name.key is not None or not 2 <= name.last - name.first <= 3:
            continue
        before = tokens[name.first - 1].lower if name.first else ""
        after = tokens[name.last].lower if name.last < len(tokens) else ""
        if before in words("roles") or {before, after} & words("says"):
            said = text[tokens[name.first].start : tokens[name.last - 1].end]
            found_.append(re.sub(r"['\u2019]s?$", "", said))
    return list(dict.fromkeys(found_))


def names_in(texts: Iterable[tuple[str, str]]) -> Names:
    """The names of two or three words in `(text, language)` pairs, sorted; no countries."""
    full: set[str] = set()
    persons: set[str] = set()
    for text, language in texts:
        persons.update(people(text, language))
        for detail in details(text, language):
            spaced = 2 <= len(detail.text.split()) <= 3
            if detail.kind == "name" and spaced and detail.text.lower() not in name_forms():
                full.add(detail.text)
    return Names(tuple(sorted(full | persons)), tuple(sorted(persons)))


@dataclass(frozen=True, slots=True)
class _Words:
    attributes: Mapping[str, Sequence[str]]
    countries: frozenset[str]
    instead: tuple[str, ...]


@cache
def _words() -> _Words:
    table = yaml.safe_load(_WORDS.read_text("utf-8"))
    countries = frozenset(name for row in table["countries"] for name in row)
    return _Words(table["attributes"], countries, tuple(table["instead"]))


def missing_attributes(name: str, language: str) -> list[str]:
    """Questions about a person that the articles hardly answer."""
    return [line.replace("{name}", name) for line in _words().attributes[spoken(language)]]
