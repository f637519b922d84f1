"""What needs no LLM: a changed figure or name makes a false premise, a missing attribute makes a
question that nothing answers. Pure functions of text and a seeded generator."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

import yaml

from eval.drafting_pick import Detail, details, spoken
from eval.matching import PatternError, found, normalise
from rag.answering.checks.case import read
from rag.answering.checks.lexicon import name_forms, words

_ATTRIBUTES = Path(__file__).parent / "drafting_attributes.yaml"
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


def changed(detail: Detail, rng: Random, names: Sequence[str]) -> str | None:
    """Another value of the same shape; None where there is none to put in its place."""
    if detail.kind == "name":
        others = [n for n in names if len(n.split()) == len(detail.text.split())]
        return rng.choice(others) if others else None
    if match := _YEAR.search(detail.text):
        year = int(match[0]) + rng.choice([-3, -2, 2, 3])
        return detail.text[: match.start()] + str(year) + detail.text[match.end() :]
    if match := _DIGITS.search(detail.text):
        return detail.text[: match.start()] + _other(match[0], rng) + detail.text[match.end() :]
    return None


def _other(digits: str, rng: Random) -> str:
    """A number of as many digits that begins otherwise: 45 is never near 46."""
    first = rng.choice([d for d in "123456789" if d != digits[0]])
    return first + digits[1:]


def false_premise(
    question: str, language: str, excerpt: str, article: str, rng: Random, names: Sequence[str]
) -> Premise | None:
    """`question` with one value changed that it shares with `excerpt`.

    The new value stands nowhere in `article` (its whole text). None where nothing can be changed.
    """
    shared = [d for d in details(question, language) if _shared(d, excerpt)]
    rng.shuffle(shared)
    for detail in shared:
        other = changed(detail, rng, [n for n in names if n not in article])
        if other is None or holds(other, article) or holds(other, question):
            continue
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
            found_.append(text[tokens[name.first].start : tokens[name.last - 1].end])
    return list(dict.fromkeys(found_))


def full_names(texts: Iterable[tuple[str, str]]) -> list[str]:
    """Names of two or three words in `(text, language)` pairs, sorted; no countries."""
    names: set[str] = set()
    for text, language in texts:
        for detail in details(text, language):
            spaced = 2 <= len(detail.text.split()) <= 3
            if detail.kind == "name" and spaced and detail.text.lower() not in name_forms():
                names.add(detail.text)
    return sorted(names)


@cache
def _attributes() -> dict[str, list[str]]:
    table: dict[str, list[str]] = yaml.safe_load(_ATTRIBUTES.read_text("utf-8"))
    return table


def missing_attributes(name: str, language: str) -> list[str]:
    """Questions about a person that the articles hardly answer."""
    return [line.replace("{name}", name) for line in _attributes()[spoken(language)]]
