"""Which sentences to ask about: those with a figure, a name or a date that can be the answer.

Articles take turns, a sentence each, the languages in turn too; near-duplicates count as one
article. Every draw is seeded, so that the same corpus and seed give the same sentences.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal, Protocol

from rag.answering.checks.case import read
from rag.answering.checks.lexicon import name_forms, words
from rag.types import Article, ArticleInfo, Sentence

LANGUAGES: tuple[Literal["en", "sv"], ...] = ("en", "sv")
# Shorter ones say too little to ask about, longer ones hold several things at once.
LEAST_CHARS, MOST_CHARS, LEAST_WORDS = 50, 320, 8
_PAGE = 200
_POINTING = frozenset(
    ["this", "that", "these", "those", "there", "here", "such", "denna", "detta", "dessa", "här"]
)

Kind = Literal["number", "name", "date"]


@dataclass(frozen=True, slots=True)
class Detail:
    """Something definite in a text: `text == whole[start:end]`, in code points."""

    start: int
    end: int
    text: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Picked:
    """A sentence to ask about; its text occurs exactly once in its article."""

    article: Article
    sentence: Sentence
    before: str | None  # the sentence before it
    details: tuple[Detail, ...]

    @property
    def info(self) -> ArticleInfo:
        return self.article.info


class Articles(Protocol):
    """What is needed of a store."""

    def article(self, article_id: str) -> Article | None: ...

    def articles(self, *, offset: int = 0, limit: int = 50) -> tuple[list[ArticleInfo], int]: ...


def spoken(language: str) -> Literal["en", "sv"]:
    """`language` as one that there are prompts and rules for."""
    return "sv" if language == "sv" else "en"


def details(text: str, language: str) -> tuple[Detail, ...]:
    """Figures, names and dates of `text` (NFC), in order; nothing vague such as "on Monday"."""
    reading = read(text, spoken(language))
    tokens = reading.tokens
    found: list[tuple[int, int, Kind]] = [
        (when.first, when.last, "date")
        for when in reading.dates
        if when.year is not None or (when.month is not None and when.day is not None)
    ]
    found += [
        (q.first, q.last, "number")
        for q in reading.quantities
        if not q.weak and q.kind not in ("ordinal", "time")
    ]
    taken = {i for first, last, _ in found for i in range(first, last)}
    forms = name_forms()
    for name in reading.names:
        form = forms.get(name.text.lower())
        adjective = form is not None and form.word
        if (
            tokens[name.first].capital
            and not adjective
            and not taken & {*range(name.first, name.last)}
        ):
            found.append((name.first, name.last, "name"))
    spans = (
        (tokens[a].start, tokens[b - 1].end - _genitive(tokens[b - 1].text), kind)
        for a, b, kind in sorted(found)
    )
    return tuple(Detail(start, end, text[start:end], kind) for start, end, kind in spans)


def _genitive(word: str) -> int:
    """How many characters an English genitive takes at the end of a word: "Trump's" is Trump."""
    return next((len(end) for end in ("'s", "\u2019s", "'", "\u2019") if word.endswith(end)), 0)


def pick(store: Articles, seed: int) -> Iterator[Picked]:
    """Sentences worth a question, in the order to ask about them; ends when all had a turn."""
    queues = [_of_article(store, info, seed) for info in in_turn(_infos(store), seed)]
    while queues:
        left = []
        for queue in queues:
            one = next(queue, None)
            if one is not None:
                yield one
                left.append(queue)
        queues = left


def in_turn(infos: Iterable[ArticleInfo], seed: int) -> list[ArticleInfo]:
    """One article of each witness, shuffled, the languages in turn while they last."""
    witnesses: dict[str, ArticleInfo] = {}
    for info in sorted(infos, key=lambda i: i.id):
        witnesses.setdefault(info.witness, info)
    by_language: dict[str, list[ArticleInfo]] = {x: [] for x in LANGUAGES}
    for info in witnesses.values():
        if info.language in by_language:
            by_language[info.language].append(info)
    rng = random.Random(seed)  # noqa: S311 - no secret
    for group in by_language.values():
        rng.shuffle(group)
    rounds = zip_longest(*by_language.values())
    return [info for one in rounds for info in one if info is not None]


def _infos(store: Articles) -> Iterator[ArticleInfo]:
    offset = 0
    while True:
        page, total = store.articles(offset=offset, limit=_PAGE)
        yield from page
        offset += len(page)
        if not page or offset >= total:
            return


def _of_article(store: Articles, info: ArticleInfo, seed: int) -> Iterator[Picked]:
    article = store.article(info.id)
    if article is None:
        return
    order = list(article.sentences)
    random.Random(f"{seed} {info.id}").shuffle(order)  # noqa: S311 - no secret
    for sentence in order:
        if _worth(article, sentence) and (found := details(sentence.text, info.language)):
            yield Picked(article, sentence, _before(article.sentences, sentence), found)


def _worth(article: Article, sentence: Sentence) -> bool:
    text = sentence.text
    if not LEAST_CHARS <= len(text) <= MOST_CHARS or "\n" in text or "?" in text:
        return False
    said = text.split()
    opening = said[0].strip("\"'”“’‘–—-«»").lower() if said else ""
    return (
        len(said) >= LEAST_WORDS
        and unicodedata.is_normalized("NFC", text)
        and opening not in _POINTING
        and opening not in words("pronouns")
        and article.text.count(text) == 1
    )


def _before(sentences: Sequence[Sentence], sentence: Sentence) -> str | None:
    return next((s.text for s in sentences if s.index == sentence.index - 1), None)
