"""What each measure is: its unit, which way is better, whence it comes, and what it must never
be shown without.

A bot that pastes sentences is always faithful, and one that refuses everything never says a wrong
word. So every figure that such a bot gets for nothing names those that it must be shown beside.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Unit = Literal["share", "number"]
Better = Literal["higher", "lower"]
Group = Literal["evidence", "answer", "refusal", "faithfulness", "shown", "retrieval", "cost"]

# What tells whether questions were answered at all, and rightly.
HONEST = ("answer_rate", "answer_match")


@dataclass(frozen=True, slots=True)
class About:
    """A measure. `better` is None where neither way is a fault in itself; `beside` are measures
    that a report must show wherever it shows this one."""

    group: Group
    meaning: str
    unit: Unit = "share"
    better: Better | None = "higher"
    beside: tuple[str, ...] = ()
    source: str = ""


_TREC = "ir-measures (MacAvaney et al., ECIR 2022) over pytrec_eval"
_SQUAD = "token overlap as for SQuAD (Rajpurkar et al., EMNLP 2016)"

ABOUT: Mapping[str, About] = MappingProxyType(
    {
        "quote_exactness": About(
            "evidence",
            "Quotes that are, character for character, what the article has at that place, with "
            "the article's SHA-256.",
            beside=HONEST,
        ),
        "evidence_recall": About(
            "evidence", "Passages an answer needs that are quoted; a refusal counts as none."
        ),
        "evidence_precision": About(
            "evidence",
            "Cited quotes that stand on a passage marked as carrying the answer.",
            beside=HONEST,
        ),
        "answer_match": About(
            "answer",
            "Of the questions that the articles answer, those whose answer holds all it must and "
            "nothing it must not; a refusal does not match.",
        ),
        "token_f1": About(
            "answer",
            "Words in common with the reference answer, where the case has one; a refusal counts "
            "as 0.",
            source=_SQUAD,
        ),
        "token_recall": About(
            "answer",
            "Words of the reference answer, or of the accepted forms where there is none, that "
            "the answer has.",
            source=_SQUAD,
        ),
        "correct": About("answer", "Cases of every kind that came out as expected."),
        "answer_rate": About(
            "refusal",
            "Of the questions that the articles answer, those that were answered at all.",
            beside=("refusal_recall",),
        ),
        "refusal_recall": About(
            "refusal",
            "Of the questions that the articles do not answer, those that were refused.",
            beside=("answer_rate",),
        ),
        "refusal_precision": About(
            "refusal",
            "Of all refusals, those of a question without an answer or on a false premise.",
            beside=("refusal_recall",),
        ),
        "refusal_balanced": About(
            "refusal", "The mean of refusal recall and answer rate: 50% is what guessing gives."
        ),
        "false_premise": About(
            "refusal", "Questions resting on something untrue that were refused or put right."
        ),
        "not_said": About(
            "faithfulness", "Answers without a word that they must not say.", beside=HONEST
        ),
        "quotation_exactness": About(
            "faithfulness",
            "Words that statements put between quotation marks and that are in the statement's "
            "own quotes, word for word.",
            beside=HONEST,
        ),
        "number_faithfulness": About(
            "faithfulness",
            "Numbers and dates of statements that are in the statement's own quotes, units and "
            "number words made alike.",
            beside=HONEST,
        ),
        "name_faithfulness": About(
            "faithfulness",
            "Names in statements that are in the statement's own quotes, in either language.",
            beside=HONEST,
        ),
        "attribution": About(
            "faithfulness",
            "Outlets and speakers that statements name and that are their quotes' own.",
            beside=HONEST,
        ),
        "speaker_named": About(
            "shown", "Cases that ask for a source in which it is named; a refusal does not."
        ),
        "date_shown": About(
            "shown", "Statements all of whose quotes carry a date.", beside=("answer_rate",)
        ),
        "conflict_shown": About(
            "shown",
            "Of the questions on which the sources disagree, those whose answer sets both sides "
            "against each other; a refusal does not.",
            beside=("no_false_conflict",),
        ),
        "no_false_conflict": About(
            "shown",
            "Answers that show no conflict, of those where there is none.",
            beside=("conflict_shown",),
        ),
        "hit@1": About("retrieval", "The first chunk holds what is needed.", source=_TREC),
        "hit@3": About("retrieval", "One of the first three chunks does.", source=_TREC),
        "hit@10": About("retrieval", "One of the first ten chunks does.", source=_TREC),
        "recall@10": About(
            "retrieval", "Passages an answer needs that are in the first ten chunks.", source=_TREC
        ),
        "mrr@10": About(
            "retrieval", "One over the place of the first chunk that does; 0 past ten.",
            source=_TREC,
        ),
        "ndcg@10": About(
            "retrieval",
            "How early all that is needed is found, 1 if nothing comes before it.",
            source=_TREC,
        ),
        "statements": About("cost", "Statements an answer.", "number", None),
        "words": About("cost", "Words an answer, introductions left out.", "number", None),
        "tokens": About(
            "cost", "What the LLM read and wrote an answer, where the answer tells.",
            "number", "lower",
        ),
    }
)  # fmt: skip
