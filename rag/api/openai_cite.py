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

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rag import links
from rag.answering.assemble import Accepted, Quotes, make_statements, prose
from rag.api.errors import ApiError
from rag.present import quote_origin
from rag.types import Answer, Quote, Statement, StatementAccepted

Link = Callable[[Quote], str]

_MARKS = re.compile(r"(?:\s?\[\d+\])+")
_MARK = re.compile(r"\[(\d+)\]")
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
    quotes: tuple[Quote, ...]


class Teller:
    """Cuts an answer into pieces as its statements come; joined they are the answer's text."""

    def __init__(self, article_text: Callable[[str], str]) -> None:
        """`article_text` gives an article's text by its id."""
        self._quotes = Quotes(article_text)
        self._told = ""
        self._known: tuple[Quote, ...] = ()

    def statement(self, event: StatementAccepted) -> Piece:
        """The piece that a statement makes, numbered as the finished answer will be."""
        made = make_statements([Accepted(event.text, event.evidence)], self._quotes)
        text = f" {prose(made)}" if self._told else prose(made)
        begun = len(self._told)
        self._told += text
        known, self._known = self._known, self._quotes.all()
        return Piece(text, marks(self._told, made, begun), self._known[len(known) :])

    def rest(self, answer: Answer) -> Piece:
        """What the finished answer has beyond what was told."""
        as_told = [(q.article_id, q.start, q.end) for q in self._known]
        as_made = [(q.article_id, q.start, q.end) for q in cited(answer)[: len(as_told)]]
        if not answer.answer.startswith(self._told) or as_told != as_made:
            raise ApiError(
                500, "The answer did not come out as it had been told so far: ask again."
            )
        begun = len(self._told)
        after = tuple(mark for mark in answer_marks(answer) if mark.start >= begun)
        return Piece(answer.answer[begun:], after, cited(answer)[len(as_told) :])


def marks(text: str, statements: Sequence[Statement], begun: int = 0) -> tuple[Mark, ...]:
    """The marks after each of `statements` in `text`, looked for from `begun`.

    Only those after a statement are marks: a `[1]` in the words of a question that is repeated
    to the person is none.
    """
    found: list[Mark] = []
    at = begun
    for statement in statements:
        begins = text.find(statement.text, at)
        if begins < 0:
            continue
        at = begins + len(statement.text)
        run = _MARKS.match(text, at)
        if run is None:
            continue
        at = run.end()
        for one in _MARK.finditer(text, run.start(), run.end()):
            if int(one[1]) in statement.quotes:
                found.append(Mark(int(one[1]), one.start(), one.end()))
    return tuple(found)


def answer_marks(answer: Answer) -> tuple[Mark, ...]:
    return marks(answer.answer, answer.statements)


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
    """What has Open WebUI show a quote among the sources."""
    name = quote_origin(quote.model_copy(update={"source": _name(quote)}), language)
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
    return -(-characters // _CHARS_A_TOKEN), -(-len(answer.answer) // _CHARS_A_TOKEN), True


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
