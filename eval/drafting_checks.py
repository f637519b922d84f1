"""What a drafted question must survive to be kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Protocol

from eval.cases import Gold
from eval.drafting_pick import spoken
from eval.drafting_rules import holds
from eval.matching import normalise
from eval.metrics import covers
from rag.answering.checks.case import read
from rag.corpus.language import detect_question
from rag.types import EvidenceSet, Passage, Reading, Span

# As many words in a row as the sentence has them: the search would find it by looking alone.
COPIED = 6
# Two questions that share this much of their words ask the same.
ALIKE = 0.8
_LEAST_WORDS, _LEAST_CONTENT = 4, 5
_ABOUT_TEXT = re.compile(
    r"\b(?:the|this|given) (?:article|text|sentence|passage|excerpt|author)\b|"
    r"\b(?:artikeln|texten|meningen|stycket|utdraget|författaren)\b",
    re.IGNORECASE,
)


class Why(StrEnum):
    """Why a draft was dropped, as a person reads it."""

    NO_REPLY = "the LLM wrote nothing usable"
    NO_QUESTION = "it is not one question"
    LANGUAGE = "it is in another language than asked for"
    ABOUT_TEXT = "it speaks of the article instead of what happened"
    VAGUE = "it names nothing, so nobody knows what is meant"
    GIVES_AWAY = "the answer stands in the question"
    COPIES = "it copies the sentence"
    NO_FORM = "no answer of the sentence can be looked for safely"
    NOT_IN_EXCERPT = "the answer is not in the excerpt"
    NOT_ONCE = "the excerpt does not occur exactly once in its article"
    NOT_FOUND = "the search does not find the sentence"
    NOT_CHOSEN = "the reader does not choose the sentence"
    OTHER_ANSWER = "the reader reads another answer in the sentence"
    ANSWERED = "the reader finds an answer"
    NOTHING_FALSE = "there is nothing to change, or the change is not in the question"
    NOBODY = "the case names no person to ask more about"
    TWICE = "it is asked already"


class Dropped(Exception):
    """A draft that does not survive; `why` goes into the tally."""

    def __init__(self, why: Why) -> None:
        super().__init__(why.value)
        self.why = why


class Reads(Protocol):
    """What is needed of a reader."""

    def read(self, question: str, passages: Sequence[Passage]) -> list[Reading]: ...


class Judge(Protocol):
    """What is needed of a bot: retrieval and reader, without an answer."""

    @property
    def reader(self) -> Reads: ...

    def evidence_for(self, question: str) -> EvidenceSet: ...


def check_form(question: str, language: str) -> None:
    """Raises `Dropped` unless this is one clear question in `language`."""
    if not question.endswith("?") or question.count("?") > 1:
        raise Dropped(Why.NO_QUESTION)
    reading = read(question, spoken(language))
    if len(reading.tokens) < _LEAST_WORDS:
        raise Dropped(Why.NO_QUESTION)
    if detect_question(question) != language:
        raise Dropped(Why.LANGUAGE)
    if _ABOUT_TEXT.search(question):
        raise Dropped(Why.ABOUT_TEXT)
    if not reading.names and len(reading.content) < _LEAST_CONTENT:
        raise Dropped(Why.VAGUE)


def check_answer(question: str, accept: Iterable[str], excerpt: str, article: str) -> None:
    """Raises `Dropped` unless `excerpt` holds the answer, once in `article`, and the question
    neither gives it away nor copies the excerpt."""
    forms = list(accept)
    if article.count(excerpt) != 1:
        raise Dropped(Why.NOT_ONCE)
    if not forms:
        raise Dropped(Why.NO_FORM)
    if not all(holds(form, excerpt) for form in forms):
        raise Dropped(Why.NOT_IN_EXCERPT)
    if any(holds(form, question) for form in forms):
        raise Dropped(Why.GIVES_AWAY)
    if copied_words(question, excerpt) >= COPIED:
        raise Dropped(Why.COPIES)


def copied_words(question: str, sentence: str) -> int:
    """The longest run of words that both have, as they stand."""
    asked, said = normalise(question).split(), normalise(sentence).split()
    best = 0
    before = [0] * (len(said) + 1)
    for word in asked:
        row = [0] * (len(said) + 1)
        for at, other in enumerate(said, start=1):
            if word == other:
                row[at] = before[at - 1] + 1
                best = max(best, row[at])
        before = row
    return best


def check_found(judge: Judge, question: str, gold: Gold) -> None:
    """The round trip: raises `Dropped` unless the evidence for the question holds the gold."""
    evidence = judge.evidence_for(question)
    if any(covers(item.sentence, gold) for item in evidence.items):
        return
    proposed = any(covers(candidate.sentence, gold) for candidate in evidence.candidates)
    raise Dropped(Why.NOT_CHOSEN if proposed else Why.NOT_FOUND)


def check_span(judge: Judge, question: str, excerpt: str, answer: Span) -> None:
    """Raises `Dropped` unless what the reader marks in the excerpt touches the `answer` in it: a
    small LLM now and then asks about something else than it was told to."""
    passage = Passage(excerpt, (Span(0, len(excerpt)),))
    reading = judge.reader.read(question, [passage])[0]
    if min(reading.end, answer.end) <= max(reading.start, answer.start):
        raise Dropped(Why.OTHER_ANSWER)


def check_unanswered(judge: Judge, question: str) -> None:
    """Raises `Dropped` where the reader holds that something in the corpus answers."""
    if judge.evidence_for(question).enough:
        raise Dropped(Why.ANSWERED)


def check_new(question: str, asked: Iterable[str]) -> None:
    """Raises `Dropped` where one of `asked` has nearly the same words."""
    own = frozenset(normalise(question).split())
    for other in asked:
        known = frozenset(normalise(other).split())
        if len(own & known) >= ALIKE * len(own | known):
            raise Dropped(Why.TWICE)
