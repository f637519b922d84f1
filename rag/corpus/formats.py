"""One reader a file format: a path in, an article's text and metadata out.

Every reader raises `UnusableError` with a reason a person can act on.
"""

from __future__ import annotations

import logging
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from rag.corpus.decode import decode
from rag.corpus.raw import Media, UnusableError
from rag.types import Published


@dataclass(frozen=True, slots=True)
class Content:
    """What a file holds; `text` is not yet normalised."""

    text: str
    title: str | None = None
    outlet: str | None = None
    url: str | None = None
    language: str | None = None
    published: Published = field(default_factory=Published)
    authors: tuple[str, ...] = ()


Reader = Callable[[Path, int], Content]

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
# pdfium marks a hyphen that only the line break needed with one of these.
_SOFT_HYPHEN = re.compile(r"[\x02\ufffe\u00ad]\n?")
# The page becomes a tree of many times its size in memory.
_MAX_HTML_CHARS = 20_000_000
_STOPS = (".", "!", "?", "…", ".”", ".’", '."', "?”", '?"', "!”", '!"', ":")


def read_txt(path: Path, max_bytes: int) -> Content:
    return Content(decode(path.read_bytes()))


def read_md(path: Path, max_bytes: int) -> Content:
    """Markdown: the text is the file's own; front matter gives title, date and authors."""
    text = decode(path.read_bytes())
    match = _FRONT_MATTER.match(text.replace("\r\n", "\n"))
    if not match:
        return Content(text)
    try:
        data = yaml.safe_load(match[1])
    except (yaml.YAMLError, ValueError):
        return Content(text)
    if not isinstance(data, dict):
        return Content(text)
    names = data.get("authors") or data.get("author") or ()
    return Content(
        text,
        title=as_text(data.get("title")),
        outlet=as_text(data.get("outlet") or data.get("source")),
        url=as_text(data.get("url")),
        language=as_language(data.get("language") or data.get("lang")),
        published=stated(data.get("date") or data.get("published"), "the front matter's date"),
        authors=as_names(names),
    )


def read_html(path: Path, max_bytes: int) -> Content:
    """HTML through trafilatura, which rewrites: offsets count from the text stored."""
    from trafilatura import bare_extraction

    for name in ("trafilatura", "htmldate"):
        logging.getLogger(name).addHandler(logging.NullHandler())
    html = decode_html(path.read_bytes())
    if len(html) > _MAX_HTML_CHARS:
        raise UnusableError("is a page too large to read: save the article alone")
    try:
        document: Any = bare_extraction(html, with_metadata=True, include_comments=False)
    except (RecursionError, ValueError, TypeError, AssertionError):
        raise UnusableError("is HTML that cannot be read: save the page again") from None
    if document is None or not document.text:
        raise UnusableError("has no article text that could be told from the page around it")
    url = document.url or None
    return Content(
        document.text,
        title=document.title or None,
        outlet=document.sitename or (urlsplit(url).hostname if url else None),
        url=url,
        language=as_language(document.language),
        published=_html_date(html, document.date),
        authors=as_names((document.author or "").split(";")),
    )


def decode_html(data: bytes) -> str:
    """The page's text by its own declaration of encoding, else as any other file."""
    declared = re.search(rb"""<meta[^>]{0,200}charset=["']?([\w-]+)""", data[:4096], re.I)
    if declared:
        try:
            return data.decode(declared[1].decode("ascii"))
        except (LookupError, UnicodeDecodeError):
            pass
    return decode(data)


def _html_date(html: str, guessed: str | None) -> Published:
    from htmldate import find_date

    try:
        found = find_date(html, extensive_search=False, original_date=True)
    except (ValueError, TypeError, RecursionError):
        found = None
    if found:
        return stated(found, "the page's own date")
    day = as_date(guessed)
    if day is None:
        return Published()
    return Published(day, "inferred", "the likeliest date found in the page")


def read_pdf(path: Path, max_bytes: int) -> Content:
    """PDF text through pdfium, lines joined into paragraphs."""
    import pypdfium2 as pdfium

    try:
        document = pdfium.PdfDocument(path)
    except pdfium.PdfiumError as error:
        locked = "password" in str(error).lower()
        raise UnusableError(
            "is protected by a password: save it without one"
            if locked
            else "is not a readable PDF (damaged or cut off): export it again"
        ) from None
    try:
        pages = []
        for page in document:
            pages.append(page.get_textpage().get_text_bounded())
            if sum(map(len, pages)) > max_bytes:
                raise UnusableError("holds more text than the largest file allowed: split it")
        metadata = document.get_metadata_dict()
    except pdfium.PdfiumError:
        raise UnusableError("has a page that cannot be read: export it again") from None
    finally:
        document.close()
    text = "\n".join(unwrap(page.replace("\r\n", "\n")) for page in pages)
    if not text.strip():
        raise UnusableError("has no text (a scan?): run OCR on it first")
    return Content(
        text,
        title=_pdf_title(metadata.get("Title")),
        published=_pdf_date(metadata.get("CreationDate")),
        authors=as_names(re.split(r"[;,]", metadata.get("Author") or "")),
    )


def unwrap(page: str) -> str:
    """Lines of a page joined into paragraphs.

    A line ends its paragraph when it stops a sentence well short of the margin, or when it is
    short and the next begins like a new one.
    """
    lines = [line.strip() for line in _SOFT_HYPHEN.sub("", page).split("\n")]
    width = max((len(line) for line in lines), default=0)
    out: list[str] = []
    open_paragraph = False
    for line in lines:
        if not line:
            open_paragraph = False
        elif open_paragraph:
            out[-1] += " " + line
        else:
            out.append(line)
        if line:
            short = len(line) < 0.75 * width
            open_paragraph = not short and not (len(line) < 0.9 * width and line.endswith(_STOPS))
    return "\n".join(out)


def _pdf_title(value: str | None) -> str | None:
    title = as_text(value)
    # Programs write their own file names here.
    if title is None or re.search(r"^Microsoft|^untitled|\.(docx?|indd|pdf|qxd|tmp)$", title, re.I):
        return None
    return title


def _pdf_date(value: str | None) -> Published:
    match = re.match(r"D:(\d{4})(\d\d)(\d\d)", value or "")
    day = as_date("-".join(match.groups())) if match else None
    return Published(day, "inferred", "the day the PDF was made") if day else Published()


def read_docx(path: Path, max_bytes: int) -> Content:
    """Word documents: paragraphs and table rows in their order, a line each."""
    import docx
    from docx.opc.exceptions import PackageNotFoundError

    try:
        with zipfile.ZipFile(path) as archive:
            if sum(part.file_size for part in archive.infolist()) > 10 * max_bytes:
                raise UnusableError("unpacks to far more than the largest file allowed: split it")
        document = docx.Document(str(path))
        text = "\n".join(_docx_lines(document))
        title = as_text(document.core_properties.title)
    except (zipfile.BadZipFile, PackageNotFoundError, KeyError, ValueError, SyntaxError, EOFError):
        raise UnusableError("is not a readable Word document (damaged?): save it again") from None
    return Content(text, title=title)


def _docx_lines(document: Any) -> Iterator[str]:
    for block in document.iter_inner_content():
        if hasattr(block, "rows"):
            for row in block.rows:
                cells = dict.fromkeys(cell.text.strip() for cell in row.cells)
                yield " | ".join(c for c in cells if c)
        else:
            yield block.text


def as_text(value: object) -> str | None:
    """A metadata value as one line of text, or None."""
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return None
    text = " ".join(str(value).split())
    return text or None


def as_names(value: object) -> tuple[str, ...]:
    values = value if isinstance(value, list | tuple) else [value]
    return tuple(dict.fromkeys(name for v in values if (name := as_text(v))))


def as_language(value: object) -> str | None:
    """The ISO 639-1 code of `sv`, `sv-SE`, `SV_se`; None for what is no code."""
    match = re.fullmatch(r"([A-Za-z]{2})(?:[-_]\w+)?", value) if isinstance(value, str) else None
    return match[1].lower() if match else None


def as_date(value: object) -> date | None:
    """A day from a date, a datetime or text that begins with a year-month-day."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    match = re.match(r"\s*(\d{4})[-/.]?(\d{1,2})[-/.]?(\d{1,2})(?!\d)", str(value or ""))
    if not match:
        return None
    try:
        day = date(*(int(part) for part in match.groups()))
    except ValueError:
        return None
    return day if 1600 <= day.year <= 2200 else None


def stated(value: object, reason: str) -> Published:
    day = as_date(value)
    return Published(day, "stated", reason) if day else Published()


READERS: dict[str, tuple[Media, Reader]] = {
    ".txt": ("txt", read_txt),
    ".md": ("md", read_md),
    ".html": ("html", read_html),
    ".htm": ("html", read_html),
    ".pdf": ("pdf", read_pdf),
    ".docx": ("docx", read_docx),
}
