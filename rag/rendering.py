"""An answer in the parts that a chat app takes: prose, then each quote with who says it and when.

The quotes are never changed. One that is longer than a message is cut between words, and the
ellipsis stands outside the quotation marks, so what is between them are still the article's own
words; put together they are the quote again.

    pieces(answer, link) -> divide(…, limit, style) -> messages, each a run of pieces
"""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, Protocol

from rag import links
from rag.answering.assemble import prose
from rag.answering.phrases import phrase, quoted
from rag.answering.wording import day
from rag.markdown import blockquote, inline
from rag.types import Answer, Quote, Statement

Link = Callable[[Quote], str | None]
Kind = Literal["prose", "heading", "quote", "source", "translation", "note"]

_TRANSLATION = {"en": "Translation, not verbatim", "sv": "Översättning, inte ordagrann"}
_CUT = " …"
_SHORTEST_LIMIT = 200
_SHORTEST_CUT = 20  # characters: less is not worth beginning


@dataclass(frozen=True, slots=True)
class Piece:
    """What is shown as one paragraph or line, without any markup."""

    kind: Kind
    text: str
    language: str
    n: int = 0  # of a quote
    link: str | None = None  # of a source
    # Where a piece was cut: it goes on in, or comes from, another message.
    begun: bool = False
    goes_on: bool = False


class Style(Protocol):
    """Writes a piece as an app wants it."""

    def __call__(self, piece: Piece, /) -> str: ...


def pieces(answer: Answer, link: Link) -> list[Piece]:
    """What there is to show of `answer`, in order; `link` gives a quote's address or None."""
    language = answer.language
    told = _told(answer)
    found = [Piece("prose", told, language)] if told else []
    if answer.refusal is not None and answer.quotes:
        found.append(Piece("heading", phrase("nearest", language), language))
    for quote in answer.quotes:
        found.append(Piece("quote", quote.text, quote.language, quote.n))
        if quote.translation:
            found.append(Piece("translation", quote.translation, language))
        found.append(Piece("source", origin(quote, language), language, link=link(quote)))
    found += [
        Piece("note", phrase("removed", language, text=r.text, reason=r.reason), language)
        for r in answer.removed
    ]
    return found


def _told(answer: Answer) -> str:
    """The answer, but for statements that only introduce their quote: that follows anyway."""
    quotes = {quote.n: quote for quote in answer.quotes}
    said = [s for s in answer.statements if not _introduces(s, quotes, answer.language)]
    if len(said) == len(answer.statements):
        return answer.answer
    return " ".join([*([prose(said)] if said else []), *answer.unanswered])


def _introduces(statement: Statement, quotes: Mapping[int, Quote], language: str) -> bool:
    """Whether a statement is `SVT, 23 April 2025: “…”` and no more."""
    if len(statement.quotes) != 1:
        return False
    words = quoted(quotes[statement.quotes[0]].text, language)
    before = statement.text.removesuffix(words)
    return before != statement.text and (not before or before.endswith(": "))


def origin(quote: Quote, language: str) -> str:
    """Who says it and when: `SVT, 23 April 2025 (inferred date)`; never a folder of the server."""
    name = " ".join(links.name(quote.outlet, quote.title, quote.source).split())
    if quote.published is None:
        return f"{name}, {phrase('undated', language)}"
    on = day(date.fromisoformat(quote.published), language)
    note = f" ({phrase('inferred', language)})" if quote.published_is == "inferred" else ""
    return f"{name}, {on}{note}"


def size(text: str) -> int:
    """UTF-16 code units: never fewer than what any app counts as characters."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def divide(found: Sequence[Piece], limit: int, style: Style) -> list[list[Piece]]:
    """The pieces in messages of at most `limit` characters as `style` writes them.

    Raises `ValueError` for a limit too small to be of use.
    """
    if limit < _SHORTEST_LIMIT:
        raise ValueError(f"a message needs {_SHORTEST_LIMIT} characters or more, not {limit}")
    messages: list[list[Piece]] = [[]]
    for group in _groups(found):
        # A quote and its source stay together where one message can hold them.
        whole = size(join(group, style)) <= limit
        if whole and size(join([*messages[-1], *group], style)) > limit:
            messages.append([])
        for piece in group:
            _add(messages, piece, limit, style)
    return [message for message in messages if message]


def join(message: Sequence[Piece], style: Style) -> str:
    """A message as `style` writes it: an empty line between what does not belong together."""
    told = ""
    for i, piece in enumerate(message):
        between = "" if i == 0 else "\n" if piece.kind in ("source", "translation") else "\n\n"
        told += between + style(piece)
    return told


def as_text(answer: Answer, link: Link, limit: int) -> list[str]:
    """Plain-text messages of at most `limit` characters."""
    return [join(m, write_text) for m in divide(pieces(answer, link), limit, write_text)]


def as_markdown(answer: Answer, link: Link, limit: int) -> list[str]:
    """CommonMark messages of at most `limit` characters; nothing in an article is markup."""
    return [join(m, write_markdown) for m in divide(pieces(answer, link), limit, write_markdown)]


def as_html(message: Sequence[Piece]) -> str:
    """A message in the few tags that chat apps allow: b, i, a, blockquote; lines end with \\n."""
    return join(message, write_html)


def within_quotes(piece: Piece) -> str:
    """A quote's words between quotation marks; an ellipsis outside them where it was cut."""
    before = "… " if piece.begun else ""
    after = _CUT if piece.goes_on else ""
    return f"{before}{quoted(piece.text, piece.language)}{after}"


def write_text(piece: Piece) -> str:
    match piece.kind:
        case "quote":
            return f"[{piece.n}] {within_quotes(piece)}"
        case "source":
            return f"— {piece.text}" + (f"\n{piece.link}" if piece.link else "")
        case "translation":
            return f"({translation_label(piece)}: {piece.text})"
        case _:
            return piece.text


def write_markdown(piece: Piece) -> str:
    match piece.kind:
        case "quote":
            return blockquote(f"[{piece.n}] {within_quotes(piece)}") + "\n"
        case "source":
            return f"— {inline(piece.text)}" + (f" <{_address(piece.link)}>" if piece.link else "")
        case "translation":
            return f"*{translation_label(piece)}:* {inline(piece.text)}  "
        case "heading":
            return f"**{inline(piece.text)}**"
        case _:
            return inline(piece.text)


def write_html(piece: Piece) -> str:
    told = html.escape(piece.text)
    match piece.kind:
        case "quote":
            return f"<blockquote>[{piece.n}] {html.escape(within_quotes(piece))}</blockquote>"
        case "source" if piece.link:
            return f'— <a href="{html.escape(piece.link)}">{told}</a>'
        case "source":
            return f"— {told}"
        case "translation":
            return f"<i>{translation_label(piece)}:</i> {told}"
        case "heading":
            return f"<b>{told}</b>"
        case _:
            return told


def translation_label(piece: Piece) -> str:
    return _TRANSLATION.get(piece.language, _TRANSLATION["en"])


def _address(link: str) -> str:
    return link.replace("<", "%3C").replace(">", "%3E").replace(" ", "%20")


def _groups(found: Sequence[Piece]) -> Iterator[list[Piece]]:
    """Each quote with its translation and source; everything else alone."""
    group: list[Piece] = []
    for piece in found:
        if group and piece.kind not in ("source", "translation"):
            yield group
            group = []
        group.append(piece)
    if group:
        yield group


def _add(messages: list[list[Piece]], piece: Piece, limit: int, style: Style) -> None:
    """Puts `piece` at the end, cut into as many messages as it takes."""
    while size(join([*messages[-1], piece], style)) > limit:
        head = None
        if piece.kind != "source" and size(style(piece)) > limit:
            head, piece = _cut(messages[-1], piece, limit, style)
        if head is not None:
            messages[-1].append(head)
        elif not messages[-1]:
            piece = _without_link(piece, limit)
            continue
        messages.append([])
    messages[-1].append(piece)


def _without_link(piece: Piece, limit: int) -> Piece:
    """A source is not cut: its address is left out, then the end of its name."""
    if piece.link is None:
        return replace(piece, text=piece.text[: limit // 4] + "…")
    return replace(piece, link=None)


def _cut(
    message: Sequence[Piece], piece: Piece, limit: int, style: Style
) -> tuple[Piece | None, Piece]:
    """The longest beginning of `piece` that fits after `message`, and what is left."""

    def head(end: int) -> Piece:
        return replace(piece, text=piece.text[:end], link=None, goes_on=True)

    low, high = 0, len(piece.text) - 1
    while low < high:  # the size grows with the text, so the longest can be looked for by halves
        middle = (low + high + 1) // 2
        if size(join([*message, head(middle)], style)) <= limit:
            low = middle
        else:
            high = middle - 1
    if low < max(1, min(_SHORTEST_CUT, len(piece.text) - 1)):
        return None, piece
    end = _word_end(piece.text, low)
    return head(end), replace(piece, text=piece.text[end:], begun=True)


def _word_end(text: str, most: int) -> int:
    """Where to cut `text`, at `most` or before: after a space, if there is one not far off."""
    for end in range(most, max(most - 80, 1), -1):
        if text[end - 1].isspace():
            return end
    return most
