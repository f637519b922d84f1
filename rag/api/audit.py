"""One line for each answer, enough to find and to check it again; the question only if asked for.

    {"at", "trace_id", "key", "status", "refusal", "language", "llm", "ms",
     "corpus": {"index", "version"},
     "quotes": [{"n", "article_id", "start", "end", "article_sha256"}], "question"?}

The answer itself lies in the database under its trace id, where the settings keep answers.
"""

from __future__ import annotations

import json
import logging
import logging.handlers
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rag.errors import SettingsError, StoreError
from rag.types import Answer

if TYPE_CHECKING:
    from rag.settings import Settings
    from rag.store.store import Store

log = logging.getLogger(__name__)
lines = logging.getLogger("ordagrant.audit")


class Audit:
    """Writes the audit lines of one store to the logger `ordagrant.audit`."""

    def __init__(self, store: Store, *, questions: bool = False) -> None:
        """`questions`: name the question in each line too."""
        self._store = store
        self._questions = questions

    def record(self, key: str, answer: Answer) -> None:
        """The line for an answer that was made for `key` (its name)."""
        lines.info("%s", json.dumps(self.value(key, answer), ensure_ascii=False))

    def value(self, key: str, answer: Answer) -> dict[str, Any]:
        """What the line says."""
        index, version = self._version()
        value: dict[str, Any] = {
            "at": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "trace_id": answer.trace_id,
            "key": key,
            "status": answer.status,
            "refusal": answer.refusal.reason if answer.refusal else None,
            "language": answer.language,
            "llm": answer.llm,
            "ms": answer.timings_ms.get("total"),
            "corpus": {"index": index, "version": version},
            "quotes": [
                q.model_dump(include={"n", "article_id", "start", "end", "article_sha256"})
                for q in answer.quotes
            ],
        }
        if self._questions:
            value["question"] = answer.question
        return value

    def _version(self) -> tuple[str | None, int | None]:
        try:
            return self._store.version()
        except StoreError as error:
            log.warning("the corpus version is not known: %s", error)
            return None, None


class JsonLines(logging.Formatter):
    """A log record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        value: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
        }
        if record.name == lines.name:
            value["audit"] = json.loads(record.getMessage())
        else:
            value["message"] = record.getMessage()
        if record.exc_info:
            value["traceback"] = self.formatException(record.exc_info)
        return json.dumps(value, ensure_ascii=False, default=str)


def set_up_logs(settings: Settings) -> None:
    """The log of a serving process on stderr, and the audit lines where the settings say.

    Raises `SettingsError` for an audit file that cannot be written.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(
        JsonLines()
        if settings.log_json
        else logging.Formatter("%(levelname)s %(name)s: %(message)s")
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    lines.setLevel(logging.INFO)
    if settings.audit_file is None:
        return
    try:
        settings.audit_file.parent.mkdir(parents=True, exist_ok=True)
        # A watched file may be moved away (logrotate): the next line begins a new one.
        file = logging.handlers.WatchedFileHandler(settings.audit_file, encoding="utf-8")
    except OSError as error:
        raise SettingsError(
            f"The audit file {settings.audit_file} cannot be written ({error.strerror}): allow it "
            "or set ORDAGRANT_AUDIT_FILE to another."
        ) from error
    file.setFormatter(logging.Formatter("%(message)s"))
    lines.addHandler(file)
    lines.propagate = False
