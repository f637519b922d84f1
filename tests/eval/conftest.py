"""Hand-checkable pieces: one tiny article, cases and answers over it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from eval.cases import Case, Gold, GoldCase
from rag.types import Answer, Quote, Refusal, Statement, text_sha256

TEXTS = {
    "mill": "The mill opened in 1961. It made 30 per cent of the county's flour. It closed in May.",
    "sjo": "Sjön är djup. Isen höll inte.",
}


def text_of(article_id: str) -> str | None:
    return TEXTS.get(article_id)


def gold(article: str, text: str) -> Gold:
    start = TEXTS[article].index(text)
    return Gold(article, start, start + len(text), text)


def quote(n: int, article: str, text: str, /, **changed: Any) -> Quote:
    start = TEXTS[article].index(text)
    values: dict[str, Any] = {
        "n": n,
        "article_id": article,
        "source": f"{article}.txt",
        "title": None,
        "published": None,
        "published_is": None,
        "language": "en",
        "start": start,
        "end": start + len(text),
        "text": text,
        "article_sha256": text_sha256(TEXTS[article]),
    }
    return Quote(**(values | changed))


def answer(text: str, quotes: Sequence[Quote], **changed: Any) -> Answer:
    """An answer of one statement that stands on all its quotes."""
    values: dict[str, Any] = {
        "question": "?",
        "standalone_question": "?",
        "language": "en",
        "status": "answered",
        "answer": text,
        "statements": (Statement(text=text, quotes=tuple(q.n for q in quotes)),),
        "quotes": tuple(quotes),
        "llm": "none",
        "trace_id": "t",
    }
    return Answer(**(values | changed))


def refusal(quotes: Sequence[Quote] = ()) -> Answer:
    return answer(
        "The articles do not say.",
        quotes,
        status="refused",
        statements=(),
        refusal=Refusal(reason="no_evidence", nearest=tuple(q.n for q in quotes)),
    )


def case(**changed: Any) -> Case:
    values: dict[str, Any] = {
        "id": "flour",
        "question": "How much flour?",
        "language": "en",
        "kind": "fact",
        "split": "dev",
        "accept": [["30 %"]],
    }
    return Case(**(values | changed))


FLOUR = "It made 30 per cent of the county's flour."


@pytest.fixture
def flour() -> GoldCase:
    return GoldCase(case(), ((gold("mill", FLOUR),),), (), "en->en")


@pytest.fixture
def silent() -> GoldCase:
    return GoldCase(case(id="silent", accept=[], refuse=True, kind="unanswerable"), (), (), None)
