"""What an answer is worth, by measures that need no judge. Pure functions.

`score` looks at one answer; `MEASURES` sums scores up. A figure that nothing contributes to is
None with a count of 0, never NaN and never 0.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from eval.bootstrap import Estimate, Part, estimate
from eval.cases import Gold, GoldCase
from eval.matching import found, normalise, without_marks
from rag.types import Answer, Quote, Sentence, text_sha256

# A quote covers an excerpt when it holds at least this share of it: a sentence that was split
# elsewhere still counts, a neighbour that merely touches it does not.
COVERED = 0.5

TextOf = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Score:
    """What was found in one answer. `None` where the question does not arise for the case."""

    answerable: bool | None  # None: the question rests on something untrue
    refused: bool
    quotes: int
    exact: int  # how many of them are exactly their article's words
    quote_faults: tuple[str, ...]
    recall: float | None  # share of the required groups that a cited quote covers
    cited: int | None  # cited quotes, and how many of them stand on gold
    relevant: int | None
    missing: tuple[str, ...]  # first form of each group that the answer does not hold
    said: tuple[str, ...]  # forms that it must not hold and does
    correct: bool


def score(gold: GoldCase, answer: Answer, text_of: TextOf) -> Score:
    """Scores `answer`; `text_of(article_id)` is the article's text as the source has it."""
    case = gold.case
    refused = answer.status == "refused"
    words = "" if refused else normalise(without_marks(answer.answer))
    missing = tuple(g[0] for g in case.accept if not any(found(form, words) for form in g))
    said = tuple(form for form in case.must_not_say if found(form, words))
    answerable = None if case.refuse == "allowed" else not case.refuse
    holds = not refused and not missing and not said
    cited = cited_quotes(answer)
    faults = [quote_faults(quote, text_of) for quote in answer.quotes]
    judged = bool(gold.groups) and not (refused and answerable is None)
    return Score(
        answerable=answerable,
        refused=refused,
        quotes=len(answer.quotes),
        exact=sum(not found_wrong for found_wrong in faults),
        quote_faults=tuple(fault for found_wrong in faults for fault in found_wrong),
        recall=evidence_recall(cited, gold.groups) if judged else None,
        cited=len(cited) if judged else None,
        relevant=sum(_relevant(q, gold) for q in cited) if judged else None,
        missing=() if refused else missing,
        said=said,
        correct=refused if answerable is False else holds or (answerable is None and refused),
    )


def cited_quotes(answer: Answer) -> list[Quote]:
    """The quotes that statements or the sides of a conflict stand on.

    A refusal's `nearest` are shown, but nothing is claimed on them.
    """
    numbers = {n for statement in answer.statements for n in statement.quotes}
    numbers |= {n for conflict in answer.conflicts for side in conflict.sides for n in side.quotes}
    return [quote for quote in answer.quotes if quote.n in numbers]


def quote_faults(quote: Quote, text_of: TextOf) -> list[str]:
    """Readable reasons why the quote is not exactly its article's words; empty if it is."""
    text = text_of(quote.article_id)
    if text is None:
        return [f"[{quote.n}] quotes {quote.article_id}, which is not in the corpus"]
    faults = []
    at = f"[{quote.n}] {quote.article_id} {quote.start}-{quote.end}"
    if not quote.text or not 0 <= quote.start < quote.end <= len(text):
        faults.append(f"{at}: empty or outside the article's {len(text)} characters")
    elif text[quote.start : quote.end] != quote.text:
        faults.append(f"{at}: the article has {text[quote.start : quote.end][:60]!r} there")
    if quote.article_sha256 != text_sha256(text):
        faults.append(f"{at}: the SHA-256 is not that of the article's text")
    return faults


def covers(quote: Quote | Sentence, gold: Gold) -> bool:
    """Whether the quote holds at least half of the excerpt, at its own place."""
    if quote.article_id != gold.article_id:
        return False
    shared = min(quote.end, gold.end) - max(quote.start, gold.start)
    return shared >= COVERED * (gold.end - gold.start)


def evidence_recall(quotes: Sequence[Quote], groups: Sequence[Sequence[Gold]]) -> float:
    """Share of the groups of which some excerpt is covered. `groups` must not be empty."""
    met = sum(any(covers(q, g) for q in quotes for g in group) for group in groups)
    return met / len(groups)


def _relevant(quote: Quote, gold: GoldCase) -> bool:
    return any(covers(quote, g) for group in (*gold.groups, gold.also) for g in group)


def _share(of: Callable[[Score], bool], among: Callable[[Score], bool]) -> Callable[[Score], Part]:
    return lambda s: (float(among(s) and of(s)), float(among(s)))


def _exact(s: Score) -> Part:
    return (s.exact, s.quotes)


def _recall(s: Score) -> Part:
    return (0.0, 0.0) if s.recall is None else (s.recall, 1.0)


def _precision(s: Score) -> Part:
    return (0.0, 0.0) if s.cited is None else (float(s.relevant or 0), float(s.cited))


_refusal_recall = _share(lambda s: s.refused, lambda s: s.answerable is False)
_answer_rate = _share(lambda s: not s.refused, lambda s: s.answerable is True)

# Each measure is the mean of its ratios; a ratio says what one case adds to it.
MEASURES: Mapping[str, tuple[Callable[[Score], Part], ...]] = MappingProxyType(
    {
        "quote_exactness": (_exact,),
        # A refused question that has an answer counts as recall 0.
        "evidence_recall": (_recall,),
        "evidence_precision": (_precision,),
        # Of the questions that have an answer, refused ones included (they do not match).
        "answer_match": (_share(lambda s: s.correct, lambda s: s.answerable is True),),
        "answer_rate": (_answer_rate,),
        "refusal_recall": (_refusal_recall,),
        # A question resting on something untrue is rightly refused too.
        "refusal_precision": (_share(lambda s: s.answerable is not True, lambda s: s.refused),),
        "refusal_balanced": (_refusal_recall, _answer_rate),
        "false_premise": (_share(lambda s: s.correct, lambda s: s.answerable is None),),
        "not_said": (_share(lambda s: not s.said, lambda s: True),),
        "correct": (_share(lambda s: s.correct, lambda s: True),),
    }
)


def summarise(scores: Sequence[Score]) -> dict[str, Estimate]:
    """Every measure over these scores, with its bootstrap interval."""
    return {
        name: estimate([[part(s) for s in scores] for part in parts])
        for name, parts in MEASURES.items()
    }


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds; None when nothing was timed."""

    median: float | None
    p95: float | None
    n: int


def latency(milliseconds: Sequence[float]) -> Latency:
    """Median and 95th percentile (linear between neighbours)."""
    if not milliseconds:
        return Latency(None, None, 0)
    if len(milliseconds) == 1:
        return Latency(milliseconds[0], milliseconds[0], 1)
    p95 = statistics.quantiles(milliseconds, n=20, method="inclusive")[-1]
    return Latency(statistics.median(milliseconds), p95, len(milliseconds))
