"""The page as a whole: greeting, language, the two views, reading an article."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import gradio as gr

from rag.ui import filtering
from rag.ui.chat import Chat
from rag.ui.composer import Composer
from rag.ui.events import AT_ONCE, Handlers, Now, Sent
from rag.ui.library_page import LibraryPage
from rag.ui.parts import Parts, Updates
from rag.ui.screen import Screen
from rag.ui.session import Session
from rag.ui.sidebar import Sidebar
from rag.ui.strings import Strings, preferred_language
from rag.ui.visit import Link, View, Visit, owner_token


class Page:
    """The components and what connects them; the visitor's values pass through the methods."""

    def __init__(
        self,
        chat: Chat,
        library: LibraryPage | None,
        examples: Mapping[str, Sequence[str]],
        data: str,
        *,
        login: bool,
    ) -> None:
        self._chat = chat
        self._library = library
        self._examples = examples
        self._data = data
        self._login = login

    def lay_out(self) -> None:
        self._parts = Parts()
        self._screen = Screen(
            self._chat,
            self._parts,
            self._examples,
            self._data,
            library=self._library is not None,
            login=self._login,
        )
        with gr.Column(elem_id="og-library", visible=False, min_width=0) as self._column:
            if self._library is not None:
                self._library.lay_out()

    def connect(self, demo: gr.Blocks) -> None:
        """Tie the events. The names of custom events are those in clicks.js."""
        p, handlers = self._parts, Handlers(self._parts)
        outputs = [*p.all, self._column]

        def once(part: gr.HTML, act: str, do: Any) -> None:
            getattr(part, act)(handlers.once(do), handlers.inputs, outputs, **AT_ONCE)

        greeted = demo.load(self._greet, [p.chosen, p.kept], [*outputs], **AT_ONCE)
        Composer(self._chat, p, self._screen).connect(demo, greeted)
        Sidebar(self._chat, p, self._screen).connect()
        for part in (p.past, p.live, p.panel):
            once(part, "cite", self._open)
        once(p.header, "tongue", self._switch)
        once(p.header, "articles", self._articles)
        once(p.header, "talk", self._talk)
        if self._library is not None:
            self._library.connect(p.language)
            self._library.size.change(
                handlers.once(self._resized), handlers.inputs, p.all, **AT_ONCE
            )

    def _greet(self, chosen: object, kept: object, request: gr.Request) -> Updates:
        """The page as the visitor left it, or the question that the address asks."""
        said = chosen if isinstance(chosen, str) and chosen else None
        t = Strings(preferred_language(said or request.headers.get("accept-language")))
        mine = kept if isinstance(kept, dict) else {}
        asked = dict(request.query_params)
        visit = Visit(
            owner=owner_token(mine.get("owner")),
            view="articles" if asked.get("view") == "articles" and self._library else "talk",
        )
        told: Updates = {}
        session = Session()
        if question := asked.get("q", "").strip():
            read = filtering.read(asked, t)
            if isinstance(read, str):
                told = {**self._screen.toast(t, read), self._parts.box: gr.update(value=question)}
            else:
                visit = replace(visit, link=Link(question, read), view="talk")
        else:
            session, told = self._left_open(t, visit, asked.get("c", ""), mine.get("open"))
        whole = self._screen.whole(t, visit, session, None)
        return {
            self._parts.language: t.language,
            self._parts.session: session,
            self._parts.visit: visit,
            self._column: gr.update(visible=visit.view == "articles"),
            **self._screen.kept(visit, session),
            **whole,
            **told,
        }

    def _left_open(
        self, t: Strings, visit: Visit, named: str, last: object
    ) -> tuple[Session, Updates]:
        """The conversation that the address names, else the one that was open last."""
        if named:
            found = self._chat.keeping.open(visit.owner, named)
            if found is not None:
                return found, {}
            return Session(), self._screen.toast(t, t("conversation_gone"))
        found = self._chat.keeping.open(visit.owner, last) if isinstance(last, str) else None
        return found or Session(), {}

    def _open(self, now: Now, sent: Sent) -> Updates:
        html = self._chat.open(now.session, sent.text("exchange"), sent.text("quote"), now.t)
        return {} if html is None else {self._parts.panel: html}

    def _switch(self, now: Now, sent: Sent) -> Updates:
        t = Strings(preferred_language(sent.text("language")))
        p = self._parts
        return {
            p.language: t.language,
            p.chosen: t.language,
            p.panel: "",
            p.toast: "",
            **self._screen.whole(t, now.visit, now.session, now.run),
        }

    def _articles(self, now: Now, sent: Sent) -> Updates:
        return self._seen(now, "articles")

    def _talk(self, now: Now, sent: Sent) -> Updates:
        return self._seen(now, "talk")

    def _seen(self, now: Now, view: View) -> Updates:
        visit = replace(now.visit, view=view)
        return {
            self._parts.visit: visit,
            self._column: gr.update(visible=view == "articles"),
            **self._screen.header(now.t, visit, now.session),
        }

    def _resized(self, now: Now, sent: Sent) -> Updates:
        """Articles came or went: their number, what can be filtered by, and the way to begin."""
        shown = {
            **self._screen.header(now.t, now.visit, now.session),
            **self._screen.filters(now.t, now.visit),
        }
        return (
            shown
            if now.session.exchanges
            else shown | self._screen.live(now.t, now.visit, now.session)
        )
