"""What stands on the page for given values: each method gives the parts that it names."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import gradio as gr

from rag.errors import StoreError
from rag.ui import render, shell
from rag.ui.chat import Chat
from rag.ui.parts import Parts, Updates
from rag.ui.running import Run
from rag.ui.session import Session
from rag.ui.strings import Strings
from rag.ui.visit import Visit

_log = logging.getLogger(__name__)


class Screen:
    """The parts filled in. Holds nothing of a visitor."""

    def __init__(
        self,
        chat: Chat,
        parts: Parts,
        examples: Mapping[str, Sequence[str]],
        data: str,
        *,
        library: bool,
        login: bool,
    ) -> None:
        self._chat = chat
        self._parts = parts
        self._examples = examples
        self._data = data
        self._library = library
        self._login = login

    def whole(self, t: Strings, visit: Visit, session: Session, run: Run | None) -> Updates:
        """Everything, but for what lies over it."""
        return {
            **self.header(t, visit, session),
            **self.side(t, visit, session),
            **self.talk(t, visit, session),
            **self.composer(t, visit, session, run),
            **self.filters(t, visit),
            self._parts.box: gr.update(placeholder=t("placeholder"), label=t("box_label")),
        }

    def header(self, t: Strings, visit: Visit, session: Session) -> Updates:
        html = shell.header(
            t, self._chat.articles(), visit, session, library=self._library, login=self._login
        )
        return {self._parts.header: html}

    def side(self, t: Strings, visit: Visit, session: Session) -> Updates:
        """The list of conversations; as it is where it cannot be read just now."""
        try:
            listed = self._chat.keeping.list(visit.owner, visit.search)
        except StoreError as error:
            _log.warning("the conversations cannot be listed: %s", error)
            return {}
        html = shell.sidebar(t, listed, visit.search, session.conversation, login=self._login)
        return {self._parts.side: html}

    def talk(self, t: Strings, visit: Visit, session: Session) -> Updates:
        """The conversation, or what stands there before one."""
        return {**self.past(t, visit, session), **self.live(t, visit, session)}

    def past(self, t: Strings, visit: Visit, session: Session) -> Updates:
        verdicts = self._chat.keeping.verdicts(visit.owner, session.exchanges[:-1])
        html = render.conversation(t, session, verdicts, translates=self._chat.translates)
        return {self._parts.past: html}

    def live(self, t: Strings, visit: Visit, session: Session) -> Updates:
        if not session.exchanges:
            html = render.home(t, self._chat.articles(), self._examples, self._data)
        else:
            verdicts = self._chat.keeping.verdicts(visit.owner, session.exchanges[-1:])
            html = render.latest(t, session, verdicts, translates=self._chat.translates)
        return {self._parts.live: html}

    def composer(self, t: Strings, visit: Visit, session: Session, run: Run | None) -> Updates:
        """The note, and of asking and stopping the one that can be done."""
        return {
            self._parts.note: shell.note(t, visit, session),
            self._parts.ask: gr.update(value=t("ask"), visible=run is None),
            self._parts.stop: gr.update(value=t("stop"), visible=run is not None),
        }

    def note(self, t: Strings, visit: Visit, session: Session, said: str | None = None) -> Updates:
        return {self._parts.note: shell.note(t, visit, session, said)}

    def filters(
        self,
        t: Strings,
        visit: Visit,
        tried: Mapping[str, str] | None = None,
        problem: str | None = None,
        *,
        open: bool = False,
    ) -> Updates:
        """The filters; the form stays `open` while it is used, and while it has a problem."""
        html = shell.filters(
            t,
            visit,
            self._chat.sources(),
            self._chat.languages(),
            open=open or problem is not None,
            tried=tried,
            problem=problem,
        )
        return {self._parts.filters: html}

    def toast(self, t: Strings, message: str = "", *, undo: str = "", link: str = "") -> Updates:
        return {self._parts.toast: shell.toast(t, message, undo=undo, link=link)}

    def kept(self, visit: Visit, session: Session) -> Updates:
        """What the visitor's browser keeps: whose it is, and what was open last."""
        return {self._parts.kept: {"owner": visit.owner, "open": session.conversation or ""}}
