"""Asking: from the box, an example, a link, again, or in place of what was asked before."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any

import gradio as gr

from rag.types import Filters
from rag.ui import filtering
from rag.ui.chat import Chat
from rag.ui.events import AT_ONCE, QUIET, Handlers, Now, Sent
from rag.ui.parts import Parts, Updates
from rag.ui.running import Run, Runs
from rag.ui.screen import Screen
from rag.ui.session import Session


class Composer:
    """The events around a question. A visitor has one question on its way at a time."""

    def __init__(self, chat: Chat, parts: Parts, screen: Screen) -> None:
        self._chat = chat
        self._parts = parts
        self._screen = screen
        self._runs = Runs()

    def connect(self, demo: gr.Blocks, greeted: Any) -> None:
        """Tie the events to the methods; `greeted` is the event after which the page stands."""
        p, handlers = self._parts, Handlers(self._parts)

        def ask(event: Any, do: Any) -> None:
            event(handlers.steps(do), handlers.inputs, p.all, **QUIET)

        def once(part: gr.HTML, act: str, do: Any, **more: Any) -> None:
            getattr(part, act)(handlers.once(do), handlers.inputs, p.all, **AT_ONCE, **more)

        gr.on(
            [p.box.submit, p.ask.click], handlers.steps(self._ask), handlers.inputs, p.all, **QUIET
        )
        ask(greeted.then, self._ask_linked)
        ask(p.live.example, self._ask_example)
        for part in (p.past, p.live):
            ask(part.retry, self._retry)
            once(part, "edit", self._edit)
            once(part, "rephrase", self._rephrase)
            once(part, "copylink", self._link)
            # A reason may follow before its thumb has been kept: by default it would be dropped.
            once(part, "feedback", self._judge, trigger_mode="multiple")
            part.translate(handlers.once(self._translate), handlers.inputs, p.all, **AT_ONCE).then(
                handlers.once(self._translated), handlers.inputs, p.all, **AT_ONCE
            )
        once(p.note, "cancel-edit", self._cancel)
        # Not "always_last": what it puts off loses the values that came with it.
        once(p.filters, "filter", self._filter, trigger_mode="multiple")
        once(p.filters, "unfilter", self._unfilter)
        p.stop.click(handlers.once(_stop), handlers.inputs, [p.toast], **AT_ONCE)
        demo.unload(self._left)

    # Asking

    def _ask(self, now: Now, sent: Sent) -> Generator[Updates, None, None]:
        if not now.busy:
            told: Updates = {self._parts.box: gr.update(value="")}
            yield from self._asking(now, now.box, told, place=now.visit.editing)

    def _ask_example(self, now: Now, sent: Sent) -> Generator[Updates, None, None]:
        yield from self._asking(now, sent.text("question"), {})

    def _ask_linked(self, now: Now, sent: Sent) -> Generator[Updates, None, None]:
        """The question that came with the address, if there is one, in a new conversation."""
        if (link := now.visit.link) is not None:
            visit = replace(now.visit, link=None, filters=link.filters)
            now = replace(now, visit=visit, session=Session())
            yield from self._asking(now, link.question, self._screen.filters(now.t, visit))

    def _retry(self, now: Now, sent: Sent) -> Generator[Updates, None, None]:
        place = sent.text("exchange")
        if (x := now.session.at(place)) is not None:
            yield from self._asking(now, x.question, {}, place=int(place), filters=x.filters)

    def _asking(
        self,
        now: Now,
        question: str,
        told: Updates,
        *,
        place: int | None = None,
        filters: Filters | None = None,
    ) -> Generator[Updates, None, None]:
        """The page after each step; `told` goes with the first."""
        if now.busy:
            yield self._screen.note(now.t, now.visit, now.session, now.t("busy"))
            return
        p, screen, t = self._parts, self._screen, now.t
        visit = replace(now.visit, editing=None)
        steps = self._chat.ask(
            question,
            now.session,
            t,
            owner=visit.owner,
            user=now.user,
            filters=visit.filters if filters is None else filters,
            place=place,
        )
        begun: Run | None = None
        ahead = 0
        try:
            for step, (session, run) in enumerate(steps):
                update: Updates = {p.session: session, p.run: run}
                update |= screen.live(t, visit, session)
                if step == 0:
                    begun = run
                    self._runs.began(now.page, run)
                    update |= {p.visit: visit, **screen.header(t, visit, session), **told}
                    update |= screen.past(t, visit, session)
                if step == 1:  # by now the conversation is kept
                    update |= screen.header(t, visit, session)
                    update |= screen.side(t, visit, session)
                    update |= screen.kept(visit, session)
                if step == 0 or run is None or session.exchanges[-1].ahead != ahead:
                    ahead = session.exchanges[-1].ahead
                    update |= screen.composer(t, visit, session, run)
                yield update
        finally:
            self._runs.ended(now.page, begun)

    def _left(self, request: gr.Request) -> None:
        """The visitor closed the page: nobody waits for the answer."""
        self._runs.leave(request.session_hash or "")

    # What was asked before

    def _edit(self, now: Now, sent: Sent) -> Updates:
        return self._put(now, sent, rewritten=False)

    def _rephrase(self, now: Now, sent: Sent) -> Updates:
        return self._put(now, sent, rewritten=True)

    def _put(self, now: Now, sent: Sent, *, rewritten: bool) -> Updates:
        """An earlier question into the box, to be asked in place of itself."""
        t, place = now.t, sent.text("exchange")
        if (x := now.session.at(place)) is None:
            return {}
        if now.busy:
            return self._screen.note(t, now.visit, now.session, t("busy"))
        visit = replace(now.visit, editing=int(place))
        if not x.filters.empty:
            visit = replace(visit, filters=x.filters)
        return {
            self._parts.visit: visit,
            self._parts.box: gr.update(value=x.understood if rewritten else x.question),
            **self._screen.note(t, visit, now.session),
            **self._screen.filters(t, visit),
        }

    def _cancel(self, now: Now, sent: Sent) -> Updates:
        visit = replace(now.visit, editing=None)
        return {
            self._parts.visit: visit,
            self._parts.box: gr.update(value=""),
            **self._screen.note(now.t, visit, now.session),
        }

    def _link(self, now: Now, sent: Sent) -> Updates:
        x = now.session.at(sent.text("exchange"))
        if x is None:
            return {}
        return self._screen.toast(now.t, link=filtering.query(x.understood, x.filters))

    def _judge(self, now: Now, sent: Sent) -> Updates:
        place = sent.text("exchange")
        if not self._chat.keeping.judge(
            now.visit.owner,
            now.session.at(place),
            sent.text("target"),
            sent.text("index"),
            sent.text("verdict"),
            sent.maybe("reason"),
            back=sent.text("back") == "true",
        ):
            return {}
        last = int(place) == len(now.session.exchanges) - 1
        show = self._screen.live if last else self._screen.past
        return show(now.t, now.visit, now.session)

    def _translate(self, now: Now, sent: Sent) -> Updates:
        self._chat.translate(now.session, sent.text("exchange"), sent.text("quote"))
        return {}

    def _translated(self, now: Now, sent: Sent) -> Updates:
        """What was translated, in the conversation as it is by now."""
        session = self._chat.with_translations(now.visit.owner, now.session)
        if session is now.session:
            return {}
        if now.busy:  # the conversation and its last exchange are the answer's to change
            return self._screen.past(now.t, now.visit, session)
        return {self._parts.session: session, **self._screen.talk(now.t, now.visit, session)}

    # Filters of the next question

    def _filter(self, now: Now, sent: Sent) -> Updates:
        tried = {name: sent.text(name) for name in filtering.FIELDS}
        read = filtering.read(tried, now.t)
        if isinstance(read, str):
            return self._screen.filters(now.t, now.visit, tried, read)
        return self._filtered(now, read, open=True)

    def _unfilter(self, now: Now, sent: Sent) -> Updates:
        return self._filtered(now, filtering.without(now.visit.filters, sent.text("part")))

    def _filtered(self, now: Now, filters: Filters, *, open: bool = False) -> Updates:
        visit = replace(now.visit, filters=filters)
        return {self._parts.visit: visit, **self._screen.filters(now.t, visit, open=open)}


def _stop(now: Now, sent: Sent) -> Updates:
    if now.run is not None:
        now.run.stop()
    return {}
