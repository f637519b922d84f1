"""Is the store sound? `diagnose` looks, `mend` repairs what can be made from SQL."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, select, update

from rag.errors import IndexMismatch, StoreError
from rag.models.embedding import Embedder
from rag.models.progress import Progress
from rag.store import fingerprint, means, outbox, reading, writer
from rag.store.filters import day_number
from rag.store.lexical import Fts5Index
from rag.store.prepare import cut, embed, embedded_text, prepare
from rag.store.schema import article_sums, articles, chunks
from rag.store.store import Store
from rag.store.vectors import VectorRow
from rag.types import Article, Chunk, text_sha256

_AT_ONCE = 200  # articles read, or chunks embedded, at a time


@dataclass(frozen=True, slots=True)
class Health:
    """What was found. `lines` says it in sentences; there are none where all is well."""

    articles: int
    chunks: int
    vectors: int
    pending: int  # changes that Chroma has not been told of yet
    missing: int  # chunks without a vector
    extra: int  # vectors without a chunk
    damaged: tuple[str, ...]  # articles whose text, sentences or chunks do not fit together
    lines: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.lines


def diagnose(store: Store, embedder: Embedder | None = None) -> Health:
    """Compare SQL with itself and with Chroma; with `embedder`, the fingerprint too.

    Changes nothing. Raises `StoreError` where the database cannot be read at all.
    """
    number, number_of_chunks = store.count()
    lines: list[str] = []
    damaged: list[str] = []
    with store.database.read() as connection:
        lines += _database_problems(connection)
        waiting = outbox.pending(connection)
        for article_id, problem, _ in _damaged_articles(connection):
            damaged.append(article_id)
            lines.append(f"The article {article_id} {problem}.")
        if unsummed := means.differing(connection):
            lines.append(f"The mean vector is wrong for: {', '.join(unsummed)}.")
    with store.database.write() as connection:
        lines += Fts5Index.problems(connection)
    if embedder is not None:
        try:
            store.check_fingerprint(embedder.name, embedder.dimension)
        except IndexMismatch as mismatch:
            lines.append(str(mismatch))
    if waiting:
        lines.append(f"{waiting} changes have not reached the vectors yet.")
    try:
        vectors, missing, extra = _compare(store)
    except StoreError as error:
        vectors, missing, extra = 0, number_of_chunks, 0
        lines.append(str(error))
    if missing:
        lines.append(f"{missing} of {number_of_chunks} passages have no vector.")
    if extra:
        lines.append(f"{extra} vectors belong to no passage.")
    return Health(
        articles=number,
        chunks=number_of_chunks,
        vectors=vectors,
        pending=waiting,
        missing=missing,
        extra=extra,
        damaged=tuple(damaged),
        lines=tuple(lines),
    )


def mend(store: Store, embedder: Embedder, progress: Progress | None = None) -> Health:
    """Repair all that SQL's articles can repair, then look again.

    An article whose text itself is damaged is marked, so that the next ingest reads it anew.
    Raises `IndexMismatch` when the index was made with another model or chunking.
    """
    store.check_fingerprint(embedder.name, embedder.dimension)
    with store.writing():
        with store.database.write() as connection:
            if Fts5Index.problems(connection):
                Fts5Index.clear(connection)
                writer.refresh_lexical(connection)
        _mend_articles(store, embedder)
        missing, languages = _mend_vectors(store)
        for start in range(0, len(missing), _AT_ONCE):
            _embed_again(store, embedder, missing[start : start + _AT_ONCE])
            if progress is not None:
                progress("mend", min(start + _AT_ONCE, len(missing)), len(missing))
        with store.vectors.session() as session:
            with store.database.read() as connection:
                made = fingerprint.stored(connection)
            if made is not None:
                session.drop_strangers(made.key, languages)
        with store.database.write() as connection:
            if means.differing(connection):
                means.rebuild(connection)
    return diagnose(store, embedder)


def _database_problems(connection: Connection) -> list[str]:
    lines = []
    verdict = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
    if verdict != "ok":
        lines.append(f"The database is damaged ({verdict}): restore a copy or ingest anew.")
    if connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None:
        lines.append("The database holds rows whose article or conversation is gone.")
    return lines


def _damaged_articles(connection: Connection) -> Iterator[tuple[str, str, bool]]:
    """(article id, what is wrong, is the text itself sound?) of every damaged article."""
    last = -1
    while True:
        rows = connection.execute(
            select(articles.c.key, articles.c.id)
            .where(articles.c.key > last)
            .order_by(articles.c.key)
            .limit(_AT_ONCE)
        ).all()
        if not rows:
            return
        last = rows[-1].key
        for row in rows:
            article = reading.read_article(connection, row.id)
            if article is None:
                yield row.id, "has lost its text", False
                continue
            if problem := _text_problem(article):
                yield row.id, problem, False
                continue
            found = [chunk for _, chunk in reading.read_chunks_of(connection, article)]
            own_sum = select(article_sums.c.number).where(article_sums.c.article_key == row.key)
            summed = sum(connection.execute(own_sum).scalars())
            if problem := _chunk_problem(article, found, summed):
                yield row.id, problem, True


def _text_problem(article: Article) -> str | None:
    if text_sha256(article.text) != article.info.sha256:
        return "has a text that does not fit its SHA-256"
    at = 0
    for number, sentence in enumerate(article.sentences):
        if sentence.index != number or not at <= sentence.start < sentence.end <= len(article.text):
            return f"has a sentence {number} that lies outside its text or out of order"
        at = sentence.end
    return None


def _chunk_problem(article: Article, found: list[Chunk], summed: int) -> str | None:
    if article.sentences and not found:
        return "has no passages"
    for number, chunk in enumerate(found):
        inside = 0 <= chunk.first_sentence <= chunk.last_sentence < len(article.sentences)
        if (
            chunk.index != number
            or not inside
            or chunk.start != article.sentences[chunk.first_sentence].start
            or chunk.end != article.sentences[chunk.last_sentence].end
        ):
            return f"has a passage {number} that does not fit its sentences"
    if summed != len(found):
        return "is not counted rightly in its language's mean vector"
    return None


def _ids_in_sql(connection: Connection, language: str) -> set[str]:
    here = select(chunks.c.id).where(chunks.c.language == language)
    return set(connection.execute(here).scalars())


def _compare(store: Store) -> tuple[int, int, int]:
    """Vectors held, chunks without one, vectors without a chunk."""
    missing = extra = known = 0
    with store.database.read() as connection:
        made = fingerprint.stored(connection)
    if made is None:
        return 0, 0, 0
    with store.vectors.session() as session:
        for language in store.languages():
            with store.database.read() as connection:
                wanted = _ids_in_sql(connection, language)
            held = set(session.ids(made.key, language))
            missing += len(wanted - held)
            extra += len(held - wanted)
            known += len(held)
        total = session.total(made.key)
    return total, missing, extra + total - known


def _mend_articles(store: Store, embedder: Embedder) -> None:
    """Chunk anew where only the chunks are wrong; mark the rest for the next ingest."""
    with store.database.read() as connection:
        broken = list(_damaged_articles(connection))
    for article_id, _, sound in broken:
        with store.database.write() as connection:
            row = connection.execute(
                select(articles.c.key, articles.c.index_key).where(articles.c.id == article_id)
            ).one()
            article = reading.read_article(connection, article_id) if sound else None
            if article is None:
                connection.execute(
                    update(articles).where(articles.c.key == row.key).values(content_key="")
                )
                continue
            made = cut(article, embedder, store.settings, origin="", content_key="", info_key="")
            (prepared,) = prepare(
                [made], embedder, row.index_key, titles=store.settings.chunk_titles
            )
            writer.replace_chunks(connection, row.key, prepared)
    outbox.flush(store.database, store.vectors)


def _mend_vectors(store: Store) -> tuple[list[str], list[str]]:
    """Take extra vectors away; returns the chunks without one, and the languages in use."""
    missing: list[str] = []
    languages = list(store.languages())
    with store.database.read() as connection:
        made = fingerprint.stored(connection)
    if made is None:
        return [], languages
    with store.vectors.session() as session:
        with store.database.write() as connection:
            session.wrote(fingerprint.next_generation(connection))
        for language in languages:
            with store.database.read() as connection:
                wanted = _ids_in_sql(connection, language)
            held = set(session.ids(made.key, language))
            session.drop(made.key, language, sorted(held - wanted))
            missing.extend(sorted(wanted - held))
    return missing, languages


def _embed_again(store: Store, embedder: Embedder, chunk_ids: list[str]) -> None:
    with store.database.read() as connection:
        found = reading.read_chunks(connection, chunk_ids)
        about = reading.read_infos(connection, [chunk.article_id for chunk in found.values()])
    titles = store.settings.chunk_titles
    texts = [
        embedded_text(about[chunk.article_id].title if titles else None, chunk)
        for chunk in found.values()
    ]
    vectors = embed(embedder, texts)
    with store.database.write() as connection:
        for chunk, vector in zip(found.values(), vectors, strict=True):
            day = day_number(about[chunk.article_id].published.on)
            row = VectorRow(chunk.id, chunk.article_id, day, np.asarray(vector))
            outbox.put(connection, chunk.language, [row])
    outbox.flush(store.database, store.vectors)
