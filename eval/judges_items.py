"""What there is to judge in a run: its answers, as items for judges.

A refusal states nothing, so it has no items: it counts in the answer rate, which stands beside
every judged figure, and is never a zero here. Neither is a crashed case.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from eval.cases import TextOf
from eval.judges import ASPECTS, Aspect, Item, Shown
from eval.matching import without_marks
from rag.corpus.sentences import split_sentences
from rag.types import Answer, Quote, Statement


@dataclass(frozen=True, slots=True)
class Answered:
    """A case that was answered, read from the document of a run."""

    id: str
    kind: str
    language: str
    question: str
    answer: Answer
    correct: bool
    expected: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """An item, the case that it is of, and for faithfulness which of its statements."""

    case: str
    statement: int | None
    item: Item


def answered(document: Mapping[str, Any]) -> list[Answered]:
    """The cases with an answer that states something, in the run's order."""
    found = []
    for row in document["results"]:
        if row["answer"] is None or row["answer"]["status"] == "refused":
            continue
        answer = Answer.model_validate(row["answer"])
        if answer.statements:
            correct = bool((row["score"] or {}).get("correct"))
            found.append(
                Answered(
                    row["id"], row["kind"], row["language"], row["question"], answer, correct,
                    row["expected"],
                )
            )  # fmt: skip
    return found


class Articles:
    """Shows quotes with the sentence before them, from the articles' own texts."""

    def __init__(self, text_of: TextOf) -> None:
        self._text_of = text_of
        self._starts = lru_cache(maxsize=512)(self._split)

    def shown(self, quote: Quote) -> Shown:
        published = None if quote.published is None else date.fromisoformat(quote.published)
        return Shown(
            quote.text, quote.article_id, quote.source, quote.language, quote.title, quote.outlet,
            published, self._before(quote),
        )  # fmt: skip

    def _before(self, quote: Quote) -> str | None:
        spans = self._starts(quote.article_id, quote.language)
        at = bisect_left(spans, (quote.start, 0))
        text = self._text_of(quote.article_id)
        if at == 0 or text is None:
            return None
        return text[slice(*spans[at - 1])]

    def _split(self, article_id: str, language: str) -> list[tuple[int, int]]:
        text = self._text_of(article_id)
        return [] if text is None else [(s.start, s.end) for s in split_sentences(text, language)]


def statement_item(
    case: Answered, answer: Answer, at: int, articles: Articles, key: str = ""
) -> Item:
    """Statement `at` of `answer`, which may be a corrupted one of the case's, with its quotes."""
    statement = answer.statements[at]
    return Item(
        id=f"{case.id}/{at}{key}",
        aspect="faithfulness",
        language=case.language,
        claim=statement.text,
        question=answer.standalone_question,
        quotes=tuple(articles.shown(q) for q in cited(answer, statement)),
    )


def cited(answer: Answer, statement: Statement) -> list[Quote]:
    """The quotes that a statement stands on."""
    return [quote for quote in answer.quotes if quote.n in statement.quotes]


def items(
    cases: Sequence[Answered], articles: Articles, aspects: Sequence[Aspect] = ASPECTS
) -> list[Asked]:
    """An item for each statement (faithfulness) and for each answer (the other aspects)."""
    found = []
    for case in cases:
        answer = case.answer
        if "faithfulness" in aspects:
            for at in range(len(answer.statements)):
                found.append(Asked(case.id, at, statement_item(case, answer, at, articles)))
        for aspect in aspects:
            held = reference(case.expected)
            if aspect == "faithfulness" or (aspect == "correctness" and not held):
                continue
            item = Item(
                id=f"{case.id}/{aspect}",
                aspect=aspect,
                language=case.language,
                claim=without_marks(answer.answer),
                question=answer.standalone_question,
                reference=held if aspect == "correctness" else (),
            )
            found.append(Asked(case.id, None, item))
    return found


def reference(expected: Mapping[str, Any]) -> tuple[str, ...]:
    """What a right answer holds: the case's own words for it, of each group of forms those that
    are no patterns, one excerpt of each group of evidence."""
    own = [expected.get("reference") or ""]
    forms = [
        " / ".join(form.replace("*", "").strip() for form in group if not form.startswith("re:"))
        for group in expected.get("accept", ())
    ]
    excerpts = [group[0]["text"] for group in expected.get("evidence", ()) if group]
    return tuple(line for line in [*own, *forms, *excerpts] if line)
