"""The page of the articles in Gradio: its parts, and what connects them.

Everything a visitor has is in `gr.State`; what the browser sends is untrusted.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

from rag.errors import OrdagrantError
from rag.types import ArticleInfo, Filters
from rag.ui import library_render as render
from rag.ui.library import Added, Library
from rag.ui.strings import Language, Strings
from rag.ui.uploads import Upload

_log = logging.getLogger(__name__)
_ASSETS = Path(__file__).with_name("assets")
_MOST_CHARS = 200  # of a search
_MOST_FILES = 10_000  # at once
_AT_ONCE = 8  # visitors whose files are read or wait for that; more wait in Gradio's queue

Updates = dict[Any, Any]
_ANY = Filters()


@dataclass(frozen=True, slots=True)
class View:
    """What a visitor looks at: the list's search, filters and place, or an article."""

    search: str = ""
    filters: Filters = _ANY
    offset: int = 0
    reading: str | None = None
    removed: ArticleInfo | None = None  # can be had back by "undo"

    @property
    def narrowed(self) -> bool:
        return bool(self.search) or not self.filters.empty


class LibraryPage:
    """List, article, adding and removing. `size` is a `gr.State` of how many articles there are:
    its `change` tells other parts of the app that articles came or went."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def lay_out(self) -> None:
        """Make the parts, inside the column that shows or hides the page."""
        self.view = gr.State(View())
        self.said = gr.State(None)  # what became of the files added last
        self.size = gr.State(-1)
        with gr.Column(elem_id="og-lib", min_width=0):
            self.head = _part("og-lib-head", "library_add.js")
            self.news = _part("og-lib-news")
            self.bar = _part("og-lib-bar", "library_find.js")
            self.list = _part("og-lib-list")
            self.read = _part("og-lib-read", "library_read.js")
            self.undo = _part("og-lib-undo")

    def connect(self, language: gr.State) -> None:
        """Tie the events, whose names are those in library*.js, to the methods.

        The page shows itself anew whenever it comes into view or `language` changes.
        """
        have = [self.view, language]
        lists = [self.view, self.head, self.bar, self.list, self.size]
        every = [*lists, self.news, self.read, self.undo]

        hidden: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
        quick = {**hidden, "queue": False}
        # `size.change` is heard only of events that pass through Gradio's queue.
        resizing = {**hidden, "concurrency_limit": _AT_ONCE}

        def tie(event: Any, do: _Does, outputs: Sequence[Any], how: dict[str, Any]) -> None:
            event(self._safely(do), have, [*outputs, self.undo], **how)

        for event in (self.head.shown, language.change):
            event(self._show_all, [self.view, self.said, language], every, **resizing)
        # Not "always_last": what it puts off loses the values that came with it.
        find = {**quick, "trigger_mode": "multiple"}
        tie(self.bar.find, self._find, [self.view, self.list], find)
        tie(self.list.turn, self._turn, [self.view, self.list], quick)
        for part in (self.list, self.read, self.news):
            tie(part.read, self._read, [self.view, self.read], quick)
        tie(self.read.back, self._back, [self.view, self.read], quick)
        for part in (self.list, self.read):
            tie(part.remove, self._remove, [*lists, self.read], resizing)
        tie(self.undo.restore, self._restore, lists, resizing)
        tie(self.undo.dismiss, self._dismiss_note, [self.view], quick)
        self.news.dismiss(lambda: (None, ""), None, [self.said, self.news], **quick)
        adding = self.head.arrive(
            self._add,
            [language],
            [self.said, self.news],
            trigger_mode="multiple",
            **resizing,
        )
        adding.then(self._refresh, have, lists, **resizing)

    # What happens: each returns the new values of some of the parts named in `connect`.

    def _show_all(self, view: View, said: Added | None, language: Language) -> Updates:
        t = Strings(language)
        try:
            return {
                **self._lists(t, view),
                self.news: render.news(t, said),
                self.read: self._article(t, view.reading) if view.reading else "",
                self.undo: render.removed(t, view.removed) if view.removed else "",
            }
        except Exception as error:
            return {self.undo: self._problem(t, error)}

    def _refresh(self, view: View, language: Language) -> Updates:
        t = Strings(language)
        try:
            return self._lists(t, view)
        except Exception as error:
            return {self.list: self._problem(t, error)}

    def _find(self, t: Strings, view: View, sent: _Sent) -> Updates:
        filters = Filters(
            _day(sent.text("from")),
            _day(sent.text("to")),
            sent.text("source")[:_MOST_CHARS] or None,
            sent.text("language")[:_MOST_CHARS] or None,
        )
        search = sent.text("search").strip()[:_MOST_CHARS]
        return self._list(t, replace(view, search=search, filters=filters, offset=0))

    def _turn(self, t: Strings, view: View, sent: _Sent) -> Updates:
        return self._list(t, replace(view, offset=sent.number("offset")), focus="")

    def _read(self, t: Strings, view: View, sent: _Sent) -> Updates:
        article_id = sent.text("article")
        found = self._article(t, article_id, focus=True)
        if not found:
            return {self.undo: render.note(t, t("lib_gone"), problem=True)}
        return {self.view: replace(view, reading=article_id), self.read: found}

    def _back(self, t: Strings, view: View, sent: _Sent) -> Updates:
        return {self.view: replace(view, reading=None), self.read: ""}

    def _remove(self, t: Strings, view: View, sent: _Sent) -> Updates:
        info = self._library.remove(sent.text("article"))
        view = replace(view, reading=None, removed=info)
        if info is None:
            told = render.note(t, t("lib_gone"), problem=True)
        else:
            told = render.removed(t, info, focus=True)
        return {**self._lists(t, view), self.read: "", self.undo: told}

    def _restore(self, t: Strings, view: View, sent: _Sent) -> Updates:
        info = view.removed
        if info is None or info.id != sent.text("article"):
            return {}
        back = self._library.restore(info.id)
        view = replace(view, removed=None)
        told = (
            render.note(t, t("lib_restored", title=render.title(info)))
            if back
            else render.note(t, t("lib_not_restored"), problem=True)
        )
        return {**self._lists(t, view, focus=info.id), self.undo: told}

    def _dismiss_note(self, t: Strings, view: View, sent: _Sent) -> Updates:
        return {self.view: replace(view, removed=None), self.undo: ""}

    def _add(self, language: Language, event: gr.EventData) -> Iterator[tuple[Any, Any]]:
        t = Strings(language)
        files = [*_arrived(_Sent(event).get("files"))]
        try:
            if files:
                for now in self._library.add(files):
                    yield (now if isinstance(now, Added) else gr.skip()), render.news(t, now)
        except Exception as error:
            yield None, self._problem(t, error)

    # Parts of the page

    def _lists(self, t: Strings, view: View, focus: str | None = None) -> Updates:
        """The list with what stands above it, which changes with the articles."""
        library = self._library
        choices = library.choices()
        return {
            self.head: render.head(t, choices, editable=library.editable, most_mb=library.most_mb),
            self.bar: render.bar(t, choices, view.search, view.filters),
            self.size: choices.articles,
            **self._list(t, view, focus),
        }

    def _list(self, t: Strings, view: View, focus: str | None = None) -> Updates:
        page = self._library.page(view.search, view.filters, view.offset)
        html = render.articles(
            t, page, editable=self._library.editable, narrowed=view.narrowed, focus=focus
        )
        return {self.view: replace(view, offset=page.offset), self.list: html}

    def _article(self, t: Strings, article_id: str, *, focus: bool = False) -> str:
        found = self._library.read(article_id)
        if found is None:
            return ""
        article, twin = found
        return render.reading(t, article, twin, editable=self._library.editable, focus=focus)

    def _safely(self, do: _Does) -> Callable[..., Updates]:
        """`do` as a handler: an error becomes one sentence on the page."""

        def handle(view: View, language: Language, event: gr.EventData) -> Updates:
            t = Strings(language)
            # A line that says what happened goes with the next thing that is done; not so the
            # offer to undo.
            line = render.removed(t, view.removed) if view.removed else ""
            try:
                return {self.undo: line} | do(t, view, _Sent(event))
            except Exception as error:
                return {self.undo: self._problem(t, error)}

        return handle

    def _problem(self, t: Strings, error: Exception) -> str:
        """One sentence about an error; what is none of ours goes to the log."""
        if isinstance(error, OrdagrantError):
            return render.note(t, str(error), problem=True, lang="en")
        trace = uuid.uuid4().hex[:12]
        _log.error("the articles page failed, trace %s", trace, exc_info=error)
        return render.note(t, t("lib_unexpected", id=trace), problem=True)


class _Sent:
    """What the browser sent with an event; whatever is not as expected reads as nothing."""

    def __init__(self, event: gr.EventData) -> None:
        data = event._data
        self._data: dict[Any, Any] = data if isinstance(data, dict) else {}

    def get(self, name: str) -> object:
        return self._data.get(name)

    def text(self, name: str) -> str:
        value = self.get(name)
        return value if isinstance(value, str) else ""

    def number(self, name: str) -> int:
        """A number that is not negative, else 0."""
        value = self.text(name)
        return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else 0


_Does = Callable[[Strings, View, _Sent], Updates]


def _arrived(files: object) -> Iterator[Upload]:
    """The files as sent: each where Gradio put it, or with the reason why it is not there.

    A path outside the folder of uploads is somebody's attempt to read the server's own files.
    """
    folder = Path(get_upload_folder()).resolve()
    for sent in files[:_MOST_FILES] if isinstance(files, list) else ():
        name, path = (
            (sent.get("name"), sent.get("path")) if isinstance(sent, dict) else (None, None)
        )
        if not isinstance(name, str):
            continue
        if isinstance(path, str) and (found := _within(folder, path)):
            yield Upload(name, found)
            continue
        size = sent.get("size")
        yield Upload(name, None, "did not arrive: try again.", size if isinstance(size, int) else 0)


def _within(folder: Path, path: str) -> Path | None:
    try:
        found = Path(path).resolve()
        return found if found.is_relative_to(folder) and found.is_file() else None
    except (OSError, ValueError):
        return None


def _day(iso: str) -> date | None:
    try:
        return date.fromisoformat(iso) if iso else None
    except ValueError:
        return None


def _part(elem_id: str, script: str | None = None) -> gr.HTML:
    names = ["library.js", *([script] if script else [])]
    scripts = "".join((_ASSETS / name).read_text(encoding="utf-8") for name in names)
    return gr.HTML("", elem_id=elem_id, js_on_load=scripts, apply_default_css=False, min_width=0)
