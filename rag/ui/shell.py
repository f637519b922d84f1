"""The page around the conversation as HTML: header, conversations, note, filters, toast.

Pure, as `render` is, and as careful with what strangers wrote.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence

from rag.store.conversations import Conversation
from rag.ui import filtering
from rag.ui.html import fill
from rag.ui.session import Session
from rag.ui.strings import LANGUAGES, Strings
from rag.ui.visit import Visit

# A choice between more outlets than this is longer to read than a name is to type.
MOST_SOURCES = 40


def header(
    t: Strings,
    articles: int,
    visit: Visit,
    session: Session,
    *,
    library: bool,
    login: bool = False,
) -> str:
    """The top line: conversations, name, articles, new conversation, language, the way out.

    `library`: there is a page of the articles to go to; `login`: visitors logged in.
    """
    return fill(
        "header.html",
        t=t,
        articles=articles,
        talking=bool(session.exchanges),
        other=next(code for code in LANGUAGES if code != t.language),
        library=library,
        login=login,
        conversation=session.conversation or "",
        view=visit.view,
        about=session.exchanges[0].question[:80] if session.exchanges else "",
    )


def sidebar(
    t: Strings,
    listed: Sequence[Conversation],
    search: str,
    open: str | None,
    *,
    login: bool = False,
) -> str:
    """The visitor's conversations, `open` marked as the one that is shown.

    With `login` the way out is at its foot too, for where the top line has no room.
    """
    return fill("sidebar.html", t=t, listed=listed, search=search, open=open, login=login)


def note(t: Strings, visit: Visit, session: Session, said: str | None = None) -> str:
    """The line above the question: what was `said`, is being edited, is ahead, or was not kept."""
    return fill(
        "note.html",
        t=t,
        said=said,
        editing=visit.editing is not None,
        ahead=session.exchanges[-1].ahead if session.exchanges else 0,
        unkept=session.unkept and not session.running,
    )


def filters(
    t: Strings,
    visit: Visit,
    sources: Sequence[str],
    languages: Sequence[str],
    *,
    open: bool = False,
    tried: Mapping[str, str] | None = None,
    problem: str | None = None,
) -> str:
    """The active filters and the form to set them; `tried` stays in it beside its `problem`."""
    values = filtering.fields(visit.filters)
    if tried is not None:
        values = {name: tried.get(name, "") for name in filtering.FIELDS}
    names = list(sources) if len(sources) <= MOST_SOURCES else []
    if names and values["source"] and values["source"] not in names:
        names.append(values["source"])
    codes = dict.fromkeys([*languages, *filter(None, [values["language"]])])
    return fill(
        "filters.html",
        t=t,
        chips=filtering.chips(visit.filters, t),
        sources=names,
        languages=[(code, filtering.language_name(code, t)) for code in codes],
        values=values,
        problem=problem,
        open=open,
    )


def toast(t: Strings, message: str = "", *, undo: str = "", link: str = "") -> str:
    """A line that goes away by itself; the same message again is another toast."""
    key = secrets.token_hex(4)
    return fill("toast.html", t=t, message=message, undo=undo, link=link, key=key)
