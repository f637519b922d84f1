"""The news benchmark: `python -m eval bench news --bench DIR`.

Thousands of news pages are ingested as anybody would do it; then plain BM25 over whole articles,
plain dense search and Ordagrant are asked the same, and stand in one table. Only figures, ids and
ranks are kept: the texts have no licence.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.table import Table

from eval.bench_news_data import (
    SEED,
    SINCE,
    Selection,
    excerpts,
    load_news,
    select,
    write_rows,
)
from eval.bench_news_measure import Records, figures, look
from eval.bench_news_ways import Bm25, Dense, Ours, Way
from eval.report import commit, cpus, public_settings, versions
from eval.runner import Report
from rag.errors import SettingsError
from rag.settings import Settings, load_settings

if TYPE_CHECKING:
    from rag.bot import Bot
    from rag.store.store import Store
    from rag.types import IngestSummary

SCHEMA = 1
# Two cores embed some 20 chunks a second, and a chunk of this set is some 350 characters long.
CHUNKS_PER_SECOND, CHUNK_CHARS = 20, 350
_PAGE = 500

Say = Callable[[str], None]
# (label, name of the figure, how it is shown)
_ROWS: tuple[tuple[str, str, str], ...] = (
    ("gold article first", "hit1", "share"),
    ("gold article among 5", "hit5", "share"),
    ("gold article among 10", "hit10", "share"),
    ("MRR@10", "mrr10", "share"),
    ("answer holds the quiz's", "contains", "share"),
    ("token F1 with the quiz's", "token_f1", "share"),
    ("words in an answer, median", "words", "number"),
    ("answered", "answered", "share"),
    ("refused: from before the corpus", "refused_before", "share"),
    ("… at Ordagrant's answer rate", "refused_before_at", "share"),
    ("AUC of sureness, answerable/before", "auc", "plain"),
    ("excerpt: article named", "excerpt_article", "share"),
    ("excerpt: date named", "excerpt_date", "share"),
    ("ms to an answer, median", "ms", "number"),
)


def run(
    bench: Path,
    *,
    data: Path | None,
    llm: str,
    most_articles: int | None,
    most_questions: int | None,
    since: date = SINCE,
    say: Say,
    step: Report,
) -> dict[str, Any]:
    """The whole benchmark as plain JSON data. Raises `InputError` where the set is missing."""
    chosen = select(
        *load_news(bench), most_articles=most_articles, most_questions=most_questions, since=since
    )
    with _folder(data) as folder:
        settings = load_settings(data=folder, llm=llm)
        summary = ingested(chosen, settings, say, step)
        with _bot(settings, step) as bot:
            asked = excerpts(chosen.articles, lambda i: _sentences(bot.store, i), most_questions)
            ways: list[Way] = [
                Bm25(chosen.articles), Dense(bot.store, bot.embedder), Ours(bot),
            ]  # fmt: skip
            seen = {way.name: look(way, chosen, asked, step) for way in ways}
            return document(chosen, len(asked), seen, bot, summary)


def ingested(chosen: Selection, settings: Settings, say: Say, step: Report) -> IngestSummary:
    """Ingests what is not there yet, after saying how long that will take."""
    from rag.models.embedding import load_embedder
    from rag.store.ingest import ingest
    from rag.store.store import Store

    settings.data.mkdir(parents=True, exist_ok=True)
    with Store.open(settings) as store:
        there = _ids(store)
        if extra := there - {a.id for a in chosen.articles}:
            raise SettingsError(
                f"The data folder {settings.data} holds {len(extra)} articles that are not of "
                "this selection, so figures would not compare: give another folder by --data."
            )
        say(_forecast(chosen, there))
        source = write_rows(chosen.articles, settings.data / "news.jsonl")
        return ingest(store, [source], load_embedder(settings, step), settings, progress=step)


def _forecast(chosen: Selection, there: set[str]) -> str:
    new = [a for a in chosen.articles if a.id not in there]
    if not new:
        return f"All {len(there)} articles are ingested already."
    chunks = sum(len(a.text) for a in new) / CHUNK_CHARS
    minutes = chunks / CHUNKS_PER_SECOND / 60
    took = f"{minutes / 60:.1f} hours" if minutes > 90 else f"{max(1, round(minutes))} min"
    return (
        f"To be ingested: {len(new)} articles, some {chunks:,.0f} chunks, about {took} at "
        f"{CHUNKS_PER_SECOND} chunks a second ({len(there)} are there already). With --data it "
        "can be stopped and goes on where it was."
    )


def _ids(store: Store) -> set[str]:
    found: set[str] = set()
    while True:
        page, total = store.articles(offset=len(found), limit=_PAGE)
        found |= {info.id for info in page}
        if not page or len(found) >= total:
            return found


def _sentences(store: Store, article_id: str) -> list[str]:
    article = store.article(article_id)
    return [] if article is None else [s.text for s in article.sentences]


@contextmanager
def _folder(data: Path | None) -> Iterator[Path]:
    if data is not None:
        yield data
        return
    with tempfile.TemporaryDirectory(prefix="ordagrant-news-") as folder:
        yield Path(folder)


@contextmanager
def _bot(settings: Settings, step: Report) -> Iterator[Bot]:
    from rag.bot import Bot

    with Bot.open(settings, step) as bot:
        yield bot


def document(
    chosen: Selection, asked: int, seen: Mapping[str, Records], bot: Bot, summary: IngestSummary
) -> dict[str, Any]:
    """Figures of each way with commit and settings, and the ranks and verdicts by question."""
    rate = answer_rate(seen[Ours.name])
    at = commit()
    return {
        "schema": SCHEMA,
        "kind": "news",
        "commit": at.sha,
        "dirty": at.dirty,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "llm": bot.llm_label,
        "settings": public_settings(bot.settings),
        "versions": versions(),
        "machine": {"cpus": cpus()},
        "corpus": {
            "articles": summary.articles,
            "chunks": summary.chunks,
            "failed": len(summary.failed),
            "characters": sum(len(a.text) for a in chosen.articles),
            "ingest_seconds": round(summary.seconds, 1),
            "since": chosen.since.isoformat(),
            "new": sum(a.published is not None and a.published >= chosen.since
                       for a in chosen.articles),
        },
        "asked": {
            "seed": SEED,
            "answerable": len(chosen.answerable),
            "before": len(chosen.before),
            "excerpts": asked,
        },
        "rows": {name: figures(records, rate) for name, records in seen.items()},
        "questions": {name: _kept(records) for name, records in seen.items()},
    }  # fmt: skip


def answer_rate(ours: Records) -> float | None:
    """The share of answerable questions that Ordagrant answers."""
    told: Sequence[bool] = [not a.refused for a in ours.answerable]
    return sum(told) / len(told) if told else None


def _kept(records: Records) -> dict[str, Any]:
    return {
        "ranks": records.ranks,
        "answerable": [asdict(a) for a in records.answerable],
        "before": [asdict(a) for a in records.before],
    }


def table(document: Mapping[str, Any]) -> Table:
    """A figure a row, a way a column."""
    asked, corpus = document["asked"], document["corpus"]
    dirty = " + local changes" if document["dirty"] else ""
    out = Table(
        title=f"news · {document['llm']} · {document['commit'][:12]}{dirty}",
        title_justify="left",
        caption=(
            f"{corpus['articles']} articles, {corpus['chunks']} chunks. Every label is weak: gold "
            "is an article with the answer's words; from before is a question of two months "
            f"before {corpus['since']}, asked of the {corpus['new']} articles since, none of which "
            "a search engine found for it. The plain ways answer with what they found: three "
            "sentences, or a chunk. "
            f"{asked['answerable']} + {asked['before']} questions, {asked['excerpts']} excerpts; "
            "95% intervals."
        ),
        caption_justify="left",
    )
    out.add_column("")
    for name in document["rows"]:
        out.add_column(name, justify="right")
    for label, figure, shown in _ROWS:
        cells = [_cell(row.get(figure), shown) for row in document["rows"].values()]
        out.add_row(label, *cells)
    return out


def _cell(value: Any, shown: str) -> str:
    if isinstance(value, Mapping):
        if value["value"] is None:
            return "–"
        return f"{value['value']:.3f} ({value['low']:.2f}–{value['high']:.2f})"
    if value is None:
        return "–"
    return f"{value:.3f}" if shown == "plain" else f"{value:.0f}"
