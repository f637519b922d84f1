"""The sets that retrieval is measured on: articles, questions, and which article is right.

The public sets lie outside the project, in a folder of gzipped JSON lines; what is missing there
is left out. `seeds` are the development questions over the sample articles, which come with it.
"""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from eval.cases import Gold, find_case_file, load_suite
from tools.reader_data import held_out

_Row = TypeVar("_Row")
# One sample for all: the same questions and articles every time.
_SEED = 20_262
# Of the news, beside every article that is right for some question: enough to be wrong with, few
# enough to be embedded in minutes.
NEWS_OTHERS = 400


@dataclass(frozen=True, slots=True)
class Query:
    """A question; a hit in one of `articles` is right, or one that holds all of some `spans`."""

    id: str
    text: str
    column: str  # what its figures are counted under
    articles: frozenset[str] = frozenset()
    seen: bool = False  # whether the reader's training had it (see tools/reader_data.py)
    spans: tuple[tuple[Gold, ...], ...] = ()  # groups; any excerpt of each


@dataclass(frozen=True, slots=True)
class Corpus:
    """Articles that are searched together, and what is asked about them."""

    name: str
    articles: tuple[Mapping[str, Any], ...]  # rows as `ordagrant ingest` takes them
    queries: tuple[Query, ...]
    folder: Path | None = None  # of files to ingest instead of rows


@dataclass(frozen=True, slots=True)
class BenchSet:
    name: str
    note: str
    corpora: tuple[Corpus, ...]

    @property
    def queries(self) -> int:
        return sum(len(c.queries) for c in self.corpora)


def load_set(
    name: str, bench: Path, limit: int | None = None, *, full: bool = False, seen: bool = False
) -> BenchSet | None:
    """The set `name`, at most `limit` questions of a fixed sample; None where it is missing.

    `full` is all news articles; `seen` adds as many questions again that the reader was trained
    on, which are good for what the reader has no say in. The articles are always all.
    """
    pick = _Pick(limit, seen)
    try:
        if name == "parallel":
            return _parallel(_rows(bench / "parallel_sv_en.jsonl.gz"), pick)
        if name == "news":
            rows = _rows(bench / "news" / "questions.jsonl.gz")
            return _news(rows, _rows(bench / "news" / "articles.jsonl.gz"), pick, full)
        if name == "seeds":
            return _seeds(pick)
        return _passages(name, _rows(bench / f"{name}.jsonl.gz"), pick, _english_titles(bench))
    except FileNotFoundError:
        return None


SETS = ("parallel", "swequad", "squad2_sv", "xquad_en", "news", "seeds")


def _rows(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


@dataclass(frozen=True, slots=True)
class _Pick:
    """Which questions are asked."""

    limit: int | None
    seen: bool

    def of(self, rows: Sequence[_Row], seen: Callable[[_Row], bool]) -> list[tuple[_Row, bool]]:
        """Rows with whether the reader was trained on them."""
        told = [(row, seen(row)) for row in rows]
        chosen = _sample([one for one in told if not one[1]], self.limit)
        if self.seen:
            chosen += _sample([one for one in told if one[1]], self.limit)
        return chosen


def _sample(rows: Sequence[_Row], limit: int | None) -> list[_Row]:
    if limit is None or len(rows) <= limit:
        return list(rows)
    return random.Random(_SEED).sample(list(rows), limit)  # noqa: S311 - no secret


def _english_titles(bench: Path) -> dict[str, str]:
    """From any title of the translated SQuAD 2.0 to the English one, which names the article."""
    english = {r["id"]: r["title"] for r in _rows(bench / "parallel_sv_en.jsonl.gz")}
    titles = {title: title for title in english.values()}
    for row in _rows(bench / "squad2_sv.jsonl.gz"):
        if row["id"] in english:
            titles[row["title"]] = english[row["id"]]
    return titles


def _seen(name: str, row: Mapping[str, Any], titles: Mapping[str, str]) -> bool:
    """Whether the reader was trained on the row's article."""
    if name == "swequad":
        return not held_out(row["passage_id"])
    title = titles.get(row["title"])
    return title is not None and not held_out(title)


def _passages(
    name: str, rows: list[dict[str, Any]], pick: _Pick, titles: Mapping[str, str]
) -> BenchSet:
    """Every passage of a question-answering set is an article, without its title.

    Questions that nothing answers are asked too: the passage they were written on is right.
    """
    texts = {r["passage_id"]: r for r in rows}
    articles = [
        {"id": i, "text": r["passage"], "language": r["lang"]} for i, r in sorted(texts.items())
    ]
    queries = [
        Query(
            r["id"],
            r["question"],
            f"{name} answered" if r["answers"] else f"{name} unanswerable",
            frozenset([r["passage_id"]]),
            seen,
        )
        for r, seen in pick.of(rows, lambda r: _seen(name, r, titles))
    ]
    return BenchSet(name, "all passages", (Corpus(name, tuple(articles), tuple(queries)),))


def _parallel(rows: list[dict[str, Any]], pick: _Pick) -> BenchSet:
    """Each passage in one of its two languages, in turn; in a second corpus in the other.

    So every question is asked in both languages of a passage in both languages, and the passage
    never competes with its own translation.
    """
    numbers = {
        r["context_en"]: i for i, r in enumerate({r["context_en"]: r for r in rows}.values())
    }
    asked = pick.of(rows, lambda r: not held_out(r["title"]))
    corpora = []
    for turn in (0, 1):
        articles: dict[str, dict[str, Any]] = {}
        queries: list[Query] = []
        for row in rows:
            number = numbers[row["context_en"]]
            spoken = ("en", "sv")[(number + turn) % 2]
            articles[f"p{number}"] = {
                "id": f"p{number}",
                "text": row[f"context_{spoken}"],
                "language": spoken,
            }
        for row, seen in asked:
            number = numbers[row["context_en"]]
            spoken = articles[f"p{number}"]["language"]
            queries.extend(
                Query(f"{row['id']}-{q}", row[f"question_{q}"], f"{q}->{spoken}",
                      frozenset([f"p{number}"]), seen)
                for q in ("en", "sv")
            )  # fmt: skip
        corpora.append(Corpus(f"parallel-{turn}", tuple(articles.values()), tuple(queries)))
    return BenchSet("parallel", "every other passage Swedish, and the other way round",
                    tuple(corpora))  # fmt: skip


def _news(
    rows: list[dict[str, Any]], articles: list[dict[str, Any]], pick: _Pick, full: bool
) -> BenchSet:
    """Questions whose answer's words are in some article; a hit is any such article."""
    asked = _sample([r for r in rows if r["weak_gold_ids"]], pick.limit)
    gold = {i for r in asked for i in r["weak_gold_ids"]}
    others = [a for a in articles if a["id"] not in gold]
    if not full:
        others = _sample(others, NEWS_OTHERS)
    chosen = {a["id"] for a in others} | gold
    kept = tuple(a for a in articles if a["id"] in chosen)
    note = "all articles" if full else f"{len(gold)} gold articles and {len(others)} others"
    queries = tuple(
        Query(r["id"], r["question"], "news", frozenset(r["weak_gold_ids"])) for r in asked
    )
    return BenchSet("news", f"{note} of {len(articles)}", (Corpus("news", kept, queries),))


def _seeds(pick: _Pick) -> BenchSet:
    """The development questions that have an answer, over the sample articles."""
    suite = load_suite(find_case_file("seeds"))
    chosen = [g for g in suite.cases if g.case.split == "dev" and g.groups]
    queries = tuple(
        Query(g.case.id, g.case.question, "seeds", spans=g.groups)
        for g in _sample(chosen, pick.limit)
    )
    return BenchSet(
        "seeds", "gold sentences of the dev questions",
        (Corpus("seeds", (), queries, suite.corpus),),
    )  # fmt: skip


def write_articles(articles: Iterable[Mapping[str, Any]], path: Path) -> Path:
    """The rows as a .jsonl file."""
    with path.open("w", encoding="utf-8") as out:
        for row in articles:
            out.write(json.dumps(dict(row), ensure_ascii=False) + "\n")
    return path
