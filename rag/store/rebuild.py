"""Make chunks, lexical index and vectors anew from the articles in SQL."""

from __future__ import annotations

from sqlalchemy import delete, func, select, update

from rag.errors import StoreError
from rag.models.embedding import Embedder
from rag.models.progress import Progress
from rag.settings import Settings
from rag.store import fingerprint, outbox, reading, writer
from rag.store.fingerprint import Fingerprint
from rag.store.lexical import Fts5Index
from rag.store.prepare import cut, prepare
from rag.store.schema import article_sums, articles, language_sums
from rag.store.schema import outbox as outbox_table
from rag.store.store import Store

_AT_ONCE = 50  # articles in one transaction


def rebuild(
    store: Store, embedder: Embedder, settings: Settings, progress: Progress | None = None
) -> int:
    """Index every article anew with this embedder and chunking; returns how many.

    For another model or other chunk settings, or when Chroma's files are damaged: they are
    thrown away and made from SQL. Interrupted, it goes on where it was when called again;
    until it is done, `check_fingerprint` says so.
    """
    mark = Fingerprint.of(embedder.name, embedder.dimension, settings)
    with store.writing(finish=False):
        _begin(store, mark)
        outbox.flush(store.database, store.vectors)
        total = store.count()[0]
        done = 0
        while stale := _stale(store, mark):
            _index(store, stale, embedder, settings, mark)
            done += len(stale)
            if progress is not None:
                progress("index", total - _number_stale(store, mark), total)
        with store.vectors.session() as session:
            session.drop_all_but(mark.key)
    return done


def _begin(store: Store, mark: Fingerprint) -> None:
    """Mark all as stale, unless this goes on with a rebuild that was interrupted."""
    with store.database.read() as connection:
        resuming = fingerprint.stored(connection) == mark
    if resuming and _number_stale(store, mark) > 0:
        return
    with store.database.write() as connection:
        fingerprint.store(connection, mark)
        connection.execute(update(articles).values(index_key=""))
        connection.execute(delete(outbox_table))
        connection.execute(delete(article_sums))
        connection.execute(delete(language_sums))
        Fts5Index.clear(connection)
        number = fingerprint.next_generation(connection)
    store.vectors.discard(number)


def _stale(store: Store, mark: Fingerprint) -> list[tuple[int, str]]:
    with store.database.read() as connection:
        rows = connection.execute(
            select(articles.c.key, articles.c.id)
            .where(articles.c.index_key != mark.key)
            .order_by(articles.c.key)
            .limit(_AT_ONCE)
        )
        return [(row.key, row.id) for row in rows]


def _number_stale(store: Store, mark: Fingerprint) -> int:
    with store.database.read() as connection:
        number: int = connection.execute(
            select(func.count()).select_from(articles).where(articles.c.index_key != mark.key)
        ).scalar_one()
    return number


def _index(
    store: Store,
    stale: list[tuple[int, str]],
    embedder: Embedder,
    settings: Settings,
    mark: Fingerprint,
) -> None:
    with store.database.read() as connection:
        found = [reading.read_article(connection, article_id) for _, article_id in stale]
    cuts = []
    for (_, article_id), article in zip(stale, found, strict=True):
        if article is None:
            raise StoreError(
                f"The article {article_id} has lost its text in {store.database.where}: run "
                "`ordagrant doctor` to see what is damaged."
            )
        # The keys of what was read stay as they are: `replace_chunks` does not touch them.
        cuts.append(cut(article, embedder, settings, origin="", content_key="", info_key=""))
    prepared = prepare(cuts, embedder, mark.key, titles=mark.chunk_titles)
    with store.database.write() as connection:
        for (key, _), item in zip(stale, prepared, strict=True):
            writer.replace_chunks(connection, key, item)
    outbox.flush(store.database, store.vectors)
