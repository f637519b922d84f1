"""One line for each answer, whichever door it was given at: enough to find and to check it again;
the question only if asked for.

    {"at", "trace_id", "key", "status", "refusal", "language", "llm", "ms",
     "corpus": {"index", "version"},
     "quotes": [{"n", "article_id", "start", "end", "article_sha256"}], "question"?}

`key` says who asked, as far as the line may: the name of a key, "anonymous" or "chat" where no key
was asked for, "mcp" on stdio, the name of a chat app. The people and rooms of an app are not named:
those are personal data. The answer itself lies in the database under its trace id, where the
settings keep answers.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rag.counts import Metrics
from rag.errors import StoreError
from rag.logs import lines
from rag.types import Answer

if TYPE_CHECKING:
    from rag.bot import Bot
    from rag.store.store import Store

log = logging.getLogger(__name__)


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


@dataclass(frozen=True, slots=True)
class Heard:
    """What each door calls with every answer it gives. Made as `Heard()` it does nothing."""

    audit: Audit | None = None
    metrics: Metrics | None = None

    @classmethod
    def of(cls, bot: Bot, metrics: Metrics | None = None) -> Heard:
        """What hears the answers of a bot that serves others, as its settings say."""
        return cls(Audit(bot.store, questions=bot.settings.log_questions), metrics)

    @classmethod
    def local(cls, bot: Bot) -> Heard:
        """What hears the answers of a bot that serves one person at this computer.

        There the log is that person's terminal, so audit lines are only for a file.
        """
        return cls() if bot.settings.audit_file is None else cls.of(bot)

    def __call__(self, name: str, answer: Answer) -> None:
        """Counts an answer that was made for `name`, and writes its audit line."""
        if self.metrics is not None:
            self.metrics.count(answer)
        if self.audit is not None:
            self.audit.record(name, answer)
