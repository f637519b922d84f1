"""A conversation as a file to keep: Markdown to read, JSON for programs. Pure: values in, text out.

Articles, questions and names are untrusted; in the Markdown they show as text. Of an article
that was read from a file only the file's name is told, not the server's folders.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from rag.markdown import blockquote, code, inline
from rag.store.conversations import StoredExchange
from rag.types import Answer, PublishedIs, Quote

VERSION = 1  # of the JSON; raise when a field changes its meaning or goes
_WEB = re.compile(r"https?://[^/\s]", re.IGNORECASE)

_WORDS: dict[str, tuple[str, str]] = {
    "untitled": ("Conversation", "Samtal"),
    "about": (
        "Every quote is word for word. Its characters are counted in Unicode code points from 0, "
        "the end left out, in its article's text, whose SHA-256 (of the UTF-8) is given.",
        "Varje citat är ordagrant. Dess tecken räknas i Unicode-kodpunkter från 0, slutet "
        "oräknat, i artikelns text, vars SHA-256 (av UTF-8) anges.",
    ),
    "understood": ("Understood as", "Tolkad som"),
    "stopped": ("Stopped before the answer was finished.", "Avbröts innan svaret var klart."),
    "problem": ("No answer", "Inget svar"),
    "refused": ("Not answered", "Inte besvarad"),
    "no_evidence": (
        "the passages that come nearest do not answer the question",
        "passagerna som ligger närmast svarar inte på frågan",
    ),
    "out_of_scope": (
        "the question is about something that the articles are not about",
        "frågan gäller något som artiklarna inte handlar om",
    ),
    "not_a_question": (
        "there is nothing here to look for in the articles",
        "här finns inget att leta efter i artiklarna",
    ),
    "unverified": (
        "no statement stood when held against its quotes",
        "inget påstående höll när det prövades mot sina citat",
    ),
    "unanswered": ("Not answered by the articles", "Besvaras inte i artiklarna"),
    "conflicts": ("The articles disagree", "Artiklarna går isär"),
    "changes": ("What held when", "Vad som gällde när"),
    "removed": ("Removed statements", "Borttagna påståenden"),
    "quotes": ("Quotes", "Citat"),
    "nearest": (
        "The nearest passages, which do not answer it",
        "De närmaste passagerna, som inte svarar på frågan",
    ),
    "undated": ("undated", "odaterad"),
    "inferred": ("inferred date", "uppskattat datum"),
    "translation": ("Translation, not verbatim", "Översättning, inte ordagrann"),
    "characters": ("characters {start}–{end} of", "tecken {start}–{end} i"),
}


def as_markdown(title: str, exchanges: Sequence[StoredExchange], language: str) -> str:
    """The conversation with its quotes, headings in English or ("sv") Swedish."""
    t = _Words(language)
    blocks = [f"# {inline(title) or t('untitled')}", t("about")]
    for number, exchange in enumerate(exchanges, start=1):
        blocks += _exchange(exchange, number, t)
    return "\n\n".join(block for block in blocks if block) + "\n"


def as_json(title: str, exchanges: Sequence[StoredExchange], language: str) -> str:
    """The conversation with its answer objects; `language` is that of whoever exports it."""
    document = {
        "version": VERSION,
        "title": title,
        "language": language,
        "exchanges": [
            {
                "place": exchange.place,
                "question": exchange.question,
                "standalone_question": exchange.standalone,
                "stopped": exchange.stopped,
                "problem": exchange.problem,
                "answer": None if exchange.answer is None else _object(exchange.answer),
            }
            for exchange in exchanges
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


class _Words:
    """The headings in one language."""

    def __init__(self, language: str) -> None:
        self._place = 1 if language == "sv" else 0

    def __call__(self, key: str, **values: object) -> str:
        return _WORDS[key][self._place].format(**values)


def _exchange(exchange: StoredExchange, number: int, t: _Words) -> Iterator[str]:
    """The blocks of one question and its answer."""
    yield f"## {number}. {inline(exchange.question)}"
    answer = exchange.answer
    standalone = exchange.standalone or (answer.standalone_question if answer else None)
    if standalone and standalone.strip() != exchange.question.strip():
        yield f"**{t('understood')}:** {inline(standalone)}"
    if answer is not None:
        yield from _answer(answer, t)
    if exchange.problem is not None:
        yield f"**{t('problem')}:** {inline(exchange.problem)}"
    if exchange.stopped:
        yield f"*{t('stopped')}*"


def _answer(answer: Answer, t: _Words) -> Iterator[str]:
    if answer.refusal is not None:
        yield f"**{t('refused')}:** {inline(answer.answer)} ({t(answer.refusal.reason)})"
    yield _list(f"{inline(s.text)} {_marks(s.quotes)}" for s in answer.statements)
    if answer.unanswered:
        yield f"### {t('unanswered')}"
        yield _list(map(inline, answer.unanswered))
    if answer.conflicts:
        yield f"### {t('conflicts')}"
        for conflict in answer.conflicts:
            yield f"**{inline(conflict.about)}**" if conflict.about.strip() else ""
            yield _list(
                f"{inline(side.claim)} {_marks(side.quotes)} ({_origins(answer, side.quotes, t)})"
                for side in conflict.sides
            )
    if answer.changes:
        yield f"### {t('changes')}"
        for change in answer.changes:
            yield f"**{inline(change.about)}**" if change.about.strip() else ""
            yield _list(
                f"{_date(step.published, step.published_is, t)}: {inline(step.claim)} "
                f"{_marks(step.quotes)}"
                for step in change.steps
            )
    if answer.removed:
        yield f"### {t('removed')}"
        yield _list(f"“{inline(r.text)}” – {inline(r.reason)}" for r in answer.removed)
    if answer.quotes:
        yield f"### {t('quotes' if answer.refusal is None else 'nearest')}"
        for quote in answer.quotes:
            yield from _quote(quote, t)


def _quote(quote: Quote, t: _Words) -> Iterator[str]:
    yield f"**\\[{quote.n}\\]** {_origin(quote, t)}"
    yield blockquote(quote.text)
    if quote.translation:
        yield f"*{t('translation')}:* {inline(quote.translation)}"
    where = t("characters", start=quote.start, end=quote.end)
    yield (
        f"{code(_public(quote.source))}, {where} {code(quote.article_id)}, "
        f"SHA-256 {code(quote.article_sha256)}"
    )


def _origin(quote: Quote, t: _Words) -> str:
    """Outlet, title and date, as far as they are known."""
    named = [inline(quote.outlet)] if quote.outlet else []
    named += [f"“{inline(quote.title)}”"] if quote.title else []
    return ", ".join([*named, _date(quote.published, quote.published_is, t)])


def _origins(answer: Answer, numbers: Sequence[int], t: _Words) -> str:
    """Outlet (else the file's or article's name) and date of the quotes of a side."""
    told = [
        f"{inline(quote.outlet or quote.title or _public(quote.source))}, "
        f"{_date(quote.published, quote.published_is, t)}"
        for quote in answer.quotes
        if quote.n in numbers
    ]
    return "; ".join(dict.fromkeys(told))


def _date(published: str | None, how: PublishedIs | None, t: _Words) -> str:
    if published is None:
        return t("undated")
    return f"{inline(published)} ({t('inferred')})" if how == "inferred" else inline(published)


def _marks(numbers: Sequence[int]) -> str:
    return " ".join(f"\\[{number}\\]" for number in numbers)


def _list(items: Iterable[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _object(answer: Answer) -> dict[str, Any]:
    """The answer object, its sources as they may be told."""
    quotes = tuple(q.model_copy(update={"source": _public(q.source)}) for q in answer.quotes)
    return answer.model_copy(update={"quotes": quotes}).model_dump(mode="json")


def _public(source: str) -> str:
    """A web address as it is; of anything else the last part, without its folders."""
    if _WEB.match(source):
        return source
    return re.split(r"[\\/]", source.rstrip("\\/"))[-1] or "?"
