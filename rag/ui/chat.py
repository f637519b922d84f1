"""What the page does, free of Gradio: ask, stop, open an article. Holds nothing of a visitor."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator

from rag.errors import OrdagrantError
from rag.settings import Settings
from rag.types import Filters
from rag.ui import citable, render
from rag.ui.protocol import ChatBot
from rag.ui.running import Run
from rag.ui.session import Session
from rag.ui.strings import Strings

_log = logging.getLogger(__name__)


class Chat:
    """One bot behind one page; each method takes the visitor's own state and gives the next."""

    def __init__(self, bot: ChatBot, settings: Settings) -> None:
        self._bot = bot
        self._most_chars = settings.max_question_chars

    def ask(
        self, question: str, session: Session, t: Strings
    ) -> Iterator[tuple[Session, Run | None]]:
        """The session after each step, with the run that can be stopped while it lasts.

        Every failure becomes part of the session: one sentence, never a traceback.
        """
        question = question.strip()
        if not question:
            return
        history = session.history()
        if len(question) > self._most_chars:
            session = session.asking(question[:200] + "…")
            problem = t("too_long", n=len(question), most=self._most_chars)
            yield session.with_last(session.exchanges[-1].failed(problem)), None
            return
        session = session.asking(question)
        run = Run(lambda stopped: self._bot.stream(question, history, Filters(), cancelled=stopped))
        yield session, run
        current = session.exchanges[-1]
        try:
            for event in run.events():
                current = current.after(event)
                yield session.with_last(current), run
            if run.abandoned:
                return
            if current.running:
                current = current.stopped()
        except OrdagrantError as error:
            current = current.failed(str(error))
        except Exception:
            trace = uuid.uuid4().hex[:12]
            _log.exception("answering failed, trace %s", trace)
            current = current.failed(t("unexpected", id=trace))
        finally:
            run.stop()  # the visitor may have left in the middle
        yield session.with_last(current), None

    def open(self, session: Session, place: object, key: object, t: Strings) -> str | None:
        """The article of one quote as HTML; None when the session has no such quote.

        `place` and `key` come from the browser and may be anything.
        """
        if not (isinstance(place, str) and isinstance(key, str)):
            return None
        if not (place.isascii() and place.isdigit()) or len(place) > 6:
            return None
        if int(place) >= len(session.exchanges):
            return None
        exchange = session.exchanges[int(place)]
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
