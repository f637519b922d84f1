"""The store: what the other rooms ask for articles, sentences, chunks and hits."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import delete, func, insert, select

from rag.errors import StoreError
from rag.settings import Settings
from rag.store import bins, fingerprint, means, outbox, reading, writer
from rag.store.conversations import Conversations
from rag.store.database import Database
from rag.store.feedback import FeedbackLog
from rag.store.filters import conditions, day_number
from rag.store.lexical import Fts5Index, LexicalQuery
from rag.store.locks import ProcessLock
from rag.store.reading import Owner
from rag.store.schema import answers, articles, chunks
from rag.store.spelling import with_known_spellings
from rag.store.vectors import VectorIndex
from rag.types import Answer, Article, ArticleInfo, Chunk, Filters, Sentence

log = logging.getLogger(__name__)

_ANY = Filters()
_PATIENCE = 3.0  # seconds; a reader's check at first use holds the write lock for 20 ms
_MOST_IN = 500  # article ids in one Chroma filter; more are filtered after the search


class Store:
    """Articles in SQL, vectors in Chroma. Safe for use from many threads.

    Opening touches SQL only; Chroma opens with the first dense search, finishing first what
    an interrupted ingest left to be done. One process writes at a time: a second gets a
    `StoreError`. Reading goes on meanwhile, in any number of processes.
    """

    def __init__(self, settings: Settings, database: Database) -> None:
        self.settings = settings
        self.database = database
        self.vectors = VectorIndex(settings, self._generation)
        self.conversations = Conversations(database)
        self.feedback = FeedbackLog(database)
        self._writing = ProcessLock(settings.data / "write.lock")
        self._first_use = threading.Lock()
        self._vectors_checked = False

    @classmethod
    def open(cls, settings: Settings) -> Store:
        """Open, or make, the store in `settings.data`; raises `StoreError`."""
        store = cls(settings, Database.open(settings))
        store._purge()
        return store

    def close(self) -> None:
        self.vectors.close()
        self._writing.close()
        self.database.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # Reading

    def count(self) -> tuple[int, int]:
        """How many articles and how many chunks there are."""
        with self.database.read() as connection:
            return (
                connection.execute(select(func.count()).select_from(articles)).scalar_one(),
                connection.execute(select(func.count()).select_from(chunks)).scalar_one(),
            )

    def info(self, article_ids: Sequence[str]) -> dict[str, ArticleInfo]:
        with self.database.read() as connection:
            return reading.read_infos(connection, article_ids)

    def article(self, article_id: str) -> Article | None:
        with self.database.read() as connection:
            return reading.read_article(connection, article_id)

    def articles(
        self,
        *,
        search: str | None = None,
        filters: Filters = _ANY,
        offset: int = 0,
        limit: int = 50,
    ) -> tuple[list[ArticleInfo], int]:
        """A page of articles, newest first, and the number in all.

        `search` is looked for in id, title, source and outlet as written, and in the text as
        words that must all occur in one passage.
        """
        with self.database.read() as connection:
            return reading.list_articles(connection, search, filters, offset, limit)

    def sentences(self, article_id: str, first: int, last: int) -> list[Sentence]:
        """Sentences `first` to `last`, inclusive; those that do not exist are left out."""
        with self.database.read() as connection:
            return reading.read_sentences(connection, article_id, first, last)

    def chunks(self, ids: Sequence[str]) -> dict[str, Chunk]:
        """Chunks by id, in the order of `ids`; unknown ids are left out."""
        with self.database.read() as connection:
            return reading.read_chunks(connection, ids)

    def owners(self, ids: Sequence[str]) -> dict[str, Owner]:
        """What is known of the articles of chunks, by chunk id; unknown ids are left out."""
        with self.database.read() as connection:
            return reading.read_owners(connection, ids)

    def languages(self) -> dict[str, int]:
        """Language -> number of chunks, the most frequent first."""
        number = func.count().label("number")
        with self.database.read() as connection:
            rows = connection.execute(
                select(chunks.c.language, number)
                .group_by(chunks.c.language)
                .order_by(number.desc(), chunks.c.language)
            )
            return {row.language: row.number for row in rows}

    def article_languages(self) -> list[tuple[str, int]]:
        """(language, number of articles), the most frequent first: what `Filters` can ask for."""
        with self.database.read() as connection:
            return reading.frequencies(connection, articles.c.language)

    def outlets(self) -> list[tuple[str, int]]:
        """(outlet, number of articles), the most frequent first; without the nameless."""
        with self.database.read() as connection:
            return reading.frequencies(connection, articles.c.outlet)

    def dates(self) -> tuple[date | None, date | None]:
        """The days of the earliest and the latest article; None where none has a date."""
        with self.database.read() as connection:
            return reading.first_and_last_day(connection)

    def bin(self) -> list[ArticleInfo]:
        """The articles that `undo_remove` can put back, the last removed first."""
        with self.database.read() as connection:
            return bins.listed(connection)

    def language_mean(self, language: str) -> NDArray[np.float32] | None:
        """The mean of a language's chunk vectors (not normalised); None without chunks."""
        with self.database.read() as connection:
            return means.language_mean(connection, language)

    # Searching

    def search_lexical(
        self, terms: LexicalQuery, *, language: str | None, filters: Filters, k: int
    ) -> list[tuple[str, float]]:
        """(chunk id, BM25) best first, higher is better; `language` None searches all."""
        with self.database.read() as connection:
            return Fts5Index.search(connection, terms, language=language, filters=filters, k=k)

    def known_spellings(
        self, terms: LexicalQuery, language: str, *, names: bool = True, compounds: bool = True
    ) -> LexicalQuery:
        """`terms` with other spellings of its words that no article has (see spelling.py)."""
        with self.database.read() as connection:
            return with_known_spellings(
                connection, terms, language, names=names, compounds=compounds
            )

    def search_dense(
        self,
        vector: NDArray[np.float32],
        *,
        language: str | None,
        filters: Filters,
        k: int,
    ) -> list[tuple[str, float]]:
        """(chunk id, cosine) best first; `language` None searches all.

        Raises `StoreError` when vectors are missing or cannot be read.
        """
        self._check_vectors()
        where, allowed = self._vector_filter(filters)
        if k < 1 or allowed == set():
            return []
        names = [language] if language is not None else list(self.languages())
        if filters.language is not None:
            names = [name for name in names if name == filters.language]
        with self.database.read() as connection:
            made = fingerprint.stored(connection)
        if made is None:
            return []
        found: list[tuple[str, float]] = []
        with self.vectors.session() as session:
            for name in names:
                fetch = k
                while True:
                    hits = session.query(made.key, name, vector, fetch, where)
                    kept = hits if allowed is None else [h for h in hits if h[0] in allowed]
                    if allowed is None or len(kept) >= k or len(hits) < fetch:
                        break
                    fetch *= 4
                found.extend(kept)
        with self.database.read() as connection:
            known = reading.known_chunks(connection, [chunk_id for chunk_id, _ in found])
        found.sort(key=lambda pair: (-pair[1], pair[0]))
        return [pair for pair in found if pair[0] in known][:k]

    def cosines(
        self, vector: NDArray[np.float32], chunk_ids: Sequence[str], *, language: str | None
    ) -> dict[str, float]:
        """The cosine of `vector` (unit length) with each of the chunks, by chunk id.

        `language` is theirs; None looks in all. Unknown ids are left out.
        """
        with self.database.read() as connection:
            made = fingerprint.stored(connection)
        if made is None or not chunk_ids:
            return {}
        names = [language] if language is not None else list(self.languages())
        found: dict[str, float] = {}
        with self.vectors.session() as session:
            for name in names:
                found |= session.cosines(made.key, name, vector, chunk_ids)
        return found

    # Changing

    def remove(self, article_id: str) -> bool:
        """Take an article away into the bin; False where there is no such article.

        Raises `StoreError` where an ingest or another process is writing.
        """
        with self.writing():
            with self.database.read() as connection:
                cut = bins.chunks_of(connection, article_id)
            vectors = bins.vectors_of(self.database, self.vectors, cut)
            with self.database.write() as connection:
                if not bins.keep(connection, article_id, vectors):
                    return False
                writer.remove_articles(connection, [article_id])
            outbox.flush(self.database, self.vectors)
        return True

    def undo_remove(self, article_id: str) -> bool:
        """Put an article of the bin back as it was; False where it is not in the bin.

        Raises `StoreError` where an ingest or another process is writing, or where the index was
        made anew meanwhile.
        """
        with self.writing():
            with self.database.write() as connection:
                if not bins.put_back(connection, article_id):
                    return False
            outbox.flush(self.database, self.vectors)
        return True

    def record_answer(self, answer: Answer) -> None:
        """Keep an answer under its trace id; a second one under the same id replaces it.

        Where the settings say not to keep answers, nothing is kept.
        """
        if not self.settings.keep_answers:
            return
        with self.database.write() as connection:
            connection.execute(delete(answers).where(answers.c.trace_id == answer.trace_id))
            connection.execute(
                insert(answers).values(
                    trace_id=answer.trace_id,
                    created=datetime.now(UTC).isoformat(timespec="seconds"),
                    question=answer.question,
                    status=answer.status,
                    body=answer.model_dump_json(),
                )
            )

    def answer(self, trace_id: str) -> Answer | None:
        with self.database.read() as connection:
            body = connection.execute(
                select(answers.c.body).where(answers.c.trace_id == trace_id)
            ).scalar_one_or_none()
        return None if body is None else Answer.model_validate_json(body)

    def check_fingerprint(self, embedder_name: str, dimension: int | None = None) -> None:
        """Raise `IndexMismatch` where the index was made with another model or chunking."""
        with self.database.read() as connection:
            fingerprint.check(connection, self.settings, embedder_name, dimension)

    @contextmanager
    def writing(self, *, finish: bool = True) -> Iterator[None]:
        """Be the one writer; what an earlier one left undone is finished first.

        Raises `StoreError` where another process is writing.
        """
        if not self._writing.acquire(seconds=_PATIENCE):
            raise StoreError(
                f"The data folder {self.settings.data} is being written by "
                f"{self._writing.holder()}: wait until that is done and try again."
            )
        try:
            if finish:
                outbox.flush(self.database, self.vectors)
            yield
        finally:
            self._writing.release()

    def _purge(self) -> None:
        """Forget what was deleted long ago; what cannot be done now, the next opening does."""
        try:
            self.conversations.purge()
            bins.purge(self.database)
        except StoreError as error:
            log.warning("what was deleted long ago was not purged: %s", error)

    def version(self) -> tuple[str | None, int]:
        """Of the corpus: the fingerprint's key, None before the first ingest, and a number that
        every change of the articles raises."""
        with self.database.read() as connection:
            made = fingerprint.stored(connection)
            return (None if made is None else made.key, fingerprint.generation(connection))

    def _generation(self) -> int:
        with self.database.read() as connection:
            return fingerprint.generation(connection)

    def _check_vectors(self) -> None:
        """At first use: finish pending work, then see that no vector is missing."""
        if self._vectors_checked:
            return
        with self._first_use:
            if self._vectors_checked or not self._writing.acquire(seconds=0):
                return  # an ingest is running: it will finish its own work
            try:
                outbox.flush(self.database, self.vectors)
                self._compare_counts()
            finally:
                self._writing.release()
            self._vectors_checked = True

    def _compare_counts(self) -> None:
        expected = self.languages()
        with self.database.read() as connection:
            made = fingerprint.stored(connection)
        if made is None:
            return
        with self.vectors.session() as session:
            missing = sum(
                max(0, number - session.count(made.key, language))
                for language, number in expected.items()
            )
        if missing:
            raise StoreError(
                f"The vectors in {self.vectors.where} lack {missing} of {sum(expected.values())} "
                "passages: run `ordagrant doctor` to mend them."
            )

    def _vector_filter(self, filters: Filters) -> tuple[dict[str, Any] | None, set[str] | None]:
        """Chroma's `where`, and the chunk ids allowed where that cannot say it all."""
        clauses: list[dict[str, Any]] = []
        if filters.date_from is not None:
            clauses.append({"date": {"$gte": day_number(filters.date_from)}})
        if filters.date_to is not None:
            clauses.append({"date": {"$lte": day_number(filters.date_to)}})
            clauses.append({"date": {"$gt": 0}})
        allowed: set[str] | None = None
        if filters.source:
            with self.database.read() as connection:
                wanted = select(articles.c.key, articles.c.id).where(*conditions(filters))
                rows = connection.execute(wanted).all()
                if 0 < len(rows) <= _MOST_IN:
                    clauses.append({"article": {"$in": [row.id for row in rows]}})
                else:
                    keys = select(articles.c.key).where(*conditions(filters))
                    of = select(chunks.c.id).where(chunks.c.article_key.in_(keys))
                    allowed = set(connection.execute(of).scalars())
        if not clauses:
            return None, allowed
        return (clauses[0] if len(clauses) == 1 else {"$and": clauses}), allowed
