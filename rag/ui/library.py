"""The page of the articles, free of Gradio: list, read, add, remove. Holds nothing of a visitor."""

from __future__ import annotations

import ipaddress
import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from rag.corpus.load import RawArticle, is_rows, load_file
from rag.errors import OrdagrantError, SettingsError
from rag.settings import Settings
from rag.types import Article, ArticleInfo, Filters, IngestFailure, IngestSummary, text_sha256
from rag.ui import uploads
from rag.ui.library_failures import named
from rag.ui.uploads import Upload

if TYPE_CHECKING:
    from rag.bot import Bot

_log = logging.getLogger(__name__)

PAGE = 50  # articles on a page of the list
MOST_MB = 100  # of one uploaded file
_MOST_OUTLETS = 200  # offered in the filter; the search finds the others
_MOST_SHOWN = 5  # articles named after they were added
_TICK = 0.5  # seconds between two words about how far it is


class ArticlesStore(Protocol):
    """What the page needs of the store. Called from several threads."""

    def count(self) -> tuple[int, int]: ...

    def article(self, article_id: str) -> Article | None: ...

    def info(self, article_ids: Sequence[str]) -> dict[str, ArticleInfo]: ...

    def articles(
        self,
        *,
        search: str | None = None,
        filters: Filters = ...,
        offset: int = 0,
        limit: int = 50,
    ) -> tuple[list[ArticleInfo], int]: ...

    def outlets(self) -> Sequence[tuple[str, int]]: ...

    def article_languages(self) -> Sequence[tuple[str, int]]: ...

    def dates(self) -> tuple[date | None, date | None]: ...

    def remove(self, article_id: str) -> bool: ...

    def undo_remove(self, article_id: str) -> bool: ...


# Reads files into the store; raises `OrdagrantError`.
Ingest = Callable[[Sequence[Path]], IngestSummary]


def ingest_with(bot: Bot) -> Ingest:
    """Ingest with the bot's own store and embedding model, which is loaded already."""

    def run(paths: Sequence[Path]) -> IngestSummary:
        from rag.store.ingest import ingest

        return ingest(bot.store, paths, bot.embedder, bot.settings)

    return run


def editable_at(settings: Settings, host: str) -> bool:
    """Whether visitors at `host` may add and remove: as set, else on this computer alone."""
    if settings.articles_editable is not None:
        return settings.articles_editable
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True, slots=True)
class Row:
    """An article of the list; `twin` is another that tells the same story."""

    info: ArticleInfo
    twin: ArticleInfo | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the list: rows `offset` to `offset + len(rows)` of `total`."""

    rows: tuple[Row, ...]
    offset: int
    total: int


@dataclass(frozen=True, slots=True)
class Choices:
    """What can be filtered by: each with its number of articles, the most frequent first."""

    outlets: tuple[tuple[str, int], ...]
    languages: tuple[tuple[str, int], ...]
    first: date | None
    last: date | None
    articles: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """Someone else's files are being read."""


@dataclass(frozen=True, slots=True)
class Adding:
    """How far adding is: file `number` (from 1) of `total`, and the articles of it so far."""

    number: int
    total: int
    name: str
    articles: int = 0


@dataclass(frozen=True, slots=True)
class Added:
    """What became of the files. `problem` is what ended it before its time."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    failed: tuple[IngestFailure, ...] = ()
    problem: str | None = None
    articles: tuple[ArticleInfo, ...] = field(default=())

    def after(self, summary: IngestSummary, name: str) -> Added:
        failed = tuple(named(name, failure) for failure in summary.failed)
        return replace(
            self,
            added=self.added + summary.added,
            changed=self.changed + summary.changed,
            unchanged=self.unchanged + summary.unchanged,
            failed=self.failed + failed,
        )

    def failing(self, name: str, why: str) -> Added:
        return replace(self, failed=(*self.failed, IngestFailure(name, f"{name} {why}")))


class Library:
    """The articles of one store behind one page. Safe to share between visitors."""

    def __init__(
        self,
        store: ArticlesStore,
        ingest: Ingest,
        *,
        folder: Path,
        editable: bool = True,
        most_mb: int = MOST_MB,
    ) -> None:
        """`folder` is where uploads are kept; without `editable` nothing can be changed."""
        self._store = store
        self._ingest = ingest
        self._folder = folder
        self.editable = editable
        self.most_mb = most_mb
        self._turn = threading.Lock()

    @classmethod
    def of(cls, bot: Bot, host: str = "127.0.0.1") -> Library:
        """The library of a bot's articles, to be shown at `host`."""
        return cls(
            bot.store,
            ingest_with(bot),
            folder=bot.settings.data / "uploads",
            editable=editable_at(bot.settings, host),
            most_mb=bot.settings.max_file_mb,
        )

    # Reading

    def size(self) -> int:
        """How many articles there are."""
        return self._store.count()[0]

    def choices(self) -> Choices:
        first, last = self._store.dates()
        return Choices(
            outlets=tuple(self._store.outlets())[:_MOST_OUTLETS],
            languages=tuple(self._store.article_languages()),
            first=first,
            last=last,
            articles=self.size(),
        )

    def page(self, search: str, filters: Filters, offset: int) -> Page:
        """The page at `offset`, or the last one where the list ends before."""
        while True:
            found, total = self._store.articles(
                search=search, filters=filters, offset=offset, limit=PAGE
            )
            if found or offset == 0:
                return Page(self._rows(found), offset, total)
            offset = max(0, (total - 1) // PAGE * PAGE)

    def read(self, article_id: str) -> tuple[Article, ArticleInfo | None] | None:
        """An article with its twin; None when it is not there."""
        article = self._store.article(article_id)
        if article is None:
            return None
        (row,) = self._rows([article.info])
        return article, row.twin

    def _rows(self, infos: Sequence[ArticleInfo]) -> tuple[Row, ...]:
        """With the twin of each: the one its witness is named after, else one of this page."""
        wanted = [info.witness for info in infos if info.witness != info.id]
        named_after = self._store.info(wanted) if wanted else {}
        followers = {info.witness: info for info in infos if info.witness != info.id}
        return tuple(
            Row(
                info,
                followers.get(info.id)
                if info.witness == info.id
                else named_after.get(info.witness),
            )
            for info in infos
        )

    # Changing

    def remove(self, article_id: str) -> ArticleInfo | None:
        """Remove an article, so that `restore` can bring it back; None when it is not there.

        Raises `SettingsError` where nothing may be changed, `StoreError`.
        """
        self._allow()
        info = self._store.info([article_id]).get(article_id)
        return info if info is not None and self._store.remove(article_id) else None

    def restore(self, article_id: str) -> bool:
        """Bring a removed article back. Raises as `remove`."""
        self._allow()
        return self._store.undo_remove(article_id)

    def add(self, files: Sequence[Upload]) -> Iterator[Waiting | Adding | Added]:
        """Read files into the store, telling how far it is and last what became of them.

        One visitor's files at a time. What was there before stays, whatever fails. The uploads
        are deleted. Raises `SettingsError` where nothing may be changed.
        """
        self._allow()
        try:
            while not self._turn.acquire(timeout=_TICK):
                yield Waiting()
            try:
                yield from self._add(files)
            finally:
                self._turn.release()
        finally:
            for file in files:
                if file.path is not None:
                    file.path.unlink(missing_ok=True)

    def _add(self, files: Sequence[Upload]) -> Iterator[Adding | Added]:
        so_far = Added()
        with ThreadPoolExecutor(1, "ordagrant-ingest") as worker:
            for number, file in enumerate(files, 1):
                name = uploads.own_name(file.name)
                yield Adding(number, len(files), name)
                work = worker.submit(self._add_one, file, name, so_far)
                before = self.size()
                while (done := _within(work, _TICK)) is None:
                    yield Adding(number, len(files), name, max(0, self.size() - before))
                so_far = done
                if so_far.problem is not None:
                    for left in files[number:]:
                        so_far = so_far.failing(
                            uploads.own_name(left.name),
                            "was not read, since reading ended before it: add it again.",
                        )
                    break
        yield so_far

    def _add_one(self, file: Upload, name: str, so_far: Added) -> Added:
        """`so_far` with what became of one file."""
        size = file.size if file.path is None else file.path.stat().st_size
        if size > self.most_mb * 1_000_000:
            too_large = f"has {size / 1e6:,.0f} MB, more than the {self.most_mb} MB allowed"
            return so_far.failing(name, f"{too_large}: split it.")
        if file.path is None:
            return so_far.failing(name, file.problem)
        try:
            kept = uploads.keep(self._folder, file.path, name, self._known)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            return so_far.failing(name, f"cannot be kept ({reason}): check the disk.")
        if kept.taken is not None and kept.new and self._same(kept.path, kept.taken):
            uploads.forget(kept)
            return replace(so_far, unchanged=so_far.unchanged + 1)
        try:
            summary = self._ingest([kept.path])
        except OrdagrantError as error:
            uploads.forget(kept)
            return replace(so_far, problem=str(error))
        except BaseException:
            uploads.forget(kept)
            raise
        if summary.added + summary.changed + summary.unchanged == 0:
            uploads.forget(kept)
        else:
            uploads.settle(kept)
        return self._showing(so_far.after(summary, name), kept.path, summary)

    def _showing(self, so_far: Added, path: Path, summary: IngestSummary) -> Added:
        """`so_far`, naming the file's article if it is new."""
        if is_rows(path) or not summary.added or len(so_far.articles) >= _MOST_SHOWN:
            return so_far
        new = self._store.info([path.stem]).values()
        return replace(so_far, articles=(*so_far.articles, *new))

    def _known(self, article_id: str) -> bool:
        return article_id in self._store.info([article_id])

    def _same(self, path: Path, article_id: str) -> bool:
        """Whether a file holds the very text of an article."""
        there = self._store.info([article_id]).get(article_id)
        read = next(load_file(path, self.most_mb * 1_000_000), None)
        return (
            there is not None
            and isinstance(read, RawArticle)
            and text_sha256(read.text) == there.sha256
        )

    def _allow(self) -> None:
        if not self.editable:
            raise SettingsError(
                "Articles cannot be added or removed from here: whoever runs this can allow it "
                "with ORDAGRANT_ARTICLES_EDITABLE=true."
            )


def _within(work: Future[Added], seconds: float) -> Added | None:
    """The result if it comes within `seconds`."""
    try:
        return work.result(timeout=seconds)
    except NotYet:
        if work.done():
            raise
        return None
