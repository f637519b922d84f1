"""The SQL connection: pragmas, transactions, and database errors as one sentence each."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from rag.errors import SettingsError, StoreError
from rag.settings import Settings
from rag.store.schema import SCHEMA_VERSION, metadata

BUSY_SECONDS = 15
_TABLE_NAMES = "SELECT name FROM sqlite_master WHERE type = 'table'"
# The first word of SQLite's message that fits decides; the rest of the sentence is ours.
_CAUSES = (
    ("disk is full", "the disk is full: free some space and run the command again"),
    ("disk I/O error", "the disk failed or is full: check it and run the command again"),
    ("readonly", "it is read-only: allow writing to it or choose another folder with --data"),
    ("unable to open", "it cannot be opened: check the folder's permissions or choose "
     "another with --data"),
    ("locked", "another program is writing to it: wait until that is done and try again"),
    ("not a database", "it is damaged or is not a database: restore a copy, or move it away and "
     "ingest again"),
    ("malformed", "it is damaged: restore a copy, or move it away and ingest again"),
)  # fmt: skip


def as_store_error(error: BaseException, where: str) -> StoreError:
    """The sentence for a database error; the original stays as its cause."""
    message = str(getattr(error, "orig", None) or error)
    for word, sentence in _CAUSES:
        if word in message:
            return StoreError(f"The database {where} cannot be used, {sentence}.")
    return StoreError(f"The database {where} cannot be used: {message.rstrip('.')}.")


class Database:
    """A SQLite file. Each thread takes its own connection from the pool.

    `read()` and `write()` are transactions; `write()` takes SQLite's write lock at its start,
    so that it never fails half-way through because another program wrote in between.
    """

    def __init__(self, url: str, where: str) -> None:
        self.where = where
        self.engine = create_engine(url, pool_size=8, max_overflow=-1)
        event.listen(self.engine, "connect", _on_connect)
        event.listen(self.engine, "begin", _on_begin)
        self._writing = self.engine.execution_options(begin="BEGIN IMMEDIATE")

    @classmethod
    def open(cls, settings: Settings) -> Database:
        """The database of `settings`, its tables made when new.

        Raises `StoreError` for a folder or file that cannot be used, `SettingsError` for a
        URL of another kind of database.
        """
        url, where = _locate(settings)
        database = cls(url, where)
        try:
            database._prepare()
        except BaseException:
            database.close()
            raise
        return database

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self._errors(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        with self._errors(), self._writing.begin() as connection:
            yield connection

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, sqlite3.Error) as error:
            raise as_store_error(error, self.where) from error

    def _prepare(self) -> None:
        from rag.store.lexical import Fts5Index

        with self.read() as connection:
            version = connection.exec_driver_sql("PRAGMA user_version").scalar_one()
            there = set(connection.exec_driver_sql(_TABLE_NAMES).scalars())
        if version > SCHEMA_VERSION:
            raise StoreError(
                f"The database {self.where} was made by a newer Ordagrant (layout {version}, this "
                f"program reads {SCHEMA_VERSION}): upgrade Ordagrant or choose another --data."
            )
        if version == SCHEMA_VERSION and metadata.tables.keys() <= there:
            return
        with self.write() as connection:
            metadata.create_all(connection)  # those that are missing
            if version < SCHEMA_VERSION:
                Fts5Index.create(connection)
            connection.exec_driver_sql(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _locate(settings: Settings) -> tuple[str, str]:
    """The URL, and the name of the database for error messages; makes the data folder."""
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"The data folder {settings.data} cannot be made ({error.strerror}): allow writing "
            "there or choose another folder with --data."
        ) from error
    if settings.database_url is None:
        path = Path(settings.data) / "ordagrant.db"
        return f"sqlite:///{path}", str(path)
    try:
        url = make_url(settings.database_url)
    except ArgumentError:
        raise SettingsError(
            "The setting database_url is not a database URL: write it as sqlite:////path/to/file.db."
        ) from None
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        raise SettingsError(
            f"The setting database_url names {url.render_as_string(hide_password=True)}, but this "
            "version stores in a SQLite file only: write it as sqlite:////path/to/file.db."
        )
    return settings.database_url, url.database


def _on_connect(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun by `_on_begin` alone
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout = {BUSY_SECONDS * 1000}",
        "journal_mode = WAL",
        "synchronous = FULL",  # one fsync a batch; a power cut then loses nothing committed
        "foreign_keys = ON",
        "temp_store = MEMORY",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _on_begin(connection: Connection) -> None:
    connection.exec_driver_sql(str(connection.get_execution_options().get("begin", "BEGIN")))
