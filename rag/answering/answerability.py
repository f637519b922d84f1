"""Is the evidence enough to answer? Four witnesses, put together by logistic regression.

The reader's word on its best passage and on its best sentence by itself; whether the question
names somebody or something that no evidence names; and, where an LLM composes, how likely it held
"not answered" to be. Each alone is weak on near misses: questions on the right subject whose
answer is not there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from rag.answering.checks.case import Case, read
from rag.answering.checks.naming import check_names
from rag.calibration import Calibration, logit
from rag.types import Evidence, EvidenceSet


def judged(
    question: str, evidence: EvidenceSet, calibration: Calibration, refuse_below: float
) -> EvidenceSet:
    """`evidence` with the calibrated `answerable`, and whether that is `enough`."""
    if not evidence.items:
        return evidence
    answerable = calibration.question.probability(
        reader=logit(evidence.answerable),
        near=logit(evidence.closest),
        unnamed=float(unnamed(question, evidence.items)),
    )
    return replace(evidence, answerable=answerable, enough=answerable >= refuse_below)


def unnamed(question: str, evidence: Sequence[Evidence]) -> bool:
    """Does the question name somebody or something that no evidence names?

    Variants count as the name: initials, last names, near spellings, English and Swedish forms.
    """
    quotes = tuple(read(e.sentence.text) for e in evidence)
    context = tuple(read(e.context) for e in evidence if e.context)
    known = frozenset(
        word.casefold()
        for e in evidence
        for text in (e.article.outlet, e.article.title)
        for word in (text or "").split()
    )
    return bool(check_names(Case(read(question), quotes, context, None, known, ())))


def decline_at(evidence: EvidenceSet, language: str, calibration: Calibration) -> float:
    """The LLM's probability of "not answered" from which it is taken to decline (0..1).

    The surer the evidence, the more doubt of the LLM's it outweighs. 1 where the LLM's doubt
    was not measured to mean anything: there only its own word counts.
    """
    measured = calibration.declining.get(language)
    if measured is None or measured.weights.weights["llm"] >= 0:
        return 1.0
    weights = measured.weights.weights
    without_llm = measured.weights.bias + weights["question"] * logit(evidence.answerable)
    return min(1.0, math.exp((logit(measured.below) - without_llm) / weights["llm"]))
