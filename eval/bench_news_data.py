"""The news set: pages that a search engine found for weekly quiz questions, and what is asked.

The set lies outside the project and its texts have no licence: they are measured with and never
written into a result. All its labels are weak. A gold article is one in which the answer's words
occur; a question from before the corpus is one for which the search engine found no page that
is as new as the part of the corpus it is asked of.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeVar

from rag.errors import InputError

_T = TypeVar("_T")
SEED = 20_264
# The corpus that begins here has some 560 of the 5,339 articles.
SINCE = date(2025, 7, 1)
# News of the weeks before are told again in the weeks after.
APART = timedelta(days=60)
EXCERPTS = 400
_LEAST_CHARS, _MOST_CHARS = 60, 260


@dataclass(frozen=True, slots=True)
class NewsArticle:
    """A page as the set has it; `published` is None where its date cannot be read."""

    id: str
    title: str
    text: str
    published: date | None
    row: Mapping[str, Any]  # as `ordagrant ingest` takes it


@dataclass(frozen=True, slots=True)
class NewsQuestion:
    """A quiz question with its answer; `gold` are articles in which the answer's words occur."""

    id: str
    text: str
    answer: str
    asked_on: date
    gold: frozenset[str]
    found: frozenset[str]  # all pages that the search engine found for it


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A sentence that occurs in one article only."""

    article_id: str
    published: date
    text: str


@dataclass(frozen=True, slots=True)
class Selection:
    """What is measured: the articles, and the questions of each part."""

    articles: tuple[NewsArticle, ...]
    answerable: tuple[NewsQuestion, ...]  # with a gold article among the articles
    before: tuple[NewsQuestion, ...]  # to be asked of what is as new as `since`
    since: date


def rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a .jsonl.gz file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def load_news(bench: Path) -> tuple[list[NewsArticle], list[NewsQuestion]]:
    """All articles and questions of the set in `bench`. Raises `InputError` where it is missing."""
    folder = bench / "news"
    try:
        articles, questions = (
            rows(folder / "articles.jsonl.gz"),
            rows(folder / "questions.jsonl.gz"),
        )
    except FileNotFoundError as error:
        raise InputError(
            f"The news set is not in {bench}: {error.filename} is missing. Give its folder by "
            "--bench."
        ) from None
    return (
        [
            NewsArticle(r["id"], r["title"] or "", r["text"], day(r["publish_date"]), r)
            for r in articles
        ],
        [
            NewsQuestion(r["id"], r["question"], r["answers"][0], asked_on,
                         frozenset(r["weak_gold_ids"]), frozenset(r["retrieved_ids"]))
            for r in questions
            if (asked_on := day(r["date"])) is not None
        ],
    )  # fmt: skip


def day(text: str | None) -> date | None:
    """`2025/01/31` or `2025-01-31`; None for anything else."""
    try:
        return date.fromisoformat((text or "").replace("/", "-"))
    except ValueError:
        return None


def select(
    articles: Sequence[NewsArticle],
    questions: Sequence[NewsQuestion],
    *,
    most_articles: int | None = None,
    most_questions: int | None = None,
    since: date = SINCE,
) -> Selection:
    """A fixed sample of both; with fewer articles, those that are gold for the sampled questions
    come first, and the others are drawn. The same arguments give the same sample."""
    known = {a.id for a in articles}
    answerable = sample([q for q in questions if q.gold & known], most_questions)
    kept = list(articles)
    if most_articles is not None and most_articles < len(articles):
        gold = {i for q in answerable for i in q.gold}
        right = sample([a for a in articles if a.id in gold], most_articles)
        others = [a for a in articles if a.id not in gold]
        chosen = {a.id for a in [*right, *sample(others, most_articles - len(right))]}
        kept = [a for a in articles if a.id in chosen]
        answerable = [q for q in answerable if q.gold & chosen]
    new = {a.id for a in articles if a.published is not None and a.published >= since}
    before = [q for q in questions if q.asked_on + APART <= since and not q.found & new]
    return Selection(tuple(kept), tuple(answerable), tuple(sample(before, most_questions)), since)


def sample(items: Sequence[_T], most: int | None, seed: int = SEED) -> list[_T]:
    """At most `most` of the items, in their order; the same ones every time."""
    if most is None or len(items) <= most:
        return list(items)
    places = random.Random(seed).sample(range(len(items)), max(0, most))  # noqa: S311 - no secret
    return [items[n] for n in sorted(places)]


def excerpts(
    articles: Sequence[NewsArticle], sentences_of: Callable[[str], Sequence[str]], most: int | None
) -> list[Excerpt]:
    """One sentence of each of some dated articles, found in no other: a fixed sample.

    `sentences_of(article_id)` are those that may be quoted.
    """
    out = []
    for article in sample([a for a in articles if a.published], EXCERPTS if most is None else most):
        told = list(sentences_of(article.id))
        random.Random(f"{SEED} {article.id}").shuffle(told)  # noqa: S311 - no secret
        usable = (s for s in told if _LEAST_CHARS <= len(s) <= _MOST_CHARS and "\n" not in s)
        alone = (s for s in usable if sum(s in a.text for a in articles) == 1)
        chosen = next(alone, None)
        if chosen is not None and article.published is not None:
            out.append(Excerpt(article.id, article.published, chosen))
    return out


def rank(found: Sequence[str], right: Collection[str]) -> int | None:
    """Where the first right article stands, from 1."""
    return next((n for n, article in enumerate(found, start=1) if article in right), None)


def distinct(ids: Iterable[str], most: int) -> list[str]:
    """The first `most` different ids, in order."""
    return list(dict.fromkeys(ids))[:most]


def write_rows(articles: Iterable[NewsArticle], path: Path) -> Path:
    """The articles as a .jsonl file to ingest."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as out:
        for article in articles:
            out.write(json.dumps(dict(article.row), ensure_ascii=False) + "\n")
    return path
