"""An answer as OpenAI's clients read it: its text, what is cited where, its sources, its usage.

`url_citation`s: OpenAI has `start_index` and `end_index` as the first and last place of the
citation itself in the message, the mark that a reader sees, and clients slice
`content[start_index:end_index]`. So here they enclose a mark `[n]`, the end exclusive, counted in
Unicode code points of the whole message (JavaScript's UTF-16 units are the same but for emoji and
rare scripts).

Perplexity's `citations[n - 1]` is the address of mark `[n]`, `search_results[n - 1]` its quote.
Open WebUI shows its own `source` events, numbered by their order. It makes another of each
annotation, and takes two for one where `metadata.source` is the same: so that is the address.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rag import links
from rag.answering.assemble import Accepted, Quotes, make_statements, prose
from rag.api.errors import ApiError
from rag.present import quote_origin
from rag.types import Answer, Quote, Statement, StatementAccepted

Link = Callable[[Quote], str]

_BETWEEN = "\n\n"
_CHARS_A_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark `[n]` at its place in the text, in code points, `end` exclusive."""

    n: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Piece:
    """The next piece of an answer's text, its marks (places in the whole), its new quotes."""

    text: str
    marks: tuple[Mark, ...]
    quotes: tuple[Quote, ...] = ()


class Teller:
    """Cuts an answer into pieces as its statements come; joined they are the `whole` one."""

    def __init__(self, article_text: Callable[[str], str]) -> None:
        """`article_text` gives an article's text by its id."""
        self._quotes = Quotes(article_text)
        self._told = ""
        self._known: tuple[Quote, ...] = ()

    def statement(self, event: StatementAccepted) -> Piece:
        """The piece that a statement makes, numbered as the finished answer will be."""
        made = make_statements([Accepted(event.text, event.evidence)], self._quotes)
        piece = _paragraphs(made, len(self._told))
        self._told += piece.text
        known, self._known = self._known, self._quotes.all()
        return Piece(piece.text, piece.marks, self._known[len(known) :])

    def rest(self, answer: Answer) -> Piece:
        """What the finished answer has beyond what was told."""
        finished = whole(answer)
        as_told = [(q.article_id, q.start, q.end) for q in self._known]
        as_made = [(q.article_id, q.start, q.end) for q in finished.quotes[: len(as_told)]]
        if not finished.text.startswith(self._told) or as_told != as_made:
            raise ApiError(
                500, "The answer did not come out as it had been told so far: ask again."
            )
        begun = len(self._told)
        after = tuple(mark for mark in finished.marks if mark.start >= begun)
        return Piece(finished.text[begun:], after, finished.quotes[len(as_told) :])


def whole(answer: Answer) -> Piece:
    """The finished answer as one piece.

    Its statements are paragraphs, since a chat client runs what stands in one line into a wall
    of text; then comes what the articles do not answer. A refusal is its one sentence.
    """
    if not answer.statements:
        return Piece(answer.answer, (), cited(answer))
    stated = _paragraphs(answer.statements)
    text = _BETWEEN.join([stated.text, *answer.unanswered])
    return Piece(text, stated.marks, cited(answer))


def _paragraphs(statements: Sequence[Statement], begun: int = 0) -> Piece:
    """The text and marks of `statements` where the text before them has `begun` characters.

    Only these are marks: a `[1]` in the words of a question that is repeated to the person is
    none.
    """
    text, marks = "", []
    for statement in statements:
        text += _BETWEEN if begun or text else ""
        at = begun + len(text) + len(statement.text) + 1
        text += prose([statement])
        for n in statement.quotes:
            marks.append(Mark(n, at, at + len(f"[{n}]")))
            at = marks[-1].end
    return Piece(text, tuple(marks))


def cited(answer: Answer) -> tuple[Quote, ...]:
    """The quotes that the answer stands on, in the order of their numbers; a refusal has none."""
    return () if answer.refusal else answer.quotes


def citation(quote: Quote, mark: Mark, link: Link) -> dict[str, Any]:
    """A `url_citation` without its `type`."""
    return {
        "start_index": mark.start,
        "end_index": mark.end,
        "url": link(quote),
        "title": quote.title or _name(quote),
    }


def extras(answer: Answer, link: Link) -> dict[str, Any]:
    """Fields beside OpenAI's: Perplexity's, and the answer object of our own API.

    The results of a refusal are the passages that came nearest; it cites none of them.
    """
    return {
        "citations": [link(quote) for quote in cited(answer)],
        "search_results": [_result(quote, link) for quote in answer.quotes],
        "ordagrant": answer.model_dump(mode="json"),
    }


def source_event(quote: Quote, link: Link, language: str) -> dict[str, Any]:
    """What has Open WebUI show a quote among the sources.

    It takes the middle out of a name of more than 30 characters, so there is no room in one for
    how the day is known.
    """
    named = quote.model_copy(update={"source": _name(quote), "published_is": None})
    name = quote_origin(named, language)
    address = link(quote)
    return {
        "type": "source",
        "data": {
            "source": {"name": name, "url": address},
            "document": [quote.text],
            "metadata": [
                {
                    "source": address,
                    # Either of these, by its version, keeps it from showing the address in the
                    # place of the name and from asking another host for the address's icon.
                    "source_url": address,
                    "external": True,
                    "name": name,
                    "title": quote.title,
                }
            ],
        },
    }


def usage(answer: Answer, characters: int) -> tuple[int, int, bool]:
    """Tokens asked and told, and whether they are an estimate from `characters` of the request.

    Where an LLM composed the answer and counted, what it read and wrote; what it took besides, to
    rewrite a follow-up for example, is not in it. Else four characters a token, rounded up.
    """
    counted = answer.tokens or {}
    if counted.get("output"):  # not every service counts
        return counted["prompt"], counted["output"], False
    return -(-characters // _CHARS_A_TOKEN), -(-len(whole(answer).text) // _CHARS_A_TOKEN), True


def _result(quote: Quote, link: Link) -> dict[str, Any]:
    return {
        "title": quote.title or _name(quote),
        "url": link(quote),
        "date": quote.published,
        "last_updated": None,
        "snippet": quote.text,
        "source": _name(quote),
    }


def _name(quote: Quote) -> str:
    return links.name(quote.outlet, quote.title, quote.source)
