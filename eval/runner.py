"""Asks the bot every case's question. A crash in one case is recorded and the run goes on."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from eval.cases import GoldCase, Suite, TextOf, corpus_texts
from eval.metrics import Score, score
from rag.errors import SettingsError
from rag.settings import Settings, load_settings
from rag.types import Answer, Filters, Turn

if TYPE_CHECKING:
    from rag.bot import Bot

Report = Callable[[str, int, int], None]  # what, done, total


class Asker(Protocol):
    """What the runner needs of a bot."""

    def ask(
        self, question: str, history: Sequence[Turn] = (), filters: Filters | None = None
    ) -> Answer: ...


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case's outcome: an answer and its score, or what went wrong instead."""

    gold: GoldCase
    milliseconds: float
    answer: Answer | None = None
    score: Score | None = None
    error: str | None = None


def run_case(gold: GoldCase, bot: Asker, text_of: TextOf) -> CaseResult:
    """Asks one question; whatever the bot raises becomes the result's `error`."""
    begun = time.perf_counter()
    try:
        answer = bot.ask(gold.case.question, (), Filters())
        took = 1000 * (time.perf_counter() - begun)
        return CaseResult(gold, took, answer, score(gold, answer, text_of))
    except Exception as error:
        took = 1000 * (time.perf_counter() - begun)
        return CaseResult(gold, took, error=f"{type(error).__name__}: {error}")


def run_cases(
    cases: Sequence[GoldCase],
    bot: Asker,
    text_of: TextOf,
    *,
    jobs: int = 1,
    report: Report | None = None,
) -> list[CaseResult]:
    """Results in the order of `cases`; `jobs` questions are under way at once."""
    results = []
    with ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="eval") as pool:
        for result in pool.map(lambda gold: run_case(gold, bot, text_of), cases):
            results.append(result)
            if report is not None:
                report(result.gold.case.id, len(results), len(cases))
    return results


@contextmanager
def open_bot(
    corpus: Path | None, data: Path | None, llm: str | None, report: Report | None = None
) -> Iterator[Bot]:
    """A bot over `data` as it is, or over a fresh folder into which `corpus` was ingested."""
    if data is not None:
        if not data.is_dir():
            raise SettingsError(f"The data folder {data} does not exist: run `ordagrant ingest`.")
        with _open(load_settings(data=data, llm=llm), report) as bot:
            yield bot
        return
    if corpus is None:
        raise SettingsError("There is nothing to ask about: give `--data DIR`.")
    with tempfile.TemporaryDirectory(prefix="ordagrant-eval-") as folder:
        settings = load_settings(data=Path(folder), llm=llm)
        ingest_corpus(corpus, settings, report)
        with _open(settings, report) as bot:
            yield bot


def ingest_corpus(corpus: Path, settings: Settings, report: Report | None = None) -> None:
    """Ingests a folder or file; raises `SettingsError` if any article failed."""
    from rag.models.embedding import load_embedder
    from rag.store.ingest import ingest
    from rag.store.store import Store

    with Store.open(settings) as store:
        embedder = load_embedder(settings, report)
        summary = ingest(store, [_short(corpus)], embedder, settings, progress=report)
    if summary.failed:
        first = summary.failed[0]
        raise SettingsError(
            f"{len(summary.failed)} articles of {corpus} could not be ingested, "
            f"the first is {first.path}: {first.error}"
        )


def _open(settings: Settings, report: Report | None) -> Bot:
    from rag.bot import Bot

    return Bot.open(settings, report)


def _short(path: Path) -> Path:
    """Relative where it can be: results then don't name the machine's folders."""
    return Path(os.path.relpath(path)) if path.is_relative_to(Path.cwd()) else path


def texts_for(suite: Suite, bot: Bot) -> TextOf:
    """Article texts to hold quotes against: the corpus's files, else the store's articles."""
    files: Mapping[str, str] = corpus_texts(suite.corpus) if suite.corpus else {}

    def text_of(article_id: str) -> str | None:
        if article_id in files:
            return files[article_id]
        article = bot.store.article(article_id)
        return None if article is None else article.text

    return text_of
