"""The components of the page: what there is, and the scripts that each brings along.

Scripts of one component share a scope; the names of the events they send are in `clicks.js`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from rag.ui.session import Session
from rag.ui.strings import Strings
from rag.ui.visit import Visit

_ASSETS = Path(__file__).with_name("assets")
_KEY = "ordagrant"

# New values of some components; the others stay as they are.
Updates = dict[Any, Any]


class Parts:
    """Made inside `gr.Blocks`, in the order in which they stand on the page."""

    def __init__(self) -> None:
        t = Strings("en")
        # Kept by the browser over restarts, hence fixed keys; they only keep the values from
        # being read at a glance. A language is no secret, and a token is one of its browser.
        self.chosen = gr.BrowserState("", storage_key="ordagrant-language", secret=_KEY)
        self.kept = gr.BrowserState({}, storage_key="ordagrant-visitor", secret=_KEY)
        self.language = gr.State("en")
        self.session = gr.State(Session())
        self.run = gr.State(None)
        self.visit = gr.State(Visit())

        self.header = html("og-top", "header", "clicks", "leave")
        self.side = html("og-side", "sidebar", "clicks", "leave")
        with gr.Row(elem_id="og-main"):
            with gr.Column(elem_id="og-talk", min_width=0):
                self.past = html("og-past", "clicks", "answer")
                self.live = html("og-live", "live", "clicks", "answer")
                with gr.Column(elem_id="og-composer", min_width=0):
                    self.note = html("og-note", "note", "clicks")
                    with gr.Row(elem_id="og-asking"):
                        self.box = _box(t)
                        self.ask = _button(t("ask"), "og-ask", variant="primary")
                        self.stop = _button(t("stop"), "og-stop", visible=False)
                    self.filters = html("og-filters", "filters", "clicks")
            self.panel = html("og-panel", "panel", "clicks")
        # A click is sent before the toast goes away, and its button with it.
        self.toast = html("og-toast", "clicks", "toast")
        self.download = gr.HTML(
            "", html_template="", elem_id="og-download", js_on_load=asset("download.js"), file={}
        )

    @property
    def all(self) -> list[Any]:
        """What an event may change. What it does not name stays as it is."""
        return list(vars(self).values())


def html(elem_id: str, *scripts: str) -> gr.HTML:
    """An empty piece of the page with the scripts of these names."""
    script = "\n".join(asset(f"{name}.js") for name in scripts)
    return gr.HTML("", elem_id=elem_id, js_on_load=script, apply_default_css=False, min_width=0)


def asset(name: str) -> str:
    return (_ASSETS / name).read_text(encoding="utf-8")


def _box(t: Strings) -> gr.Textbox:
    return gr.Textbox(
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


def _button(words: str, elem_id: str, **more: Any) -> gr.Button:
    return gr.Button(words, elem_id=elem_id, scale=0, min_width=0, **more)
