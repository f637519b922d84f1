"""What an event finds: the visitor's own values and what the browser sent, made into handlers.

The browser may send anything; whatever is not as expected reads as nothing.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import gradio as gr

from rag.errors import OrdagrantError
from rag.ui import shell
from rag.ui.chat import VISITOR
from rag.ui.parts import Parts, Updates
from rag.ui.running import Run
from rag.ui.session import Session
from rag.ui.strings import Language, Strings
from rag.ui.visit import Visit

_log = logging.getLogger(__name__)

# How an event is tied: without a spinner over the page, and without an address of its own.
QUIET: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
AT_ONCE: dict[str, Any] = {**QUIET, "queue": False}


@dataclass(frozen=True, slots=True)
class Now:
    """The visitor's values when an event happens; `page` tells this page from all others."""

    session: Session
    run: Run | None
    visit: Visit
    t: Strings
    page: str
    box: str  # what is written in the box
    user: str  # who asks: the name of the key of the login, or `VISITOR`

    @property
    def busy(self) -> bool:
        """Whether a question is on its way: a visitor has one at a time."""
        return self.run is not None and not self.run.stopped


class Sent:
    """What the browser sent with an event."""

    def __init__(self, event: gr.EventData) -> None:
        data = event._data
        self._data: dict[Any, Any] = data if isinstance(data, dict) else {}

    def text(self, name: str) -> str:
        """A string, "" where there is none."""
        return self.maybe(name) or ""

    def maybe(self, name: str) -> str | None:
        value = self._data.get(name)
        return _text(value) if isinstance(value, str) else None


class Handlers:
    """Makes handlers that Gradio can call with `inputs`; an error becomes one sentence."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.inputs = [parts.session, parts.run, parts.visit, parts.language, parts.box]
        # Gradio takes no update at all, and an empty one, for "empty everything".
        self._nothing: Updates = {parts.toast: gr.skip()}

    def once(self, do: Callable[[Now, Sent], Updates]) -> Callable[..., Updates]:
        """For what is done in one step."""

        def handle(
            session: Session,
            run: Run | None,
            visit: Visit,
            language: Language,
            box: str,
            request: gr.Request,
            event: gr.EventData,
        ) -> Updates:
            now = _now(session, run, visit, language, box, request)
            try:
                return do(now, Sent(event)) or self._nothing
            except Exception as error:
                return self._problem(now.t, error)

        return handle

    def steps(
        self, do: Callable[[Now, Sent], Generator[Updates, None, None]]
    ) -> Callable[..., Any]:
        """For what is shown step by step."""

        def handle(
            session: Session,
            run: Run | None,
            visit: Visit,
            language: Language,
            box: str,
            request: gr.Request,
            event: gr.EventData,
        ) -> Iterator[Updates]:
            now = _now(session, run, visit, language, box, request)
            told = False
            try:
                with closing(do(now, Sent(event))) as updates:
                    for update in updates:
                        told = True
                        yield update
            except Exception as error:
                yield self._problem(now.t, error)
            else:
                if not told:
                    yield self._nothing

        return handle

    def _problem(self, t: Strings, error: Exception) -> Updates:
        if isinstance(error, OrdagrantError):
            return {self._parts.toast: shell.toast(t, str(error))}
        trace = uuid.uuid4().hex[:12]
        _log.error("an event failed, trace %s", trace, exc_info=error)
        return {self._parts.toast: shell.toast(t, t("event_failed", id=trace))}


def _text(said: str) -> str:
    """`said`, without halves of surrogate pairs, which a browser can send and nothing can keep."""
    return said.encode("utf-8", "replace").decode()


def _now(
    session: Session,
    run: Run | None,
    visit: Visit,
    language: Language,
    box: str,
    request: gr.Request,
) -> Now:
    return Now(
        session,
        run,
        visit,
        Strings(language),
        page=request.session_hash or "",
        box=_text(box or ""),
        user=request.username or VISITOR,
    )
