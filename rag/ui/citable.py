"""A quote, or a piece of evidence that may become one, as the page shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from rag import links
from rag.links import web_address as web_address
from rag.types import Evidence, Quote
from rag.ui.session import Exchange

# (text, its language, the language wanted) -> the translation, or None
Translate = Callable[[str, str, str], str | None]


@dataclass(frozen=True, slots=True)
class Citable:
    """Exact words and where they stand. `key` finds them again within their exchange."""

    key: str  # "q3": the answer's third quote; "e3": the third piece of evidence
    n: int | None  # the number shown; None while no statement uses it
    article_id: str
    start: int
    end: int
    text: str
    language: str
    title: str | None
    outlet: str | None  # the name a reader knows
    source: str
    published: str | None  # ISO 8601
    inferred: bool
    translation: str | None  # "" where one was asked for and none could be stood for
    sha256: str
    witness: str  # near-duplicate articles share one
    evidence: int | None = None  # the number of the piece of evidence, while running

    @property
    def name(self) -> str:
        """Who says it: the outlet, else the title, the host of the address or the file."""
        return links.name(self.outlet, self.title, self.source)

    @property
    def file(self) -> str:
        """The name of the file; its folders are the server's business."""
        return links.file_name(self.source)


def of_exchange(exchange: Exchange) -> tuple[Citable, ...]:
    """What the page lists under an exchange: the answer's quotes, before that the evidence."""
    if exchange.answer is not None:
        return tuple(_of_quote(quote, i) for i, quote in enumerate(exchange.answer.quotes))
    numbers = running_numbers(exchange)
    return tuple(
        _of_evidence(item, i, numbers.get(item.n)) for i, item in enumerate(exchange.evidence)
    )


def find(exchange: Exchange, key: str) -> Citable | None:
    """The citable with `key`, also after the evidence has given way to the answer."""
    kind, digits = key[:1], key[1:]
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 4:
        return None
    i = int(digits)
    if kind == "q" and exchange.answer is not None and i < len(exchange.answer.quotes):
        return _of_quote(exchange.answer.quotes[i], i)
    if kind == "e" and i < len(exchange.evidence):
        item = exchange.evidence[i]
        return _of_evidence(item, i, running_numbers(exchange).get(item.n))
    return None


def running_numbers(exchange: Exchange) -> dict[int, int]:
    """Evidence number -> the number it will have as a quote: in order of first use.

    The finished answer numbers its quotes the same way, so no number changes on the way.
    """
    numbers: dict[int, int] = {}
    for statement in exchange.accepted:
        for item in statement.evidence:
            numbers.setdefault(item.n, len(numbers) + 1)
    return numbers


def left_over(exchange: Exchange) -> tuple[Citable, ...]:
    """The evidence that the finished answer quotes nowhere."""
    if exchange.answer is None:
        return ()
    quoted = {(q.article_id, q.start, q.end) for q in exchange.answer.quotes}
    return tuple(
        c
        for i, item in enumerate(exchange.evidence)
        if (c := _of_evidence(item, i, None)) and (c.article_id, c.start, c.end) not in quoted
    )


def translated(exchange: Exchange, key: str, translate: Translate) -> Exchange | None:
    """The exchange with the quote `key` translated into its answer's language.

    Where `translate` gives nothing the page says so. None when there is nothing to translate:
    no such quote, one that has a translation, or one in the answer's own language.
    """
    answer, c = exchange.answer, find(exchange, key)
    if answer is None or c is None or key[:1] != "q":
        return None
    if c.translation is not None or c.language == answer.language:
        return None
    said = translate(c.text, c.language, answer.language) or ""
    quotes = tuple(
        quote.model_copy(update={"translation": said}) if i == int(key[1:]) else quote
        for i, quote in enumerate(answer.quotes)
    )
    return replace(exchange, answer=answer.model_copy(update={"quotes": quotes}))


def _of_quote(quote: Quote, i: int) -> Citable:
    return Citable(
        key=f"q{i}",
        n=quote.n,
        article_id=quote.article_id,
        start=quote.start,
        end=quote.end,
        text=quote.text,
        language=quote.language,
        title=quote.title,
        outlet=quote.outlet,
        source=quote.source,
        published=quote.published,
        inferred=quote.published_is == "inferred",
        translation=quote.translation,
        sha256=quote.article_sha256,
        witness=quote.witness or quote.article_id,
    )


def _of_evidence(item: Evidence, i: int, n: int | None) -> Citable:
    article = item.article
    return Citable(
        key=f"e{i}",
        n=n,
        article_id=article.id,
        start=item.sentence.start,
        end=item.sentence.end,
        text=item.sentence.text,
        language=article.language,
        title=article.title,
        outlet=article.outlet,
        source=article.source,
        published=article.published.on.isoformat() if article.published.on else None,
        inferred=article.published.how == "inferred",
        translation=None,
        sha256=article.sha256,
        witness=article.witness,
        evidence=item.n,
    )
