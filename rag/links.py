"""Addresses: of an article's page with a quote highlighted, and of where an article came from.

Articles are untrusted: only `web_address` says what may be linked, and `name` never tells the
server's folders.
"""

from __future__ import annotations

from pathlib import PurePath
from urllib.parse import quote as percent
from urllib.parse import urlencode, urlsplit

from rag.types import Quote

# Enough of an article's SHA-256 (hex) to see that it is not the text that was quoted.
SHA_CHARS = 16


def article_link(base: str, quote: Quote) -> str:
    """The page that shows `quote` where it stands; `base` is the public address of the server."""
    place = {"start": quote.start, "end": quote.end, "sha": quote.article_sha256[:SHA_CHARS]}
    return f"{base.rstrip('/')}/a/{percent(quote.article_id, safe='')}?{urlencode(place)}#quote"


def web_address(source: str) -> str | None:
    """`source` when it is an http(s) address that may be linked, else None."""
    try:
        parts = urlsplit(source)
    except ValueError:
        return None
    return source if parts.scheme in ("http", "https") and parts.netloc else None


def name(outlet: str | None, title: str | None, source: str) -> str:
    """Who says it: the outlet, else the title, the host of the address or the file."""
    if outlet or title:
        return outlet or title or ""
    if web_address(source):
        return urlsplit(source).netloc.removeprefix("www.")
    return file_name(source)


def file_name(source: str) -> str:
    """The name of the file; its folders are the server's business."""
    return PurePath(source).name or source
