"""What the chat needs of a bot: anything with these members can stand behind the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from rag.models.llm_types import ChatModel
from rag.store.conversations import Conversations
from rag.store.feedback import FeedbackLog
from rag.types import Article, Event, Filters, Turn


class ArticleStore(Protocol):
    """Where articles are read from, and conversations kept. Called from several threads."""

    @property
    def conversations(self) -> Conversations: ...

    @property
    def feedback(self) -> FeedbackLog: ...

    def count(self) -> tuple[int, int]:
        """How many articles and chunks there are."""
        ...

    def article(self, article_id: str) -> Article | None:
        """One article, or None when it is not (or no longer) there."""
        ...

    def outlets(self) -> Sequence[tuple[str, int]]:
        """Who published, with the number of articles of each."""
        ...

    def languages(self) -> Mapping[str, int]:
        """The languages that there are articles in (ISO 639-1), with a number for each."""
        ...


class ChatBot(Protocol):
    """Answers questions, telling of each step. Called from several threads."""

    @property
    def llm_label(self) -> str:
        """The composer's name, "none" for the extractive one."""
        ...

    @property
    def chat(self) -> ChatModel | None:
        """The LLM, which translates quotes too; None without one."""
        ...

    @property
    def store(self) -> ArticleStore: ...

    def stream(
        self,
        question: str,
        history: Sequence[Turn],
        filters: Filters,
        *,
        cancelled: Callable[[], bool] | None = None,
        waiting: Callable[[int], None] | None = None,
    ) -> Iterator[Event]:
        """Evidence, then accepted statements, then the answer.

        Closing it cancels; so does `cancelled` saying True, even while a model is busy.
        `waiting` hears, from any thread, how many questions are ahead in line for the LLM.
        """
        ...
