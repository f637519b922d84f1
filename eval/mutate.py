"""Right answers made wrong on purpose, one fault at a time: can the suite see it?

Faults in what is said (a number, a date, a name, a negation, a speaker, an added claim) and in
what it stands on (a quote labelled with the wrong article, a quote exchanged for one of another
article, a quote off by a character). Mutation testing (DeMillo et al. 1978) of the metrics and
judges instead of a program; FactCC and BEGIN planted faults into summaries to the same end.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from eval import faults
from eval.cases import TextOf
from eval.judges_items import Answered, Articles, cited
from eval.metrics import cited_quotes, quote_faults
from rag.corpus.language import detect_question
from rag.types import Answer, Quote, Statement

SEED = 20_261
# A claim or quote from elsewhere may share at most this much of its longer words with what the
# statement stands on: two articles on one event say the same thing, and that is no fault.
SHARED = 0.3
_LONGER_WORD = re.compile(r"[^\W\d_]{4,}|\d+")


@dataclass(frozen=True, slots=True)
class Mutation:
    """An answer with one fault in it, and where: statement `statement`, counted from 0, or a
    quote of it. `language` is that of the words in which the fault is."""

    case: str
    fault: str
    language: str
    statement: int
    where: str
    before: str
    after: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """What the other answers of the run offer to go wrong with."""

    names: Mapping[str, tuple[str, ...]]  # by language
    speakers: tuple[str, ...]
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """A statement to corrupt: `start`..`end` are its words without the introduction that names
    the outlet, `language` is theirs, `evidence` all that bears it out."""

    answer: Answer
    at: int
    statement: Statement
    quotes: tuple[Quote, ...]
    evidence: str
    start: int
    end: int
    language: str


@dataclass(frozen=True, slots=True)
class _Fault:
    where: str
    before: str
    after: str
    answer: Answer
    language: str


_Plant = Callable[[_Place, _Elsewhere, TextOf, random.Random], _Fault | None]


def untouched(cases: Sequence[Answered], text_of: TextOf) -> list[Answered]:
    """The answers to corrupt: right, and with every quote exact."""
    return [
        case
        for case in cases
        if case.correct and not any(quote_faults(q, text_of) for q in case.answer.quotes)
    ]


def mutations(
    cases: Sequence[Answered], text_of: TextOf, *, seed: int = SEED, most: int | None = None
) -> list[Mutation]:
    """A mutation for every statement and fault that fits it; `most` of a fault and language.

    Seeded by case, statement and fault: more cases leave the mutations of the others alone, but
    for the names, quotes and claims that are drawn from the whole run.
    """
    articles, elsewhere = Articles(text_of), _elsewhere(cases)
    found: dict[tuple[str, str], list[Mutation]] = defaultdict(list)
    for case in cases:
        for at in range(len(case.answer.statements)):
            place = _place(case, at, articles)
            if not place.quotes:
                continue
            for fault, plant in PLANTS.items():
                rng = random.Random(f"{seed} {case.id} {at} {fault}")  # noqa: S311 - no secret
                made = plant(place, elsewhere, text_of, rng)
                if made is not None:
                    found[fault, made.language].append(
                        Mutation(
                            case.id, fault, made.language, at, made.where, made.before,
                            made.after, made.answer,
                        )
                    )  # fmt: skip
    return [m for _, some in sorted(found.items()) for m in _drawn(some, most, seed)]


def _drawn(some: list[Mutation], most: int | None, seed: int) -> list[Mutation]:
    if most is None or len(some) <= most:
        return some
    chosen = random.Random(seed).sample(range(len(some)), most)  # noqa: S311 - no secret
    return [some[i] for i in sorted(chosen)]


def _elsewhere(cases: Sequence[Answered]) -> _Elsewhere:
    quotes = {
        (q.article_id, q.start, q.end): q for c in cases for q in cited_quotes(c.answer)
    }.values()
    names: dict[str, set[str]] = defaultdict(set)
    for quote in quotes:
        names[quote.language].update(filter(faults.is_proper, faults.names_in(quote.text)))
    speakers = {q.text[a:b] for q in quotes for a, b in faults.speakers_in(q.text)}
    # A state may speak through the person whom it would stand in for.
    persons = sorted(name for name in speakers if not faults.is_actor(name))
    return _Elsewhere(
        {x: tuple(sorted(n)) for x, n in names.items()}, tuple(persons), tuple(quotes)
    )


def _place(case: Answered, at: int, articles: Articles) -> _Place:
    answer = case.answer
    statement = answer.statements[at]
    quotes = tuple(cited(answer, statement))
    parts: list[str | None] = [case.question, answer.standalone_question]
    for quote in quotes:
        parts += [quote.text, articles.shown(quote).before, quote.title, quote.outlet]
        parts += [quote.published, quote.source]
    evidence = "\n".join(part for part in parts if part)
    start, end = 0, len(statement.text)
    language: str = detect_question(statement.text)
    for quote in quotes:
        if quote.text in statement.text and quote.language in faults.MONTHS:
            start = statement.text.index(quote.text)
            end, language = start + len(quote.text), quote.language
            break
    return _Place(answer, at, statement, quotes, evidence, start, end, language)


def _said(place: _Place, text: str, language: str) -> _Fault:
    """The answer with its statement saying `text`, in the statement and in the prose."""
    old = place.statement
    statements = list(place.answer.statements)
    statements[place.at] = old.model_copy(update={"text": text})
    changed = place.answer.model_copy(
        update={
            "statements": tuple(statements),
            "answer": place.answer.answer.replace(old.text, text, 1),
        }
    )
    return _Fault(f"statement {place.at + 1}", old.text, text, changed, language)


def _within(place: _Place, changed: str | None) -> _Fault | None:
    text = place.statement.text
    if changed is None or changed == text[place.start : place.end]:
        return None
    return _said(place, text[: place.start] + changed + text[place.end :], place.language)


def _worded(plant: faults.Plant) -> _Plant:
    def planted(
        place: _Place, elsewhere: _Elsewhere, text_of: TextOf, rng: random.Random
    ) -> _Fault | None:
        words = place.statement.text[place.start : place.end]
        return _within(place, plant(words, place.evidence, place.language, rng))

    return planted


def _named(place: _Place, elsewhere: _Elsewhere, _: TextOf, rng: random.Random) -> _Fault | None:
    names = elsewhere.names.get(place.language, ())
    words = place.statement.text[place.start : place.end]
    changed = faults.name(words, place.evidence, place.language, rng, names)
    return _within(place, changed)


def _spoken(place: _Place, elsewhere: _Elsewhere, _: TextOf, rng: random.Random) -> _Fault | None:
    words = place.statement.text[place.start : place.end]
    changed = faults.speaker(words, place.evidence, place.language, rng, elsewhere.speakers)
    return _within(place, changed)


def _dated(
    place: _Place, elsewhere: _Elsewhere, text_of: TextOf, rng: random.Random
) -> _Fault | None:
    """In the words themselves, else in the introduction, which is in the answer's language."""
    if (fault := _worded(faults.date)(place, elsewhere, text_of, rng)) is not None:
        return fault
    language = place.answer.language if place.answer.language in faults.MONTHS else "en"
    text = place.statement.text
    changed = faults.date(text[: place.start], place.evidence, language, rng)
    return None if changed is None else _said(place, changed + text[place.start :], language)


def _added(place: _Place, elsewhere: _Elsewhere, _: TextOf, rng: random.Random) -> _Fault | None:
    """A sentence from elsewhere, put after the statement as if its quotes said that too."""
    claims = [q for q in _strange(place, elsewhere.quotes) if q.language == place.language]
    if not claims:
        return None
    text = f"{place.statement.text} {rng.choice(claims).text}"
    return _said(place, text, place.language)


def _strange(place: _Place, quotes: Sequence[Quote]) -> list[Quote]:
    """Those that say something else than the statement and its quotes."""
    known = _longer_words(f"{place.statement.text} {place.evidence}")
    return [
        quote
        for quote in quotes
        if (words := _longer_words(quote.text)) and len(words & known) < SHARED * len(words)
    ]


@lru_cache(maxsize=8192)
def _longer_words(text: str) -> frozenset[str]:
    return frozenset(_LONGER_WORD.findall(text.lower()))


def _requoted(place: _Place, old: Quote, new: Quote, before: str, after: str) -> _Fault:
    quotes = tuple(new if q.n == old.n else q for q in place.answer.quotes)
    changed = place.answer.model_copy(update={"quotes": quotes})
    return _Fault(f"quote {old.n}", before, after, changed, old.language)


def _address(quote: Quote) -> str:
    return f"{quote.article_id} {quote.start}-{quote.end}"


def _mislabelled(
    place: _Place, elsewhere: _Elsewhere, text_of: TextOf, rng: random.Random
) -> _Fault | None:
    """The quote's words and place kept, said to be another article's."""
    old = rng.choice(place.quotes)
    others = [q for q in elsewhere.quotes if q.article_id != old.article_id]
    if not others:
        return None
    other = rng.choice(others)
    fields = ("article_id", "source", "outlet", "title", "published", "published_is",
              "article_sha256", "witness")  # fmt: skip
    new = old.model_copy(update={name: getattr(other, name) for name in fields})
    if (text_of(new.article_id) or "")[new.start : new.end] == new.text:
        return None
    return _requoted(place, old, new, _address(old), _address(new))


def _swapped(
    place: _Place, elsewhere: _Elsewhere, text_of: TextOf, rng: random.Random
) -> _Fault | None:
    """The only quote of a statement exchanged for another article's, which is exact itself."""
    if len(place.quotes) != 1:
        return None
    old = place.quotes[0]
    if sum(old.n in statement.quotes for statement in place.answer.statements) > 1:
        return None
    foreign = [q for q in elsewhere.quotes if q.article_id != old.article_id]
    others = _strange(place, foreign)
    if not others:
        return None
    new = rng.choice(others).model_copy(update={"n": old.n})
    return _requoted(place, old, new, old.text, new.text)


def _off(
    place: _Place, elsewhere: _Elsewhere, text_of: TextOf, rng: random.Random
) -> _Fault | None:
    """A quote one character beside its place, or with one character left out or exchanged."""
    old = rng.choice(place.quotes)
    at = rng.randrange(len(old.text))
    step = -1 if old.start > 0 and rng.random() < 0.5 else 1
    letter = "e" if old.text[at] != "e" else "a"
    changes: list[dict[str, Any]] = [
        {"start": old.start + step, "end": old.end + step},
        {"text": old.text[:at] + old.text[at + 1 :]},
        {"text": old.text[:at] + letter + old.text[at + 1 :]},
    ]
    new = old.model_copy(update=rng.choice(changes))
    if not new.text or (text_of(new.article_id) or "")[new.start : new.end] == new.text:
        return None
    if new.text == old.text:
        return _requoted(place, old, new, _address(old), _address(new))
    return _requoted(place, old, new, old.text, new.text)


PLANTS: Mapping[str, _Plant] = MappingProxyType(
    {
        "number": _worded(faults.number),
        "date": _dated,
        "name": _named,
        "negation": _worded(faults.negation),
        "speaker": _spoken,
        "added_claim": _added,
        "quote_article": _mislabelled,
        "quote_swapped": _swapped,
        "quote_character": _off,
    }
)
