"""Ingest: from files to the store, idempotent and safe to be killed at any point.

Articles are written in batches, each in one SQL transaction that also holds the batch's
vectors in the outbox; Chroma is told after that. A batch is there wholly or not at all, and
the next start finishes what Chroma has not yet been told.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Row, insert, select, update

from rag.corpus.build import build_article
from rag.corpus.load import RawArticle, discover, load_file
from rag.corpus.manifest import Override, load_manifests
from rag.models.embedding import Embedder
from rag.models.progress import Progress
from rag.settings import Settings
from rag.store import fingerprint, outbox, reading, writer
from rag.store.fingerprint import Fingerprint
from rag.store.prepare import Cut, cut, prepare
from rag.store.prune import gone_articles
from rag.store.schema import articles, ingest_runs
from rag.store.store import Store
from rag.types import Article, ArticleInfo, IngestFailure, IngestSummary

# Raise when masks or sentences are made otherwise, so that the next ingest cuts all anew.
READING_VERSION = 1
# A batch ends at whichever comes first: some 5 s of embedding, and memory stays bounded.
_BATCH_CHUNKS = 256
_BATCH_ARTICLES = 200
_BATCH_CHARS = 4_000_000


def ingest(
    store: Store,
    paths: Sequence[str | Path],
    embedder: Embedder,
    settings: Settings,
    *,
    prune: bool = False,
    progress: Progress | None = None,
) -> IngestSummary:
    """Read what `paths` name into the store.

    What cannot be read is listed in `failed` and its previous version stays. With `prune`,
    articles whose file lay under `paths` and is no longer there are removed.

    Raises `StoreError` (another writer, a full disk, …), `IndexMismatch`, `ModelError`, and
    `SettingsError` for a broken manifest; the batches before it are kept.
    """
    began = time.monotonic()
    manifest = load_manifests(paths)
    with store.writing():
        mark = claim_fingerprint(store, embedder, settings)
        run = _Run(store, embedder, settings, mark)
        run_id = _record_start(store, paths)
        found = list(discover(paths, settings.max_file_mb * 1_000_000))
        for number, item in enumerate(found):
            if progress is not None:
                progress("ingest", number, len(found))
            if isinstance(item, IngestFailure):
                run.fail(item)
                continue
            for raw in load_file(item, settings.max_file_mb * 1_000_000):
                if isinstance(raw, IngestFailure):
                    run.fail(raw)
                else:
                    run.add(raw, manifest.override(raw))
        run.write()
        if prune:
            run.prune(paths)
        if progress is not None:
            progress("ingest", len(found), len(found))
        summary = run.summary(time.monotonic() - began)
        _record_end(store, run_id, summary)
    return summary


def claim_fingerprint(store: Store, embedder: Embedder, settings: Settings) -> Fingerprint:
    """The index's fingerprint, set by the first ingest; raises `IndexMismatch`."""
    mark = Fingerprint.of(embedder.name, embedder.dimension, settings)
    empty = store.count()[0] == 0
    with store.database.write() as connection:
        if empty:
            fingerprint.store(connection, mark)
        else:
            fingerprint.check(connection, settings, embedder.name, embedder.dimension)
    return mark


class _Run:
    """One ingest: what was seen, what waits to be written, and the counts."""

    def __init__(
        self, store: Store, embedder: Embedder, settings: Settings, mark: Fingerprint
    ) -> None:
        self.store = store
        self.embedder = embedder
        self.settings = settings
        self.mark = mark
        self.added = self.changed = self.unchanged = self.removed = 0
        self.failed: list[IngestFailure] = []
        self.seen: dict[str, str] = {}  # article id -> origin
        self.read: set[str] = set()  # origins that gave an article
        self.troubled: set[str] = set()  # files and folders with a failure
        self._cuts: list[tuple[Cut, bool]] = []  # with: is it new?
        self._infos: list[tuple[ArticleInfo, str, str, str]] = []

    def fail(self, failure: IngestFailure) -> None:
        self.failed.append(failure)
        self.troubled.add(re.sub(r":\d+$", "", failure.path))
        self.troubled.add(failure.path)

    def add(self, raw: RawArticle, said: Override | None) -> None:
        """Take in one article, if it is not there already just so."""
        self.read.add(raw.origin)
        known = self._known(raw.id)
        if (owner := self._owner(raw, known)) is not None:
            self.fail(
                IngestFailure(
                    raw.origin,
                    f"{raw.origin} has an article with the id {raw.id!r}, which {owner} has too: "
                    "rename one of them.",
                )
            )
            return
        self.seen[raw.id] = raw.origin
        content_key, info_key = _content_key(raw), _info_key(raw, said)
        if known is not None and (known.content_key, known.info_key, known.origin) == (
            content_key,
            info_key,
            raw.origin,
        ):
            self.unchanged += 1
            return
        try:
            article = build_article(raw, said)
            if known is not None and self._only_info_differs(article):
                self._infos.append((article.info, raw.origin, info_key, content_key))
            else:
                made = cut(
                    article,
                    self.embedder,
                    self.settings,
                    origin=raw.origin,
                    content_key=content_key,
                    info_key=info_key,
                )
                self._cuts.append((made, known is None))
        except (ValueError, LookupError, TypeError, ArithmeticError, RecursionError) as error:
            # One article that trips the cleaning must not stop the other thousands.
            self.fail(
                IngestFailure(
                    raw.origin,
                    f"{raw.origin} cannot be cut into sentences ({type(error).__name__}: {error}): "
                    "please report it; its previous version, if any, stays.",
                )
            )
            return
        if self._full():
            self.write()

    def write(self) -> None:
        """Write what waits, and tell Chroma."""
        cuts, infos, self._cuts, self._infos = self._cuts, self._infos, [], []
        if not cuts and not infos:
            return
        prepared = prepare(
            [made for made, _ in cuts],
            self.embedder,
            self.mark.key,
            titles=self.mark.chunk_titles,
        )
        with self.store.database.write() as connection:
            writer.write_articles(connection, prepared)
            for info, origin, info_key, content_key in infos:
                writer.write_info(
                    connection, info, origin=origin, info_key=info_key, content_key=content_key
                )
        outbox.flush(self.store.database, self.store.vectors)
        new = sum(1 for _, is_new in cuts if is_new)
        self.added += new
        self.changed += len(cuts) - new + len(infos)

    def prune(self, paths: Sequence[str | Path]) -> None:
        with self.store.database.read() as connection:
            rows = connection.execute(select(articles.c.id, articles.c.origin)).all()
        gone = gone_articles(
            [(row.id, row.origin) for row in rows if row.id not in self.seen],
            paths,
            read=self.read,
            troubled=self.troubled,
        )
        for start in range(0, len(gone), _BATCH_ARTICLES):
            with self.store.database.write() as connection:
                some = gone[start : start + _BATCH_ARTICLES]
                self.removed += writer.remove_articles(connection, some)
            outbox.flush(self.store.database, self.store.vectors)

    def summary(self, seconds: float) -> IngestSummary:
        number, chunks = self.store.count()
        return IngestSummary(
            added=self.added,
            changed=self.changed,
            unchanged=self.unchanged,
            removed=self.removed,
            failed=tuple(self.failed),
            articles=number,
            chunks=chunks,
            seconds=round(seconds, 3),
        )

    def _known(self, article_id: str) -> Row[Any, Any, Any] | None:
        with self.store.database.read() as connection:
            return connection.execute(
                select(articles.c.origin, articles.c.content_key, articles.c.info_key).where(
                    articles.c.id == article_id
                )
            ).one_or_none()

    def _owner(self, raw: RawArticle, known: Row[Any, Any, Any] | None) -> str | None:
        """The other file that this id belongs to, or None. A file that was moved is no other."""
        if raw.id in self.seen:
            return self.seen[raw.id]
        if known is None or known.origin == raw.origin:
            return None
        try:
            moved = Path(raw.origin).samefile(known.origin)
        except OSError:
            moved = True
        return None if moved else str(known.origin)

    def _only_info_differs(self, article: Article) -> bool:
        with self.store.database.read() as connection:
            stored = reading.read_article(connection, article.info.id)
        return stored is not None and (
            stored.text == article.text
            and stored.masks == article.masks
            and stored.sentences == article.sentences
            and stored.info.language == article.info.language
            # The title is in the vectors.
            and (stored.info.title == article.info.title or not self.mark.chunk_titles)
        )

    def _full(self) -> bool:
        return (
            len(self._cuts) + len(self._infos) >= _BATCH_ARTICLES
            or sum(len(made.chunks) for made, _ in self._cuts) >= _BATCH_CHUNKS
            or sum(len(made.article.text) for made, _ in self._cuts) >= _BATCH_CHARS
        )


def _content_key(raw: RawArticle) -> str:
    told = f"{READING_VERSION}\0{raw.media}\0{raw.text}"
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()


def _info_key(raw: RawArticle, said: Override | None) -> str:
    about = asdict(raw)
    del about["text"]
    told = json.dumps([about, asdict(said) if said else None], default=str, sort_keys=True)
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()


def _record_start(store: Store, paths: Sequence[str | Path]) -> int:
    named = [os.fsencode(path).decode("utf-8", "replace") for path in paths]
    with store.database.write() as connection:
        values = {"started": _now(), "paths": json.dumps(named, ensure_ascii=False)}
        returned = insert(ingest_runs).values(values).returning(ingest_runs.c.id)
        number: int = connection.execute(returned).scalar_one()
    return number


def _record_end(store: Store, run_id: int, summary: IngestSummary) -> None:
    body = json.dumps(asdict(summary), ensure_ascii=False)
    with store.database.write() as connection:
        connection.execute(
            update(ingest_runs)
            .where(ingest_runs.c.id == run_id)
            .values(finished=_now(), summary=body)
        )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
