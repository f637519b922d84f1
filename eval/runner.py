"""Asks the bot every case's question. A crash in one case is recorded and the run goes on."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from eval.cases import GoldCase, Suite, TextOf, corpus_texts
from eval.metrics import Score, score
from eval.metrics_retrieval import HitSpan, K
from rag.corpus.language import detect_question
from rag.errors import SettingsError
from rag.settings import Settings, load_settings
from rag.types import Answer, Filters, Hit, Turn

if TYPE_CHECKING:
    from rag.bot import Bot

Report = Callable[[str, int, int], None]  # what, done, total

# What `open_bot` can take in, where a folder holds no store.
_ARTICLES = (".txt", ".md", ".html", ".htm", ".pdf", ".docx", ".jsonl", ".jsonl.gz")


class Asker(Protocol):
    """What the runner needs of a bot."""

    def ask(
        self, question: str, history: Sequence[Turn] = (), filters: Filters | None = None
    ) -> Answer: ...


class Searcher(Protocol):
    """What a bot searches with."""

    def search(
        self, question: str, language: str, k: int, filters: Filters | None = None
    ) -> Sequence[Hit]: ...


@runtime_checkable
class Searching(Protocol):
    """A bot whose search can be asked by itself."""

    @property
    def retriever(self) -> Searcher: ...


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case's outcome: an answer and its score, or what went wrong instead.

    `hits` are the chunks that a search proposes for the question, best first; None where the
    bot's search cannot be asked, or nothing is to be found. `milliseconds` are the answer's.
    """

    gold: GoldCase
    milliseconds: float
    answer: Answer | None = None
    score: Score | None = None
    error: str | None = None
    hits: tuple[HitSpan, ...] | None = None


def run_case(gold: GoldCase, bot: Asker, text_of: TextOf) -> CaseResult:
    """Asks one question; whatever the bot raises becomes the result's `error`."""
    case = gold.case
    history = [Turn(message.role, message.content) for message in case.history]
    filters = Filters(date_to=case.as_of)
    begun = time.perf_counter()
    try:
        answer = bot.ask(case.question, history, filters)
        took = 1000 * (time.perf_counter() - begun)
        hits = _hits(gold, bot, answer.standalone_question or case.question, filters)
        return CaseResult(gold, took, answer, score(gold, answer, text_of, hits), hits=hits)
    except Exception as error:
        took = 1000 * (time.perf_counter() - begun)
        return CaseResult(gold, took, error=f"{type(error).__name__}: {error}")


def _hits(
    gold: GoldCase, bot: Asker, question: str, filters: Filters
) -> tuple[HitSpan, ...] | None:
    if not (gold.groups and isinstance(bot, Searching)):
        return None
    found = bot.retriever.search(question, detect_question(question), K, filters)
    return tuple(
        HitSpan(hit.chunk.article_id, hit.chunk.start, hit.chunk.end, hit.score) for hit in found
    )


def run_cases(
    cases: Sequence[GoldCase],
    bot: Asker,
    text_of: TextOf,
    *,
    jobs: int = 1,
    report: Report | None = None,
    done: Mapping[str, CaseResult] = MappingProxyType({}),
    keep: Callable[[CaseResult], None] | None = None,
) -> list[CaseResult]:
    """Results in the order of `cases`; `jobs` questions are under way at once.

    Those in `done`, by case id, are taken over and not asked again. `keep` is given each new
    result as soon as there is one, from one thread. If it raises, or somebody interrupts, no
    further case is begun.
    """
    results = {n: done[g.case.id] for n, g in enumerate(cases) if g.case.id in done}
    with ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="eval") as pool:
        asked = {
            pool.submit(run_case, gold, bot, text_of): n
            for n, gold in enumerate(cases)
            if n not in results
        }
        try:
            for future in as_completed(asked):
                result = results[asked[future]] = future.result()
                if keep is not None:
                    keep(result)
                if report is not None:
                    report(result.gold.case.id, len(results), len(cases))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [results[n] for n in range(len(cases))]


@contextmanager
def open_bot(
    corpus: Path | None, data: Path | None, llm: str | None, report: Report | None = None
) -> Iterator[Bot]:
    """A bot over `data` as it is, or over a fresh folder into which `corpus` was ingested.

    A `data` folder that holds articles and no store is a corpus too.
    """
    if data is not None:
        if not data.is_dir():
            raise SettingsError(f"The data folder {data} does not exist: run `ordagrant ingest`.")
        settings = load_settings(data=data, llm=llm)
        if not holds_articles_only(settings):
            with _open(settings, report) as bot:
                yield bot
            return
        corpus = data
    if corpus is None:
        raise SettingsError("There is nothing to ask about: give `--data DIR`.")
    with tempfile.TemporaryDirectory(prefix="ordagrant-eval-") as folder:
        settings = load_settings(data=Path(folder), llm=llm)
        ingest_corpus(corpus, settings, report)
        with _open(settings, report) as bot:
            yield bot


def holds_articles_only(settings: Settings) -> bool:
    """Whether the data folder was never ingested into, and there are files to ingest."""
    stored = settings.database_url or (settings.data / "ordagrant.db").exists()
    return not stored and any(
        path.name.lower().endswith(_ARTICLES) for path in settings.data.rglob("*")
    )


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
