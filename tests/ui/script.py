"""What a script is made of: articles, evidence, quotes, and the bot that follows the script."""

from __future__ import annotations

import re
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rag.models.llm_types import ChatModel
from rag.settings import Settings
from rag.store.conversations import Conversations
from rag.store.database import Database
from rag.store.feedback import FeedbackLog
from rag.types import (
    Answer,
    Article,
    ArticleInfo,
    Conflict,
    Event,
    Evidence,
    EvidenceFound,
    EvidenceSet,
    Filters,
    Finished,
    Mask,
    Published,
    Quote,
    Refusal,
    Removed,
    Sentence,
    Side,
    Statement,
    StatementAccepted,
    Turn,
    text_sha256,
)


def made_article(
    article_id: str,
    text: str,
    *,
    title: str | None = None,
    outlet: str | None = None,
    language: str = "en",
    source: str | None = None,
    published: Published | None = None,
    masked: str | None = None,
) -> Article:
    info = ArticleInfo(
        id=article_id,
        title=title,
        source=source if source is not None else f"seeds/{article_id}.txt",
        outlet=outlet,
        language=language,
        published=published or Published(),
        authors=(),
        sha256=text_sha256(text),
        witness=article_id,
    )
    masks = [m.span() for m in re.finditer(masked, text)] if masked else []
    return Article(info, text, tuple(Mask(a, b, "boilerplate") for a, b in masks), ())


def evidence(article: Article, words: str, n: int) -> Evidence:
    """The `words` (which must stand in the article) as the `n`th piece of evidence."""
    start = article.text.index(words)
    sentence = Sentence(article.info.id, n, start, start + len(words), words)
    return Evidence(n, article.info, sentence, 0.9)


def quote(item: Evidence, n: int, translation: str | None = None) -> Quote:
    info = item.article
    return Quote(
        n=n,
        article_id=info.id,
        source=info.source,
        outlet=info.outlet,
        title=info.title,
        published=info.published.on.isoformat() if info.published.on else None,
        published_is=info.published.how,
        language=info.language,
        start=item.sentence.start,
        end=item.sentence.end,
        text=item.sentence.text,
        translation=translation,
        article_sha256=info.sha256,
        witness=info.witness,
    )


@dataclass(frozen=True)
class Script:
    """What happens for one question. Statements and sides cite evidence by its number."""

    items: Sequence[Evidence] = ()
    statements: Sequence[tuple[str, Sequence[int]]] = ()
    conflict: tuple[str, Sequence[tuple[str, int]]] | None = None
    removed: Sequence[tuple[str, str]] = ()
    refusal: Refusal | None = None
    says: str = ""  # a refusal's sentence
    language: str = "en"
    standalone: str | None = None
    translations: Mapping[int, str] = field(default_factory=dict)
    error: Exception | None = None
    partial: bool = False
    hold_before: int | None = None  # wait for `ScriptedBot.gate` before this statement
    tokens: dict[str, int] | None = None  # as an LLM would have counted them
    ahead: int = 0  # questions in line for the LLM until the gate opens, after the evidence

    def answer(self, question: str) -> Answer:
        order: dict[int, int] = {}
        sides = self.conflict[1] if self.conflict else ()
        for n in [n for _, ns in self.statements for n in ns] + [n for _, n in sides]:
            order.setdefault(n, len(order) + 1)
        if self.refusal:
            order = {item.n: item.n for item in self.items}
        by_number = {item.n: item for item in self.items}
        statements = tuple(
            Statement(text=text, quotes=tuple(order[n] for n in ns)) for text, ns in self.statements
        )
        marked = [s.text + "".join(f" [{n}]" for n in s.quotes) for s in statements]
        conflict = self.conflict and Conflict(
            about=self.conflict[0],
            sides=tuple(Side(claim=claim, quotes=(order[n],)) for claim, n in sides),
        )
        return Answer(
            question=question,
            standalone_question=self.standalone or question,
            language=self.language,
            status="refused" if self.refusal else "partial" if self.partial else "answered",
            answer=self.says if self.refusal else " ".join(marked),
            statements=statements,
            quotes=tuple(quote(by_number[n], order[n], self.translations.get(n)) for n in order),
            conflicts=(conflict,) if conflict else (),
            removed=tuple(Removed(text=text, reason=reason) for text, reason in self.removed),
            refusal=self.refusal,
            llm="none",
            timings_ms={"total": 1_240.0},
            tokens=self.tokens,
            trace_id="5f0c2a91",
        )


class ScriptedStore:
    """Articles in a dictionary; conversations and feedback as in every store."""

    def __init__(self, articles: Sequence[Article]) -> None:
        self.articles = {a.info.id: a for a in articles}
        self._folder = tempfile.TemporaryDirectory(prefix="ordagrant-test-")
        database = Database.open(Settings(data=Path(self._folder.name)))
        self.conversations = Conversations(database)
        self.feedback = FeedbackLog(database)

    def outlets(self) -> list[tuple[str, int]]:
        return Counter(a.info.outlet for a in self.articles.values() if a.info.outlet).most_common()

    def languages(self) -> dict[str, int]:
        return dict(Counter(a.info.language for a in self.articles.values()).most_common())

    def count(self) -> tuple[int, int]:
        return len(self.articles), 4 * len(self.articles)

    def article(self, article_id: str) -> Article | None:
        return self.articles.get(article_id)

    def version(self) -> tuple[str, int]:
        return "scripted", 1


class ScriptedBot:
    """Answers by script; a question without one is refused. Remembers what it was asked."""

    llm_label = "none"

    def __init__(self, articles: Sequence[Article], scripts: Mapping[str, Script]) -> None:
        self.settings = Settings(llm="none")
        self.chat: ChatModel | None = None
        self.store = ScriptedStore(articles)
        self.scripts = dict(scripts)
        self.asked: list[tuple[str, tuple[Turn, ...]]] = []
        self.filters: list[Filters] = []  # of each question asked
        self.gate = threading.Event()
        self.closed = threading.Event()

    def __enter__(self) -> ScriptedBot:
        return self

    def __exit__(self, *_: object) -> None:
        """Scripted bots are never closed: a test may look at them afterwards."""

    def stream(
        self,
        question: str,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
        *,
        cancelled: Callable[[], bool] | None = None,
        waiting: Callable[[int], None] | None = None,
    ) -> Iterator[Event]:
        self.asked.append((question, tuple(history)))
        self.filters.append(filters or Filters())
        script = self.scripts.get(question, UNKNOWN)
        try:
            if script.error:
                raise script.error
            found = EvidenceSet(tuple(script.items), 0.9, not script.refusal)
            yield EvidenceFound(script.standalone or question, found)
            if script.ahead and waiting is not None:
                waiting(script.ahead)
                while not (self.gate.wait(0.02) or (cancelled is not None and cancelled())):
                    pass
                waiting(0)
            for i, (text, numbers) in enumerate(script.statements):
                if script.hold_before == i:
                    self.gate.wait(90)
                yield StatementAccepted(text, tuple(found.by_number(numbers)))
            yield Finished(script.answer(question))
        finally:
            self.closed.set()


UNKNOWN = Script(
    refusal=Refusal(reason="out_of_scope"), says="The articles say nothing about this."
)
