"""What a connector must not forget: which messages it has taken up, and how far it has read.

A small SQLite file of its own beside the articles, so that an app which delivers a message again
(after a reconnect, a restart, a time-out) never gets a second answer.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path

from rag.errors import StoreError

_KEPT = 30 * 86_400  # seconds; no app delivers anything again after so long
_TABLES = """
CREATE TABLE IF NOT EXISTS events (
    app TEXT NOT NULL, event TEXT NOT NULL, taken REAL NOT NULL, PRIMARY KEY (app, event)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS marks (
    app TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (app, name)
) WITHOUT ROWID;
"""


class Seen:
    """Safe between threads, and between processes that serve the same app."""

    def __init__(self, path: Path) -> None:
        """Raises `StoreError` for a file that cannot be used."""
        self._path = path
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                path, timeout=15, isolation_level=None, check_same_thread=False
            )
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.executescript(_TABLES)
            self._connection.execute("DELETE FROM events WHERE taken < ?", (time.time() - _KEPT,))
        except (sqlite3.Error, OSError) as error:
            raise self._failed(error) from error

    def claim(self, app: str, event: str) -> bool:
        """Takes up a message; False if it was taken up before."""
        done = self._run("INSERT OR IGNORE INTO events VALUES (?, ?, ?)", (app, event, time.time()))
        return done.rowcount == 1

    def release(self, app: str, event: str) -> None:
        """Gives a message back that nothing was said to, so that it can be taken up again."""
        self._run("DELETE FROM events WHERE app = ? AND event = ?", (app, event))

    def mark(self, app: str, name: str, value: str) -> None:
        """Keeps `value` under `name`: how far was read, for example."""
        self._run("INSERT OR REPLACE INTO marks VALUES (?, ?, ?)", (app, name, value))

    def marked(self, app: str, name: str) -> str | None:
        """What was kept under `name`."""
        row = self._run(
            "SELECT value FROM marks WHERE app = ? AND name = ?", (app, name)
        ).fetchone()
        return None if row is None else str(row[0])

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _run(self, statement: str, values: tuple[object, ...]) -> sqlite3.Cursor:
        try:
            with self._lock:
                return self._connection.execute(statement, values)
        except sqlite3.Error as error:
            raise self._failed(error) from error

    def _failed(self, error: Exception) -> StoreError:
        return StoreError(
            f"The file {self._path} cannot be used ({error}): allow writing there or choose "
            "another folder with --data."
        )
