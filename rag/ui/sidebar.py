"""The visitor's conversations: opened, renamed, deleted, saved, searched; and the two views."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

import gradio as gr

from rag.ui.chat import Chat
from rag.ui.conversations import Keeping
from rag.ui.events import AT_ONCE, Handlers, Now, Sent
from rag.ui.parts import Parts, Updates
from rag.ui.screen import Screen
from rag.ui.session import Session

_MOST_SEARCHED = 200  # characters


class Sidebar:
    """The events of the list. What is not the visitor's own is said not to be there."""

    def __init__(self, chat: Chat, parts: Parts, screen: Screen) -> None:
        self._keeping: Keeping = chat.keeping
        self._parts = parts
        self._screen = screen

    def connect(self) -> None:
        """Tie the events to the methods."""
        p, handlers = self._parts, Handlers(self._parts)

        def once(part: gr.HTML, act: str, do: Any, **more: Any) -> None:
            getattr(part, act)(handlers.once(do), handlers.inputs, p.all, **AT_ONCE, **more)

        once(p.header, "fresh", self._fresh)
        once(p.side, "fresh", self._fresh)
        once(p.side, "open-conversation", self._open)
        once(p.side, "rename-conversation", self._rename)
        once(p.side, "delete-conversation", self._delete)
        once(p.toast, "undo-delete", self._restore)
        once(p.side, "export-conversation", self._export)
        once(p.side, "search-conversations", self._search, trigger_mode="multiple")

    def _fresh(self, now: Now, sent: Sent) -> Updates:
        return self._show(now, Session())

    def _open(self, now: Now, sent: Sent) -> Updates:
        conversation = sent.text("conversation")
        session = self._keeping.open(now.visit.owner, conversation)
        if session is None:
            return self._gone(now)
        if conversation == now.session.conversation and now.visit.view == "talk":
            return {}  # it is on the page, perhaps with an answer under way
        return self._show(now, session)

    def _show(self, now: Now, session: Session) -> Updates:
        """Another conversation in place of the one that is open, whose answer is given up."""
        if now.run is not None:
            now.run.abandon()
        visit = replace(now.visit, editing=None, view="talk")
        p = self._parts
        return {
            p.session: session,
            p.run: None,
            p.visit: visit,
            p.panel: "",
            **self._screen.whole(now.t, visit, session, None),
            **self._screen.kept(visit, session),
            p.box: gr.update(value=""),
        }

    def _gone(self, now: Now) -> Updates:
        return {
            **self._screen.side(now.t, now.visit, now.session),
            **self._screen.toast(now.t, now.t("conversation_gone")),
        }

    def _rename(self, now: Now, sent: Sent) -> Updates:
        title = " ".join(sent.text("title").split())
        if not title:
            said = now.t("not_renamed")
        elif self._keeping.rename(now.visit.owner, sent.text("conversation"), title):
            said = now.t("renamed", title=title)
        else:
            return self._gone(now)
        return {
            **self._screen.side(now.t, now.visit, now.session),
            **self._screen.toast(now.t, said),
        }

    def _delete(self, now: Now, sent: Sent) -> Updates:
        conversation = sent.text("conversation")
        title = self._keeping.title(now.visit.owner, conversation)
        if title is None or not self._keeping.delete(now.visit.owner, conversation):
            return self._gone(now)
        said = now.t("deleted", title=title)
        shown = (
            self._show(now, Session())
            if conversation == now.session.conversation
            else self._screen.side(now.t, now.visit, now.session)
        )
        return {**shown, **self._screen.toast(now.t, said, undo=conversation)}

    def _restore(self, now: Now, sent: Sent) -> Updates:
        conversation = sent.text("conversation")
        if not self._keeping.restore(now.visit.owner, conversation):
            return self._gone(now)
        title = self._keeping.title(now.visit.owner, conversation) or now.t("untitled")
        return {
            **self._screen.side(now.t, now.visit, now.session),
            **self._screen.toast(now.t, now.t("restored", title=title)),
        }

    def _export(self, now: Now, sent: Sent) -> Updates:
        file = self._keeping.export(
            now.visit.owner, sent.text("conversation"), sent.text("form"), now.t
        )
        if file is None:
            return self._gone(now)
        return {self._parts.download: gr.update(file=asdict(file))}

    def _search(self, now: Now, sent: Sent) -> Updates:
        visit = replace(now.visit, search=sent.text("search").strip()[:_MOST_SEARCHED])
        return {self._parts.visit: visit, **self._screen.side(now.t, visit, now.session)}
