"""The page of the articles as HTML. Pure, escaped and cleaned like the rest (see render.py)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path, PurePath
from urllib.parse import urlsplit

import nh3
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from rag.types import Article, ArticleInfo, Filters
from rag.ui.citable import web_address
from rag.ui.library import PAGE, Added, Adding, Choices, Page, Waiting
from rag.ui.library_failures import told
from rag.ui.passage import paragraphs
from rag.ui.strings import CATALOGUE, Strings

_TEMPLATES = Path(__file__).with_name("templates")
_MOST_FAILURES = 50  # listed; the rest are counted

_TAGS = {
    "a", "aside", "bdi", "button", "dd", "div", "dl", "dt", "form", "h1", "h2", "input", "label",
    "li", "nav", "ol", "option", "p", "progress", "section", "select", "span", "time", "ul",
}  # fmt: skip
_ATTRIBUTES = {
    "*": {"class", "lang", "dir", "role", "title", "tabindex", "id", "hidden"},
    "a": {"href", "target"},
    "button": {"type", "disabled"},
    "input": {"type", "name", "value", "placeholder", "min", "max", "multiple", "accept",
              "autocomplete", "enterkeyhint"},
    "label": {"for"},
    "option": {"value", "selected"},
    "progress": {"value", "max"},
    "select": {"name"},
    "time": {"datetime"},
}  # fmt: skip


def head(t: Strings, choices: Choices, *, editable: bool, most_mb: int) -> str:
    """The page's title, and where articles are added."""
    return _html(
        "library_head.html",
        t=t,
        choices=choices,
        editable=editable,
        most_mb=most_mb,
        size=_count(t, "articles", choices.articles),
        first=t.day(choices.first.isoformat()) if choices.first else None,
        last=t.day(choices.last.isoformat()) if choices.last else None,
    )


def bar(t: Strings, choices: Choices, search: str, filters: Filters) -> str:
    """Search and filters, filled in with what they are; nothing while there are no articles."""
    if not choices.articles:
        return ""
    return _html(
        "library_bar.html",
        t=t,
        search=search,
        filters=filters,
        narrowed=bool(search) or not filters.empty,
        date_from=_iso(filters.date_from),
        date_to=_iso(filters.date_to),
        outlets=[(name, number(t, n)) for name, n in choices.outlets],
        languages=[(code, language(t, code), number(t, n)) for code, n in choices.languages],
        first=_iso(choices.first),
        last=_iso(choices.last),
    )


def articles(
    t: Strings, page: Page, *, editable: bool, narrowed: bool, focus: str | None = None
) -> str:
    """A page of the list. `focus` is the id of the article that gets the keyboard's focus; the
    line above the list gets it for one that is not on the page."""
    if not page.total and not narrowed:
        return ""
    last = page.offset + len(page.rows)
    shown = t(
        "lib_range",
        first=number(t, page.offset + 1),
        last=number(t, last),
        n=number(t, page.total),
    )
    if not page.total:
        found = t("lib_none")
    elif page.total > PAGE:
        found = t("lib_range_newest", range=shown)
    else:
        found = _count(t, "lib_found", page.total) if narrowed else t("lib_newest")
    return _html(
        "library_list.html",
        t=t,
        page=page,
        editable=editable,
        focus=focus,
        focus_top=focus is not None and all(row.info.id != focus for row in page.rows),
        name=title,
        file=file,
        outlet=outlet,
        language=lambda code: language(t, code),
        found=found,
        shown=shown,
        previous=page.offset - PAGE if page.offset else None,
        next=page.offset + PAGE if last < page.total else None,
    )


@dataclass(frozen=True, slots=True)
class Words:
    """A run of an article's text; `why` it is never quoted. `first` of those of one reason."""

    text: str
    why: str | None = None
    first: bool = False


def reading(
    t: Strings, article: Article, twin: ArticleInfo | None, *, editable: bool, focus: bool = False
) -> str:
    """One whole article, its masked words grey, and what is known of it."""
    info = article.info
    return _html(
        "library_article.html",
        t=t,
        info=info,
        twin=twin,
        editable=editable,
        name=title,
        file=file,
        outlet=outlet(info),
        language=language(t, info.language),
        address=web_address(info.source),
        published=_iso(info.published.on),
        how=_known_as(t, "dated", info.published.reason) if info.published.reason else None,
        length=_count(t, "lib_words", len(article.text.split())),
        paragraphs=_paragraphs(t, article),
        masked=bool(article.masks),
        focus=focus,
    )


def _paragraphs(t: Strings, article: Article) -> list[list[Words]]:
    """The text for reading. The keyboard stops at the first words of each mask only."""
    reasons = [t("masked", reason=_known_as(t, "mask", m.reason)) for m in article.masks]
    seen: set[int] = set()
    cut = []
    for paragraph in paragraphs(article.text, None, (), article.masks):
        words = []
        for piece in paragraph:
            if piece.kind == "masked":
                words.append(Words(piece.text, reasons[piece.ref], piece.ref not in seen))
                seen.add(piece.ref)
            else:
                words.append(Words(piece.text))
        cut.append(words)
    return cut


def news(t: Strings, now: Waiting | Adding | Added | None) -> str:
    """How far adding is, or what became of it."""
    if now is None:
        return ""
    if not isinstance(now, Added):
        return _html("library_adding.html", t=t, now=now if isinstance(now, Adding) else None)
    parts = [
        t(f"lib_{what}", n=number(t, n))
        for what, n in (
            ("added", now.added),
            ("changed", now.changed),
            ("unchanged", now.unchanged),
            ("failed", len(now.failed)),
        )
        if n
    ]
    return _html(
        "library_added.html",
        t=t,
        now=now,
        summary=", ".join(parts) or t("lib_nothing"),
        failures=[told(failure, t.language) for failure in now.failed[:_MOST_FAILURES]],
        more=max(0, len(now.failed) - _MOST_FAILURES),
        name=title,
    )


def removed(t: Strings, info: ArticleInfo, *, focus: bool = False) -> str:
    """That an article was removed, and how to have it back."""
    return _html("library_removed.html", t=t, info=info, name=title(info), focus=focus)


def note(t: Strings, text: str, *, problem: bool = False, lang: str | None = None) -> str:
    """One line that says what happened."""
    return _html("library_note.html", t=t, text=text, problem=problem, lang=lang or t.language)


def title(info: ArticleInfo) -> str:
    """What an article is called: its title, else its id."""
    return (info.title or "").strip() or info.id


def outlet(info: ArticleInfo) -> str | None:
    """Who published it: the outlet, else the host of its address."""
    if info.outlet:
        return info.outlet
    address = web_address(info.source)
    return urlsplit(address).netloc.removeprefix("www.") if address else None


def file(info: ArticleInfo) -> str:
    """The name of its file; the folders are the server's business."""
    return PurePath(info.source).name or info.source


def language(t: Strings, code: str) -> str:
    """A language's name; its code where that has none here."""
    key = f"language_{code}"
    return t(key) if key in CATALOGUE else code


def number(t: Strings, n: int) -> str:
    """12,345 or 12 345 (with a space that does not break)."""
    return f"{n:,}" if t.language == "en" else f"{n:,}".replace(",", "\u00a0")


def _count(t: Strings, key: str, n: int) -> str:
    return t(f"{key}_one" if n == 1 else f"{key}_many", n=number(t, n))


def _known_as(t: Strings, kind: str, reason: str) -> str:
    """A reason in the page's language where it is one of ours, else as it is."""
    key = f"{kind}_{reason.replace(' ', '_')}"
    return t(key) if key in CATALOGUE else reason


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _html(template: str, **values: object) -> str:
    return nh3.clean(
        _environment().get_template(template).render(**values),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        generic_attribute_prefixes={"data-", "aria-"},
        url_schemes={"http", "https"},
        link_rel="noopener noreferrer",
    )
