"""GET /a/{article_id}?start=S&end=E: an article with the quote highlighted where it stands.

Where a link of an answer leads. It needs no script: `#quote` jumps to the quote. `sha`, if the
address has it, begins the SHA-256 of the text that was quoted: of another text nothing is
highlighted.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import nh3
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from rag import links
from rag.api.door import Door
from rag.api.errors import ApiError
from rag.api.page_words import Words, wanted_language
from rag.passage import paragraphs
from rag.types import Article, Span

_HERE = Path(__file__).parent
_LONGEST_NUMBER = 12  # digits
_TAGS = {
    "a", "article", "bdi", "code", "details", "footer", "h1", "header", "main", "mark", "p",
    "span", "summary", "time",
}  # fmt: skip
_ATTRIBUTES = {
    "*": {"class", "lang", "dir", "role", "id", "tabindex"},
    "a": {"href"},
    "time": {"datetime"},
}


def router(door: Door) -> APIRouter:
    """The route of the page."""
    routes = APIRouter()

    # Not in the OpenAPI document: it is for people. The id may hold slashes.
    @routes.get("/a/{article_id:path}", response_class=HTMLResponse, include_in_schema=False)
    def page(request: Request, article_id: str) -> Response:
        t = Words(wanted_language(request.headers.get("accept-language")))
        headers = _headers(door)
        try:
            door.caller(request, "read")
        except ApiError as error:
            words = t("too_often" if error.status == 429 else "key_needed")
            html = notice(t, t("refused"), words)
            return HTMLResponse(html, error.status, {**headers, **(error.headers or {})})
        article = door.bot.store.article(article_id)
        if article is None:
            return HTMLResponse(notice(t, t("gone"), t("gone_why")), 404, headers)
        return HTMLResponse(shown(t, article, request.query_params), headers=headers)

    return routes


def shown(t: Words, article: Article, asked: Mapping[str, str]) -> str:
    """The page of `article`; `asked` are the parameters of its address, as they came."""
    current = place(article.text, asked)
    note = None
    if current is None and ("start" in asked or "end" in asked):
        note = "bad_place"
    if not article.info.sha256.startswith(asked.get("sha", "").lower()):
        current, note = None, "changed"
    info = article.info
    name = info.title or links.name(info.outlet, info.title, info.source)
    content = _fill(
        "article.html",
        t=t,
        info=info,
        name=name,
        address=links.web_address(info.source),
        file=links.file_name(info.source),
        note=note,
        current=current,
        paragraphs=paragraphs(article.text, current, (), article.masks),
        masked=bool(article.masks),
    )
    return _page(t, name, content)


def notice(t: Words, heading: str, words: str) -> str:
    """A page that says why there is no article."""
    return _page(t, heading, _fill("notice.html", heading=heading, words=words))


def place(text: str, asked: Mapping[str, str]) -> Span | None:
    """The range that `start` and `end` name, where it lies in `text` and is not empty."""
    start, end = (_number(asked.get(name, "")) for name in ("start", "end"))
    if start is None or end is None or not start < end <= len(text):
        return None
    return Span(start, end)


def _number(digits: str) -> int | None:
    plain = digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_NUMBER
    return int(digits) if plain else None


def _fill(template: str, **values: object) -> Markup:
    """The template with `values`, each escaped, and the whole cleaned of what no template uses."""
    html = _environment().get_template(template).render(**values)
    cleaned = nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        generic_attribute_prefixes={"aria-"},
        url_schemes={"http", "https"},
        link_rel="noopener noreferrer",
    )
    return Markup(cleaned)  # noqa: S704 - it was just cleaned


def _page(t: Words, title: str, content: Markup) -> str:
    style = Markup(_style())  # noqa: S704 - our own file
    page = _environment().get_template("page.html")
    return page.render(t=t, title=title, style=style, content=content)


@cache
def _style() -> str:
    return (_HERE / "assets" / "page.css").read_text(encoding="utf-8")


def _headers(door: Door) -> dict[str, str]:
    digest = base64.b64encode(hashlib.sha256(_style().encode()).digest()).decode()
    framed_by = " ".join(["'self'", *door.settings.api_origins])
    return {
        "Content-Security-Policy": (
            f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; "
            f"form-action 'none'; frame-ancestors {framed_by}"
        ),
        "Cache-Control": "private, no-cache",
        "Vary": "Accept-Language",
        "X-Robots-Tag": "noindex",
    }


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
