"""What an answer is worth, by measures that need no judge. Pure functions.

`score` looks at one answer; `MEASURES` says what its case adds to each figure, `summarise` sums
up. A figure that nothing contributes to is None with a count of 0, never NaN and never 0.

    metrics_evidence    quotes against articles and gold
    metrics_statement   statements against their quotes: numbers, names, sources, dates
    metrics_text        words against the reference
    metrics_retrieval   where gold stands among the hits
    metrics_about       what each measure means, and what it must be shown beside
    metrics_groups      figures by kind, language, direction, article; parity
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from eval.bootstrap import Estimate, Part, estimate
from eval.cases import Gold, GoldCase, TextOf
from eval.matching import found, normalise, without_marks
from eval.metrics_evidence import (
    COVERED,
    cited_quotes,
    covers,
    evidence_recall,
    quote_faults,
    relevant,
)
from eval.metrics_retrieval import HitSpan, RetrievalScore, retrieval_score
from eval.metrics_statement import Count, StatementScore, claim, statement_score
from eval.metrics_text import Overlap, accepted_words, overlap, tokens
from rag.types import Answer

__all__ = [
    "COVERED",
    "MEASURES",
    "Latency",
    "Score",
    "TextOf",
    "cited_quotes",
    "covers",
    "evidence_recall",
    "latency",
    "quote_faults",
    "score",
    "summarise",
]


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
    statements: StatementScore
    attributed: bool | None  # whether the expected speaker or outlet is named
    conflict: bool | None  # whether the conflict that there is is shown
    calm: bool | None  # whether no conflict is shown where none is known of
    # Of the answer's words with the reference's, or else with the accepted forms, of which only
    # recall means anything: `compared` tells which.
    overlap: Overlap | None
    compared: bool
    retrieval: RetrievalScore | None
    tokens: int | None  # what the LLM read and wrote, if the answer tells


def score(
    gold: GoldCase, answer: Answer, text_of: TextOf, hits: Sequence[HitSpan] | None = None
) -> Score:
    """Scores `answer`; `text_of(article_id)` is the article's text as the source has it.

    `hits` are what a search proposed for the question, best first; None where none was made.
    """
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
        relevant=sum(relevant(q, gold) for q in cited) if judged else None,
        missing=() if refused else missing,
        said=said,
        correct=refused if answerable is False else holds or (answerable is None and refused),
        statements=statement_score(answer, text_of, gold.outlets),
        attributed=_attributed(gold, answer) if case.attribution and judged else None,
        conflict=any(_shown(answer, gold.groups)) if case.conflict else None,
        calm=None if case.conflict or refused else _calm(gold, answer),
        overlap=_overlap(gold, answer) if judged and answerable else None,
        compared=case.reference is not None,
        retrieval=None if hits is None else retrieval_score(hits, gold.groups),
        tokens=_tokens(answer),
    )


def _attributed(gold: GoldCase, answer: Answer) -> bool:
    """Whether a statement that stands on gold names the source, or its quotes' outlet is it."""
    of = {q.n: q for q in answer.quotes}
    for statement in answer.statements:
        quotes = [of[n] for n in statement.quotes if n in of]
        if any(relevant(quote, gold) for quote in quotes):
            outlets = " ; ".join(quote.outlet or "" for quote in quotes)
            words = normalise(f"{statement.text} ; {outlets}")
            if any(found(form, words) for form in gold.case.attribution):
                return True
    return False


def _shown(answer: Answer, groups: Sequence[Sequence[Gold]]) -> list[bool]:
    """For each conflict that is shown, whether its sides stand on two of the groups."""
    of = {q.n: q for q in answer.quotes}
    shown = []
    for conflict in answer.conflicts:
        quotes = [of[n] for side in conflict.sides for n in side.quotes if n in of]
        covered = [any(covers(q, gold) for q in quotes for gold in group) for group in groups]
        shown.append(sum(covered) >= 2)
    return shown


def _calm(gold: GoldCase, answer: Answer) -> bool:
    """Whether no conflict is shown but those that the case file knows of."""
    known = [_shown(answer, groups) for groups in gold.disputes]
    return all(any(of) for of in zip(*known, strict=True)) if known else not answer.conflicts


def _overlap(gold: GoldCase, answer: Answer) -> Overlap | None:
    said = " ".join(claim(without_marks(s.text)) for s in answer.statements)
    expected = gold.case.reference or accepted_words(gold.case.accept, said)
    if expected is None:
        return None
    language = gold.case.language
    return overlap(tokens(said, language), tokens(expected, language))


def _tokens(answer: Answer) -> int | None:
    told = getattr(answer, "tokens", None)
    return sum(told.values()) if isinstance(told, Mapping) else told


def _share(of: Callable[[Score], bool], among: Callable[[Score], bool]) -> Callable[[Score], Part]:
    return lambda s: (float(among(s) and of(s)), float(among(s)))


def _mean(of: Callable[[Score], float | bool | None]) -> Callable[[Score], Part]:
    """Of the cases for which there is a figure."""
    return lambda s: (0.0, 0.0) if (value := of(s)) is None else (float(value), 1.0)


def _counted(of: Callable[[StatementScore], Count]) -> Callable[[Score], Part]:
    return lambda s: (float(of(s.statements).right), float(of(s.statements).asked))


def _found(of: Callable[[RetrievalScore], float]) -> Callable[[Score], Part]:
    return _mean(lambda s: None if s.retrieval is None else of(s.retrieval))


def _exact(s: Score) -> Part:
    return (s.exact, s.quotes)


def _precision(s: Score) -> Part:
    return (0.0, 0.0) if s.cited is None else (float(s.relevant or 0), float(s.cited))


_refusal_recall = _share(lambda s: s.refused, lambda s: s.answerable is False)
_answer_rate = _share(lambda s: not s.refused, lambda s: s.answerable is True)

# Each measure is the mean of its ratios; a ratio says what one case adds to it.
MEASURES: Mapping[str, tuple[Callable[[Score], Part], ...]] = MappingProxyType(
    {
        "quote_exactness": (_exact,),
        # A refused question that has an answer counts as recall 0.
        "evidence_recall": (_mean(lambda s: s.recall),),
        "evidence_precision": (_precision,),
        # Of the questions that have an answer, refused ones included (they do not match).
        "answer_match": (_share(lambda s: s.correct, lambda s: s.answerable is True),),
        "token_f1": (_mean(lambda s: s.overlap.f1 if s.overlap and s.compared else None),),
        "token_recall": (_mean(lambda s: None if s.overlap is None else s.overlap.recall),),
        "answer_rate": (_answer_rate,),
        "refusal_recall": (_refusal_recall,),
        # A question resting on something untrue is rightly refused too.
        "refusal_precision": (_share(lambda s: s.answerable is not True, lambda s: s.refused),),
        "refusal_balanced": (_refusal_recall, _answer_rate),
        "false_premise": (_share(lambda s: s.correct, lambda s: s.answerable is None),),
        "not_said": (_share(lambda s: not s.said, lambda s: True),),
        "quotation_exactness": (_counted(lambda s: s.quotations),),
        "number_faithfulness": (_counted(lambda s: s.numbers),),
        "name_faithfulness": (_counted(lambda s: s.names),),
        "attribution": (_counted(lambda s: s.sources),),
        "speaker_named": (_mean(lambda s: s.attributed),),
        "date_shown": (_counted(lambda s: s.dated),),
        "conflict_shown": (_mean(lambda s: s.conflict),),
        "no_false_conflict": (_mean(lambda s: s.calm),),
        "hit@1": (_found(lambda r: r.hit_1),),
        "hit@3": (_found(lambda r: r.hit_3),),
        "hit@10": (_found(lambda r: r.hit_10),),
        "recall@10": (_found(lambda r: r.recall_10),),
        "mrr@10": (_found(lambda r: r.mrr_10),),
        "ndcg@10": (_found(lambda r: r.ndcg_10),),
        "correct": (_share(lambda s: s.correct, lambda s: True),),
        # Of answers, not of refusals.
        "statements": (_mean(lambda s: None if s.refused else s.statements.statements),),
        "words": (_mean(lambda s: None if s.refused else s.statements.words),),
        "tokens": (_mean(lambda s: s.tokens),),
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
