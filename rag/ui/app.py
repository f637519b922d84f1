"""The Gradio page: components, events and launch options. Everything a visitor has is in
`gr.State` (this visit) or `gr.BrowserState` (the chosen language); nothing is global.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from rag.settings import Settings
from rag.ui import render
from rag.ui.chat import Chat
from rag.ui.protocol import ChatBot
from rag.ui.running import Run
from rag.ui.session import Session
from rag.ui.strings import Language, Strings, preferred_language

_ASSETS = Path(__file__).with_name("assets")
_STYLES = ("style", "shell", "answer", "library")
_SANS = (
    "-apple-system", "BlinkMacSystemFont", "Segoe UI", "Inter", "Noto Sans", "Roboto",
    "Liberation Sans", "system-ui", "sans-serif",
)  # fmt: skip
_MONO = ("ui-monospace", "SF Mono", "Cascadia Mono", "Liberation Mono", "monospace")

# Questions in hand at once. Gradio's default is 1 for each event; retrieval runs side by side
# and only a local LLM makes its callers wait, each with its evidence already on screen.
CONCURRENT = 16
_WAITING = 256
_KEY = "ordagrant"

Update = dict[str, Any] | str | object


def build_app(
    bot: ChatBot, settings: Settings, *, examples: Mapping[str, Sequence[str]] | None = None
) -> gr.Blocks:
    """The chat over `bot`. `examples`: questions to offer, by language code."""
    page = _Page(Chat(bot, settings), examples or {}, str(settings.data))
    demo: gr.Blocks
    with gr.Blocks(title="Ordagrant", analytics_enabled=False, fill_width=True) as demo:
        page.lay_out()
        page.connect(demo)
    demo.queue(max_size=_WAITING, default_concurrency_limit=CONCURRENT, api_open=False)
    return demo


def launch_options(host: str = "127.0.0.1", port: int | None = 7860) -> dict[str, Any]:
    """All options of `Blocks.launch`, so that every door and test shows the same page."""
    return {
        "server_name": host,
        "server_port": port,
        "theme": _theme(),
        "css": "".join(_asset(f"{name}.css") for name in _STYLES),
        "favicon_path": str(_ASSETS / "favicon.svg"),
        "footer_links": [],
        "ssr_mode": False,
        "share": False,
        "show_error": False,
        "max_threads": 2 * CONCURRENT,
        "enable_monitoring": False,
        "quiet": True,
    }


class _Page:
    """The components and what connects them; the visitor's values pass through the methods."""

    def __init__(self, chat: Chat, examples: Mapping[str, Sequence[str]], data: str) -> None:
        self._chat = chat
        self._examples = examples
        self._data = data

    def lay_out(self) -> None:
        t = Strings("en")
        clicks, panel_script = _asset("clicks.js"), _asset("panel.js")
        # Kept by the browser over restarts, hence a fixed key; a language is no secret.
        self.chosen = gr.BrowserState("", storage_key="ordagrant-language", secret=_KEY)
        self.language = gr.State("en")
        self.session = gr.State(Session())
        self.run = gr.State(None)
        self.header = _html(self._header(t, Session()), "og-top", _asset("header.js") + clicks)
        with gr.Row(elem_id="og-main"):
            with gr.Column(elem_id="og-talk", min_width=0):
                self.past = _html("", "og-past", clicks)
                self.live = _html(self._live(t, Session()), "og-live", _asset("live.js") + clicks)
                with gr.Row(elem_id="og-composer"):
                    self.box = gr.Textbox(
                        placeholder=t("placeholder"),
                        label=t("box_label"),
                        show_label=False,
                        container=False,
                        lines=1,
                        max_lines=6,
                        autofocus=True,
                        elem_id="og-box",
                        scale=1,
                        min_width=0,
                    )
                    self.ask = gr.Button(
                        t("ask"), variant="primary", elem_id="og-ask", scale=0, min_width=0
                    )
                    self.stop = gr.Button(
                        t("stop"), elem_id="og-stop", scale=0, min_width=0, visible=False
                    )
            self.panel = _html("", "og-panel", panel_script + clicks)

    def connect(self, demo: gr.Blocks) -> None:
        """Tie the events to the methods. The names of custom events are those in clicks.js."""
        quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        at_once: dict[str, Any] = {**quiet, "queue": False}
        page = [self.header, self.past, self.live, self.box, self.ask, self.stop]
        have = [self.session, self.run, self.language]
        asking = [self.session, self.run, *page]

        demo.load(self._greet, [self.chosen], [self.language, *page], **at_once)
        gr.on([self.box.submit, self.ask.click], self._ask, [self.box, *have], asking, **quiet)
        self.live.example(self._ask_example, have, asking, **quiet)
        self.stop.click(_stop, [self.run], None, **at_once)
        for place in (self.past, self.live, self.panel):
            place.cite(self._open, [self.session, self.language], [self.panel], **at_once)
        self.header.fresh(self._fresh, [self.run, self.language], [*asking, self.panel], **at_once)
        self.header.tongue(
            self._switch,
            [self.session, self.run],
            [self.chosen, self.language, *page, self.panel],
            **at_once,
        )

    # What happens: each returns the new values of the outputs named in `connect`.

    def _greet(self, chosen: str, request: gr.Request) -> tuple[Update, ...]:
        accept = request.headers.get("accept-language")
        t = Strings(preferred_language(chosen or accept))
        return t.language, *self._page(t, Session(), None)

    def _ask(
        self, question: str, session: Session, run: Run | None, language: Language
    ) -> Iterator[tuple[Update, ...]]:
        if run is not None and not run.stopped:
            return  # one question at a time for each visitor
        t, kept = Strings(language), gr.skip()
        first = True
        for after, now in self._chat.ask(question or "", session, t):
            if first:
                header, past, live, _, ask, stop = self._page(t, after, now)
                yield after, now, header, past, live, gr.update(value=""), ask, stop
                first = False
                continue
            ask, stop = (kept, kept) if now else _buttons(t, running=False)
            yield after, now, kept, kept, self._live(t, after), kept, ask, stop

    def _ask_example(
        self, session: Session, run: Run | None, language: Language, event: gr.EventData
    ) -> Iterator[tuple[Update, ...]]:
        yield from self._ask(_said(event, "question"), session, run, language)

    def _open(self, session: Session, language: Language, event: gr.EventData) -> Update:
        place, key = _said(event, "exchange"), _said(event, "quote")
        html = self._chat.open(session, place, key, Strings(language))
        return gr.skip() if html is None else html

    def _fresh(self, run: Run | None, language: Language) -> tuple[Update, ...]:
        if run is not None:
            run.abandon()
        return Session(), None, *self._page(Strings(language), Session(), None), ""

    def _switch(self, session: Session, run: Run | None, event: gr.EventData) -> tuple[Update, ...]:
        t = Strings(preferred_language(_said(event, "language")))
        return t.language, t.language, *self._page(t, session, run), ""

    def _page(self, t: Strings, session: Session, run: Run | None) -> tuple[Update, ...]:
        """Header, past, live, box, ask and stop for these values."""
        return (
            self._header(t, session),
            render.conversation(t, session),
            self._live(t, session),
            gr.update(placeholder=t("placeholder"), label=t("box_label")),
            *_buttons(t, running=run is not None),
        )

    def _header(self, t: Strings, session: Session) -> str:
        return render.header(t, self._chat.articles(), bool(session.exchanges))

    def _live(self, t: Strings, session: Session) -> str:
        if session.exchanges:
            return render.latest(t, session)
        return render.home(t, self._chat.articles(), self._examples, self._data)


def _stop(run: Run | None) -> None:
    if run is not None:
        run.stop()


def _buttons(t: Strings, *, running: bool) -> tuple[Update, Update]:
    """Ask and stop, of which one shows."""
    return (
        gr.update(value=t("ask"), visible=not running),
        gr.update(value=t("stop"), visible=running),
    )


def _said(event: gr.EventData, name: str) -> str:
    """A value that the browser sent with an event; "" unless it is a string."""
    data = event._data
    value = data.get(name) if isinstance(data, dict) else None
    return value if isinstance(value, str) else ""


def _html(value: str, elem_id: str, script: str) -> gr.HTML:
    return gr.HTML(value, elem_id=elem_id, js_on_load=script, apply_default_css=False, min_width=0)


def _asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


def _theme() -> gr.themes.Base:
    """Fonts of the reader's own system (nothing is fetched) and the page's two grounds."""
    return gr.themes.Base(font=_SANS, font_mono=_MONO).set(
        body_background_fill="#faf9f6",
        body_background_fill_dark="#171614",
        body_text_color="#1d1b18",
        body_text_color_dark="#ebe7df",
        button_primary_background_fill="#1a5a5c",
        button_primary_background_fill_dark="#7cc5bf",
        button_primary_background_fill_hover="#134748",
        button_primary_background_fill_hover_dark="#97d6d0",
        button_primary_text_color="#ffffff",
        button_primary_text_color_dark="#10201f",
    )
