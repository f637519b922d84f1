"""Values -> HTML. Pure: the same values give the same page, and nothing is read or changed.

Articles, titles, file names and questions are untrusted. Every text is escaped by the
templates, and the whole is then cleaned by nh3 against a list of the tags and attributes that
the templates use: `gr.HTML` puts what it gets into the page as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

import nh3
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from rag.types import Answer, Article, Span, Statement
from rag.ui.citable import Citable, of_exchange, running_numbers, web_address, witnesses
from rag.ui.passage import paragraphs
from rag.ui.session import Exchange, Session
from rag.ui.strings import LANGUAGES, Strings

_TEMPLATES = Path(__file__).with_name("templates")

_TAGS = {
    "a", "aside", "bdi", "button", "code", "details", "div", "footer", "h1", "h2", "h3",
    "header", "i", "li", "mark", "nav", "ol", "p", "pre", "q", "s", "section", "span",
    "summary", "time", "ul",
}  # fmt: skip
_ATTRIBUTES = {
    "*": {"class", "lang", "dir", "role", "title", "tabindex"},
    "a": {"href", "target"},
    "button": {"type"},
    "time": {"datetime"},
}

# Short statements read as one paragraph; longer ones, such as whole quotes, each as its own.
_PROSE = 140

_MARK = re.compile(r"\s*\[(\d{1,3})\]")

# A statement cut for the page: its words, and the quotes it cites where they are cited.
Parts = list[str | Citable]


def header(t: Strings, articles: int, talking: bool) -> str:
    """The top line: name, size of the collection, new conversation, language."""
    other = next(code for code in LANGUAGES if code != t.language)
    return _html("header.html", t=t, articles=articles, talking=talking, other=other)


def home(t: Strings, articles: int, examples: Mapping[str, Sequence[str]], data: str) -> str:
    """What a visitor sees before asking; how to add articles when there are none."""
    ordered = sorted(examples, key=lambda code: code != t.language)
    questions = [question for code in ordered for question in examples[code]]
    return _html("home.html", t=t, articles=articles, examples=questions, data=data)


def conversation(t: Strings, session: Session) -> str:
    """All exchanges but the last, which has a place of its own while it changes."""
    return "".join(exchange(t, x, i) for i, x in enumerate(session.exchanges[:-1]))


def exchange(t: Strings, x: Exchange, place: int) -> str:
    """One question with what has come of it; `place` is its index in the session."""
    items = of_exchange(x)
    answer = x.answer
    refusal = answer.refusal if answer else None
    if answer is None:
        statements = _running_statements(x, items)
    else:
        statements = [] if refusal else _statements(answer, items)
    if refusal:
        listed, title = _by_number(items, refusal.nearest), "nearest"
    else:
        listed, title = list(items), "quotes" if answer else "found"
    understood = x.standalone if x.standalone and _differs(x.standalone, x.question) else None
    return _html(
        "exchange.html",
        t=t,
        x=x,
        place=place,
        refusal=refusal,
        understood=understood,
        statements=statements,
        apart=any(_length(parts) > _PROSE for parts in statements),
        conflicts=_conflicts(answer, items) if answer else [],
        unanswered=answer.unanswered if answer else (),
        removed=answer.removed if answer else (),
        shown=listed,
        shown_as=title,
        colophon=_colophon(t, answer) if answer else [],
    )


def latest(t: Strings, session: Session) -> str:
    """The last exchange, led by one line that tells a screen reader how far it is."""
    place = len(session.exchanges) - 1
    x = session.exchanges[place]
    return _html("status.html", status=status(t, x)) + exchange(t, x, place)


def article(
    t: Strings, found: Article | None, c: Citable, siblings: Sequence[Citable], place: int
) -> str:
    """The article at the passage of `c`, its exact words highlighted.

    `siblings` are all the exchange's citables from the same article, `c` among them. When the
    article is gone, or no longer holds the words there, that is said and the quote shown alone.
    """
    missing = None
    if found is None:
        missing = "gone"
    elif found.text[c.start : c.end] != c.text:
        missing = "changed"
    cut = []
    if found is not None and missing is None:
        others = [Span(s.start, s.end) for s in siblings if s.key != c.key]
        others = [span for span in others if span.end <= len(found.text)]
        cut = paragraphs(found.text, Span(c.start, c.end), others, found.masks)
    return _html(
        "article.html",
        t=t,
        c=c,
        place=place,
        siblings=sorted(siblings, key=lambda s: s.n or 1_000),
        missing=missing,
        paragraphs=cut,
        masks=found.masks if found else (),
        address=web_address(c.source),
        why=found.info.published.reason if found else None,
    )


def status(t: Strings, x: Exchange) -> str:
    """One line for screen readers: how far the exchange is."""
    if x.answer is not None:
        return f"{t('ready')} {t.count('quotes', len(x.answer.quotes))}."
    return t(x.phase) if x.phase in ("looking", "writing", "stopped") else t("problem")


def clean(html: str) -> str:
    """`html` with only the tags, attributes and addresses that the templates use."""
    return nh3.clean(
        html,
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        generic_attribute_prefixes={"data-", "aria-"},
        url_schemes={"http", "https"},
        link_rel="noopener noreferrer",
    )


def _statements(answer: Answer, items: Sequence[Citable]) -> list[Parts]:
    """Those that no box below tells: a conflict stands side by side, and only there."""
    boxed = {c.statement for c in answer.conflicts}
    return [
        _parts(s, _by_number(items, s.quotes))
        for i, s in enumerate(answer.statements)
        if i not in boxed
    ]


def _running_statements(x: Exchange, items: Sequence[Citable]) -> list[Parts]:
    numbers = running_numbers(x)
    return [
        [s.text, *_by_number(items, [numbers[item.n] for item in s.evidence])] for s in x.accepted
    ]


def _parts(statement: Statement, cited: Sequence[Citable]) -> Parts:
    """The statement's words, its marks replaced by the quotes; those without a mark at the end."""
    known = {c.n: c for c in cited}
    parts: Parts = []
    at = 0
    for found in _MARK.finditer(statement.text):
        if (c := known.get(int(found.group(1)))) is not None:
            parts += [statement.text[at : found.start()], c]
            at = found.end()
    parts.append(statement.text[at:])
    placed = {part.key for part in parts if isinstance(part, Citable)}
    return [*parts, *(c for c in cited if c.key not in placed)]


def _conflicts(answer: Answer, items: Sequence[Citable]) -> list[dict[str, object]]:
    return [
        {
            "about": conflict.about,
            "sides": [
                {"claim": _unmarked(side.claim, side.quotes), "quotes": cited}
                for side in conflict.sides
                if (cited := _by_number(items, side.quotes))
            ],
        }
        for conflict in answer.conflicts
    ]


def _length(parts: Parts) -> int:
    return sum(len(part) for part in parts if isinstance(part, str))


def _unmarked(text: str, numbers: Sequence[int]) -> str:
    return _MARK.sub(lambda found: "" if int(found.group(1)) in numbers else found.group(), text)


def _colophon(t: Strings, answer: Answer) -> list[str]:
    parts = []
    if answer.quotes and not answer.refusal:
        parts.append(t.count("quotes", len(answer.quotes)))
        parts.append(t.count("witnesses", witnesses(answer)))
    parts.append(t("without_llm") if answer.llm == "none" else t("composed_by", llm=answer.llm))
    if (total := answer.timings_ms.get("total")) is not None:
        seconds = f"{total / 1000:.1f}"
        parts.append(t("seconds", s=seconds.replace(".", ",") if t.language == "sv" else seconds))
    return parts


def _by_number(items: Sequence[Citable], numbers: Sequence[int]) -> list[Citable]:
    known = {c.n: c for c in items if c.n is not None}
    return [known[n] for n in dict.fromkeys(numbers) if n in known]


def _differs(a: str, b: str) -> bool:
    return " ".join(a.split()).casefold() != " ".join(b.split()).casefold()


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
    return clean(_environment().get_template(template).render(**values))
