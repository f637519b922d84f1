"""Values -> HTML. Pure: the same values give the same page, and nothing is read or changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from rag.present import answer_text
from rag.types import Answer, Article, Filters, Refusal, Span
from rag.ui import told
from rag.ui.citable import Citable, left_over, of_exchange, web_address
from rag.ui.html import TAGS, clean, fill
from rag.ui.passage import paragraphs
from rag.ui.session import Exchange, Session
from rag.ui.strings import CATALOGUE, LANGUAGES, Strings

__all__ = ["TAGS", "article", "clean", "conversation", "exchange", "home", "latest"]

# A visitor's verdicts on one answer: ("answer" | "statement" | "quote", index) -> "up" | "down".
Feedback = Mapping[tuple[str, int], str]
_NONE: Feedback = {}
REASONS = ("wrong", "misleading", "not_asked", "outdated")


def home(t: Strings, articles: int, examples: Mapping[str, Sequence[str]], data: str) -> str:
    """What a visitor sees before asking; how to add articles when there are none."""
    ordered = sorted(examples, key=lambda code: code != t.language)
    questions = [question for code in ordered for question in examples[code]]
    return fill("home.html", t=t, articles=articles, examples=questions, data=data)


def conversation(
    t: Strings,
    session: Session,
    feedback: Mapping[str, Feedback] | None = None,
    *,
    translates: bool = False,
) -> str:
    """All exchanges but the last, which has a place of its own while it changes.

    `feedback` is by the answers' trace ids.
    """
    return "".join(
        exchange(t, x, i, _given(x, feedback), translates=translates)
        for i, x in enumerate(session.exchanges[:-1])
    )


def latest(
    t: Strings,
    session: Session,
    feedback: Mapping[str, Feedback] | None = None,
    *,
    translates: bool = False,
) -> str:
    """The last exchange, led by one line that tells a screen reader how far it is."""
    place = len(session.exchanges) - 1
    x = session.exchanges[place]
    shown = exchange(t, x, place, _given(x, feedback), translates=translates)
    return fill("status.html", status=status(t, x)) + shown


def exchange(
    t: Strings,
    x: Exchange,
    place: int,
    feedback: Feedback = _NONE,
    *,
    translates: bool = False,
    today: date | None = None,
) -> str:
    """One question with what has come of it; `place` is its index in the session.

    `feedback` is the visitor's own. `translates`: there is an LLM to translate quotes.
    Evidence is called old as seen from `today`.
    """
    items = of_exchange(x)
    answer = x.answer
    refusal = answer.refusal if answer else None
    if answer is None:
        statements, items = told.running(x, items), _cited_first(items)
    else:
        statements = [] if refusal else told.statements(answer, items)
    return fill(
        "exchange.html",
        t=t,
        x=x,
        place=place,
        answer=answer,
        refusal=refusal,
        understood=x.standalone if x.standalone and _differs(x.standalone, x.question) else None,
        filters=_filters(t, x.filters),
        statements=statements,
        conflicts=told.conflicts(answer, items) if answer else [],
        shown=_shown(items, refusal),
        shown_as="nearest_not" if refusal else "quotes" if answer else "found",
        left_over=() if refusal else left_over(x),
        twins=told.twins(items) if answer else {},
        feedback=feedback,
        translates=translates and answer is not None,
        reasons=REASONS,
        copied=f"{x.question}\n\n{answer_text(answer)}" if answer else "",
        newest=None if refusal or not answer else told.newest(items, today or date.today()),
        colophon=_colophon(t, answer, items) if answer else [],
        period=told.period,
    )


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
    return fill(
        "article.html",
        t=t,
        c=c,
        place=place,
        siblings=sorted(siblings, key=lambda s: s.n or 1_000),
        missing=missing,
        paragraphs=cut,
        masked=[_mask_reason(t, mask.reason) for mask in found.masks] if found else [],
        address=web_address(c.source),
        why=found.info.published.reason if found else None,
        period=told.period,
    )


def status(t: Strings, x: Exchange) -> str:
    """One line for screen readers: how far the exchange is."""
    if x.answer is not None:
        return f"{t('ready')} {t.count('quotes', len(x.answer.quotes))}."
    return t(x.phase) if x.phase in ("looking", "writing", "stopped") else t("problem")


def _mask_reason(t: Strings, reason: str) -> str:
    """Why words are never quoted, in the page's language where the reason is one of ours."""
    key = f"mask_{reason.replace(' ', '_')}"
    return t(key) if key in CATALOGUE else reason


def _given(x: Exchange, feedback: Mapping[str, Feedback] | None) -> Feedback:
    return feedback.get(x.answer.trace_id, _NONE) if feedback and x.answer else _NONE


def _shown(items: Sequence[Citable], refusal: Refusal | None) -> Sequence[Citable]:
    return told.by_number(items, refusal.nearest) if refusal else items


def _cited_first(items: Sequence[Citable]) -> tuple[Citable, ...]:
    """In the order that the finished answer lists its quotes, so that none changes its place."""
    return tuple(sorted(items, key=lambda c: c.n if c.n is not None else len(items) + 1))


def _filters(t: Strings, filters: Filters) -> list[str]:
    """Which articles the question was allowed to draw on; empty where all were."""
    said = []
    if filters.source:
        said.append(t("filter_source", source=filters.source))
    if filters.language:
        known = filters.language in LANGUAGES
        name = t(f"language_{filters.language}") if known else filters.language
        said.append(t("filter_language", language=name))
    if filters.date_from:
        said.append(t("filter_from", day=t.day(filters.date_from.isoformat())))
    if filters.date_to:
        said.append(t("filter_to", day=t.day(filters.date_to.isoformat())))
    return said


def _colophon(t: Strings, answer: Answer, items: Sequence[Citable]) -> list[str]:
    parts = []
    if items and not answer.refusal:
        articles = len({c.article_id for c in items})
        witnesses = len({c.witness for c in items})
        quotes = t.count("quotes", len(items))
        parts.append(t("from_articles", quotes=quotes, articles=t.count("articles", articles)))
        if witnesses < articles:
            said = "one_witness" if witnesses == 1 else "few_witnesses"
            parts.append(t(said, n=articles, w=witnesses))
    parts.append(t("without_llm") if answer.llm == "none" else t("composed_by", llm=answer.llm))
    if (total := answer.timings_ms.get("total")) is not None:
        seconds = f"{total / 1000:.1f}"
        said = t("seconds", s=seconds.replace(".", ",") if t.language == "sv" else seconds)
        parts.append(said.replace(" ", "\u00a0"))
    return parts


def _differs(a: str, b: str) -> bool:
    return " ".join(a.split()).casefold() != " ".join(b.split()).casefold()
