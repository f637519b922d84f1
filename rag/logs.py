"""The log of a process, on stderr: as text, or as one JSON object a line.

As JSON, whatever else is written to stderr becomes a line of the log too: what a command says, a
warning, what a library prints. Only what a library's C code writes does not pass through here.
"""

from __future__ import annotations

import io
import json
import logging
import logging.handlers
import re
import sys
import threading
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, TextIO

from rag.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    from rag.settings import Settings

# The audit lines (`rag.audit`) have a logger of their own, so that they can go to a file.
lines = logging.getLogger("ordagrant.audit")
printed = logging.getLogger("stderr")

_TEXT = "%(levelname)s %(name)s: %(message)s"


class JsonLines(logging.Formatter):
    """A log record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        value: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            **_said(record),
        }
        if record.exc_text or record.exc_info:
            value["traceback"] = record.exc_text or self.formatException(record.exc_info)  # type: ignore[arg-type]
        return json.dumps(value, ensure_ascii=False, default=str)


def set_up_logs(settings: Settings, hide: logging.Filter | None = None) -> None:
    """The log of this process on stderr, and the audit lines where the settings say.

    `hide` is put before everything that is written, to blot secrets out. Raises `SettingsError`
    for an audit file that cannot be written.
    """
    out = sys.stderr.out if isinstance(sys.stderr, _Printed) else sys.stderr
    handler = logging.StreamHandler(out)
    handler.setFormatter(JsonLines() if settings.log_json else logging.Formatter(_TEXT))
    file = _audit_handler(settings.audit_file) if settings.audit_file is not None else None
    for one in (handler, file):
        if one is not None and hide is not None:
            one.addFilter(hide)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for before in lines.handlers[:]:
        lines.removeHandler(before)
        before.close()
    lines.setLevel(logging.INFO)
    lines.propagate = file is None
    if file is not None:
        lines.addHandler(file)
    sys.stderr = _Printed(out) if settings.log_json else out
    if settings.log_json:
        _catch()


def _audit_handler(path: Path) -> logging.Handler:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # A watched file may be moved away (logrotate): the next line begins a new one.
        handler = logging.handlers.WatchedFileHandler(path, encoding="utf-8")
    except OSError as error:
        raise SettingsError(
            f"The audit file {path} cannot be written ({error.strerror}): allow it "
            "or set ORDAGRANT_AUDIT_FILE to another."
        ) from error
    handler.setFormatter(logging.Formatter("%(message)s"))
    return handler


def _said(record: logging.LogRecord) -> dict[str, Any]:
    message = record.getMessage()
    if record.name == lines.name:
        try:
            return {"audit": json.loads(message)}
        except ValueError:  # a secret was blotted out of it that was no more than a digit
            pass
    return {"message": message}


class _Printed(io.TextIOBase):
    """Stands in for stderr: each line that is written to it becomes a record of the log."""

    def __init__(self, out: TextIO) -> None:
        self.out = out
        # Of each thread its own: two may be in the middle of a line at once.
        self._mine = threading.local()

    @property
    def encoding(self) -> str:  # type: ignore[override] # typeshed takes it for a variable
        return self.out.encoding

    def fileno(self) -> int:
        return self.out.fileno()

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if getattr(self._mine, "busy", False):  # the log itself failed, and says so
            return self.out.write(text)
        *whole, rest = re.split(r"[\r\n]", getattr(self._mine, "begun", "") + text)
        self._mine.begun = rest
        self._mine.busy = True
        try:
            for line in filter(str.strip, whole):
                printed.info("%s", line)
        finally:
            self._mine.busy = False
        return len(text)

    def flush(self) -> None:
        self.out.flush()


def _catch() -> None:
    """Has what Python would print of warnings and errors in several lines become one record."""
    printed.setLevel(logging.INFO)
    logging.captureWarnings(True)

    def uncaught(
        kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
    ) -> None:
        log = logging.getLogger(__name__)
        log.critical("an error that nothing caught", exc_info=(kind, error or kind(), trace))

    sys.excepthook = uncaught
    threading.excepthook = lambda args: uncaught(args.exc_type, args.exc_value, args.exc_traceback)
