"""What the page does, free of Gradio: ask, stop, open an article. Holds nothing of a visitor."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterator
from functools import partial

from rag.audit import Heard
from rag.errors import OrdagrantError
from rag.settings import Settings
from rag.translation import Translator
from rag.types import Answer, Filters
from rag.ui import citable, render
from rag.ui.conversations import Keeping
from rag.ui.protocol import ChatBot
from rag.ui.running import Run
from rag.ui.session import ALL, Exchange, Session
from rag.ui.strings import Strings

_log = logging.getLogger(__name__)

VISITOR = "chat"  # who asks, where nobody had to log in


class Chat:
    """One bot behind one page; each method takes the visitor's own state and gives the next."""

    def __init__(
        self,
        bot: ChatBot,
        settings: Settings,
        heard: Callable[[str, Answer], None] | None = None,
    ) -> None:
        """`heard` is told each answer with the name of who asked."""
        self._bot = bot
        self._heard = heard or Heard()
        self._most_chars = settings.max_question_chars
        self._translator = Translator(bot.chat)
        self.keeping = Keeping(bot.store)

    def ask(
        self,
        question: str,
        session: Session,
        t: Strings,
        *,
        owner: str = "",
        user: str = VISITOR,
        filters: Filters = ALL,
        place: int | None = None,
    ) -> Iterator[tuple[Session, Run | None]]:
        """The session after each step, with the run that can be stopped while it lasts.

        `place`: ask in place of the exchange there and of what followed it. Every failure becomes
        part of the session: one sentence, never a traceback. What is asked is kept for `owner`:
        as stopped when the evidence is there, as what has come of it at the end. `user`: the name
        that the answer is heard with.
        """
        question = question.strip()
        if not question:
            return
        history = session.history(place)
        if len(question) > self._most_chars:
            session = session.asking(question[:200] + "…", filters, place)
            problem = t("too_long", n=len(question), most=self._most_chars)
            yield session.with_last(session.exchanges[-1].failed(problem)), None
            return
        session = session.asking(question, filters, place)
        run = Run(
            lambda stopped, waiting: self._bot.stream(
                question, history, filters, cancelled=stopped, waiting=waiting
            ),
            partial(self._heard, user),
        )
        # Looking begins before the page shows the question, and keeping it costs the answer
        # nothing: it is done while the bot looks.
        run.begin()
        try:
            yield session, run
            session = self.keeping.kept(owner, session)
            for current in self._course(run, session.exchanges[-1], t):
                if run.abandoned:
                    return
                session = session.with_last(current)
                if current.running:
                    yield session, run
            if not run.abandoned:
                yield self.keeping.kept(owner, session), None
        finally:
            run.stop()  # the visitor may have left in the middle

    def _course(self, run: Run, current: Exchange, t: Strings) -> Iterator[Exchange]:
        """The exchange after each event; at the end it is done, stopped or failed."""
        try:
            for event in run.events():
                current = current.after(event)
                yield current
            if current.running:
                yield current.stopped()
        except OrdagrantError as error:
            yield current.failed(str(error))
        except Exception:
            trace = uuid.uuid4().hex[:12]
            _log.exception("answering failed, trace %s", trace)
            yield current.failed(t("unexpected", id=trace))

    def open(self, session: Session, place: object, key: object, t: Strings) -> str | None:
        """The article of one quote as HTML; None when the session has no such quote.

        `place` and `key` come from the browser and may be anything.
        """
        exchange = session.at(place)
        if exchange is None or not (isinstance(place, str) and isinstance(key, str)):
            return None
        chosen = citable.find(exchange, key)
        if chosen is None:
            return None
        article = self._bot.store.article(chosen.article_id)
        listed = citable.of_exchange(exchange)
        siblings = [c for c in listed if c.article_id == chosen.article_id and c.key != key]
        siblings = [c for c in siblings if (c.start, c.end) != (chosen.start, chosen.end)]
        return render.article(t, article, chosen, [chosen, *siblings], int(place))

    def articles(self) -> int:
        """How many articles can be asked about."""
        return self._bot.store.count()[0]

    @property
    def translates(self) -> bool:
        """Whether quotes can be translated here."""
        return self._translator.able

    def translate(self, session: Session, place: object, key: str) -> None:
        """Have a quote translated, which can take the LLM seconds; `with_translations` shows it.

        In two steps, since the conversation may go on meanwhile.
        """
        if (exchange := session.at(place)) is not None:
            citable.translated(exchange, key, self._translator.translate)

    def with_translations(self, owner: str, session: Session) -> Session:
        """The session with each translation that is known by now, kept for `owner`.

        Raises `StoreError` when it cannot be kept.
        """
        known, translate = self._translator.knows, self._translator.translate
        for place, exchange in enumerate(session.exchanges):
            answer = exchange.answer
            for c in citable.of_exchange(exchange) if answer is not None else ():
                if answer is None or not known(c.text, c.language, answer.language):
                    continue
                exchange = citable.translated(exchange, c.key, translate) or exchange
            if exchange is not session.exchanges[place]:
                session = session.with_at(place, exchange)
                self.keeping.amend(owner, session, place)
        return session

    def sources(self) -> list[str]:
        """Who published the articles; for the filter."""
        return [name for name, _ in self._bot.store.outlets()]

    def languages(self) -> list[str]:
        """The languages of the articles (ISO 639-1); for the filter."""
        return list(self._bot.store.languages())
