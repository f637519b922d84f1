"""Each statement against its own quotes: numbers, names, who said it, when. No LLM, no model.

The readings (what is a number, a name, a speaker, in English and Swedish) are the verifier's;
the judgement is not: the verifier weighs, here every number must be in a quote. What a statement
quotes word for word, and the outlet and title that introduce it, are taken out first.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from eval.cases import TextOf
from eval.matching import normalise, without_marks
from rag.answering.checks.case import Case, Reading, read
from rag.answering.checks.dates import supported
from rag.answering.checks.lexicon import words
from rag.answering.checks.names import index_names, missing_part
from rag.answering.checks.numbers import matches
from rag.answering.checks.quantities import Quantity
from rag.answering.checks.speaker import attributions, check_speaker
from rag.answering.checks.text import fold
from rag.types import Answer, Quote, Statement

_LEFT_OUT = " … "
_MARKS = '“”"„«»'
# What stands before a quotation: "SVT, 23 April 2025 (inferred date): “".
_INTRODUCTION = re.compile(rf"([^{_MARKS}]{{1,300}}?):\s*[{_MARKS}]")
_UNDATED = re.compile(r"\((?:undated|odaterad)\)", re.IGNORECASE)
# How much of the article before a quote may tell who "he" is, in code points.
_BEFORE = 400


@dataclass(frozen=True, slots=True)
class Count:
    """Of `asked` things `right` are as they should be; `faults` says the others."""

    asked: int = 0
    right: int = 0
    faults: tuple[str, ...] = ()

    def __add__(self, other: Count) -> Count:
        return Count(self.asked + other.asked, self.right + other.right, self.faults + other.faults)


@dataclass(frozen=True, slots=True)
class StatementScore:
    """What was found in an answer's statements, all of them together."""

    quotations: Count  # words between quotation marks that are in a quote, word for word
    numbers: Count  # dates included
    names: Count
    sources: Count  # outlets and speakers that are named, and outlets that the case file gives
    dated: Count  # statements all of whose quotes have a date
    statements: int
    words: int


def statement_score(answer: Answer, text_of: TextOf, outlets: Mapping[str, str]) -> StatementScore:
    """Of an answer; of a refusal everything is 0. `outlets` are known by article id."""
    quotations = numbers = names = sources = dated = Count()
    by_number = {quote.n: quote for quote in answer.quotes}
    for statement in answer.statements:
        quotes = [by_number[n] for n in statement.quotes if n in by_number]
        said = _Said.of(statement, quotes, answer.language, text_of)
        quotations += said.quotations()
        numbers += said.numbers()
        names += said.names()
        sources += said.sources()
        if quotes:
            dated += _judged(all(q.published for q in quotes), "a quote without a date")
    cited = {n for statement in answer.statements for n in statement.quotes}
    for quote in answer.quotes:
        known = outlets.get(quote.article_id)
        if quote.n in cited and known is not None:
            fault = f"[{quote.n}] is given to {quote.outlet}, and is {known}'s"
            sources += _judged(quote.outlet == known, fault)
    spoken = [normalise(claim(s.text)) for s in answer.statements]
    return StatementScore(
        quotations,
        numbers,
        names,
        sources,
        dated,
        statements=len(spoken),
        words=sum(len(text.split()) for text in spoken),
    )


def claim(text: str) -> str:
    """A statement without what introduces its quotation: outlet and date are no part of it."""
    return _INTRODUCTION.sub(lambda m: "" if _tells_when(m[1]) else m[0], text)


def _tells_when(introduction: str) -> bool:
    return bool(read(introduction).dates) or bool(_UNDATED.search(introduction))


def _judged(right: bool, fault: str) -> Count:
    return Count(1, int(right), () if right else (fault,))


@dataclass(frozen=True, slots=True)
class _Said:
    """A statement read: its own words, and all that may bear them out."""

    text: str
    rest: str  # the text without the quotes that it has word for word
    language: str  # of the answer
    own: Reading
    quotes: tuple[Quote, ...]
    whole: tuple[Reading, ...]  # the quotes that it has word for word
    case: Case

    @classmethod
    def of(
        cls, statement: Statement, quotes: Sequence[Quote], language: str, text_of: TextOf
    ) -> _Said:
        text = without_marks(statement.text)
        own, whole = text, []
        for quote in sorted(quotes, key=lambda q: -len(q.text)):
            if quote.text and quote.text in own:
                own = own.replace(quote.text, _LEFT_OUT)
                whole.append(_read(quote.text, quote.language))
        rest = own
        for label in sorted(_labels(quotes), key=len, reverse=True):
            own = re.sub(rf"(?<!\w){re.escape(label)}(?!\w)", _LEFT_OUT, own)
        read_quotes = tuple(_read(q.text, q.language) for q in quotes)
        days = {date.fromisoformat(q.published) for q in quotes if q.published}
        case = Case(
            statement=_read(own, language),
            quotes=read_quotes,
            context=tuple(_context(quotes, read_quotes, text_of)),
            known=frozenset(fold(w) for x in _labels(quotes) for w in re.findall(r"[^\W_]+", x)),
            published=tuple(sorted(days)),
        )
        return cls(text, rest, language, case.statement, tuple(quotes), tuple(whole), case)

    def quotations(self) -> Count:
        """Words between quotation marks must be in a quote; a translation of them may be marked.

        Words of which the quote has less than half, where no quote is in the answer's language,
        are taken for a translation.
        """
        quotes = [_bare(quote.text) for quote in self.quotes]
        foreign = all(quote.language != self.language for quote in self.quotes)
        known = {word for quote in quotes for word in quote.split()}
        count = Count(len(self.whole), len(self.whole))
        for text in marked(self.rest):
            said = _bare(text)
            right = any(f" {said} " in f" {quote} " for quote in quotes)
            shared = sum(word in known for word in said.split())
            if said and (right or not foreign or 2 * shared >= len(said.split())):
                count += _judged(right, f"“{text.strip()}” is not word for word in its quote")
        return count

    def numbers(self) -> Count:
        """Every number and date of its own words must be in a quote; weak ones ("one") need not."""
        quoted = [q for reading in self.case.quotes for q in reading.quantities]
        dates = [when for reading in self.case.sources() for when in reading.dates]
        calendar = {
            float(value)
            for when in (d for reading in self.case.quotes for d in reading.dates)
            for value in (when.year, when.day, when.decade)
            if value is not None
        }
        count = _all_right(self.whole, _numbers_of)
        for stated in _numbers_of(self.own):
            borne = any(matches(stated, q) for q in quoted) or (
                stated.kind in {"bare", "count"} and any(v in calendar for v in stated.values)
            )
            count += _judged(borne, f"{stated.text} is in none of its quotes")
        for when in self.own.dates:
            borne = supported(when, dates, self.case.published) or (
                when.bare_year and any(float(when.year or 0) in q.values for q in quoted)
            )
            count += _judged(borne, f"{when.text} is in none of its quotes")
        return count + _all_right(self.whole, lambda reading: reading.dates)

    def names(self) -> Count:
        """Every name of its own words must be in a quote, or in what tells who "he" is."""
        index = index_names((r.text, r.names) for r in self.case.sources())
        count = _all_right(self.whole, lambda reading: reading.names)
        for name in self.own.names:
            known = all(part in self.case.known for part in name.parts)
            borne = known or missing_part(name, index, self.own.text.language) is None
            count += _judged(borne, f"{name.text} is in none of its quotes")
        return count

    def sources(self) -> Count:
        """Outlets in introductions must be the quotes' own; speakers those of the quotes."""
        labels = [normalise(label) for label in _labels(self.quotes)]
        count = Count()
        for match in _INTRODUCTION.finditer(self.text):
            if _tells_when(match[1]):
                given = f" {normalise(match[1])} "
                right = any(label and f" {label} " in given for label in labels)
                count += _judged(right, f"“{match[1].strip()}” is not where its quote is from")
        speakers = {found.name.text for found in attributions(self.own) if found.name}
        faults = tuple(finding.reason.told("en") for finding in check_speaker(self.case))
        wrong = min(len(faults), len(speakers))
        return count + Count(len(speakers), len(speakers) - wrong, faults[:wrong])


def marked(text: str) -> list[str]:
    """What stands between quotation marks, in pieces where there are marks within marks.

    A mark opens where a blank, a bracket or another opening mark is before it.
    """
    pieces, depth, since = [], 0, 0
    opened = False  # whether the character before is an opening mark
    for at, character in enumerate(text):
        if character not in _MARKS:
            opened = False
            continue
        if depth:
            pieces.append(text[since:at])
        opens = at == 0 or opened or text[at - 1].isspace() or text[at - 1] in "([–—-"
        depth = depth + 1 if opens else max(0, depth - 1)
        opened, since = opens, at + 1
    if depth:
        pieces.append(text[since:])  # never closed
    return [piece for piece in pieces if any(c.isalnum() for c in piece)]


def _bare(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


def _numbers_of(reading: Reading) -> list[Quantity]:
    return [q for q in reading.quantities if not q.weak]


def _all_right(readings: Iterable[Reading], of: Callable[[Reading], Sequence[object]]) -> Count:
    number = sum(len(of(reading)) for reading in readings)
    return Count(number, number)


def _labels(quotes: Iterable[Quote]) -> set[str]:
    """What a quote may be introduced by: its outlet, title or article."""
    return {x for q in quotes for x in (q.outlet, q.title, q.article_id) if x}


def _context(
    quotes: Sequence[Quote], readings: Sequence[Reading], text_of: TextOf
) -> Iterable[Reading]:
    """The words before a quote that speaks of somebody without a name: "He said ..."."""
    for quote, reading in zip(quotes, readings, strict=True):
        if any(token.lower in words("pronouns") for token in reading.tokens):
            before = (text_of(quote.article_id) or "")[max(0, quote.start - _BEFORE) : quote.start]
            if before.strip():
                yield _read(before, quote.language)


def _read(text: str, language: str) -> Reading:
    known: dict[str, Literal["en", "sv"]] = {"en": "en", "sv": "sv"}
    return read(text, known.get(language))
