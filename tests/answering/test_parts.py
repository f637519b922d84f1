"""Questions of several parts: what is split, what stays whole, and what each part comes to."""

from __future__ import annotations

import pytest

from rag.answering.parts import Part, judge, split
from rag.types import EvidenceSet
from tests.answering.evidence import item


@pytest.mark.parametrize(
    ("language", "question", "parts"),
    [
        ("en", "When was the deal signed, and who signed it?",
         ["When was the deal signed?", "Who signed it?"]),
        ("en", "When and where was the deal signed?",
         ["When was the deal signed?", "Where was the deal signed?"]),
        ("en", "When was the deal signed? Who signed it?",
         ["When was the deal signed?", "Who signed it?"]),
        ("en", "Did China lift the controls, and if so, when?",
         ["Did China lift the controls?", "When did China lift the controls?"]),
        ("en", "When was the deal signed and by whom?",
         ["When was the deal signed?", "By whom was the deal signed?"]),
        ("en", "What did Trump announce, where did he announce it, and how did China respond?",
         ["What did Trump announce?", "Where did he announce it?", "How did China respond?"]),
        ("sv", "När undertecknades avtalet, och vem undertecknade det?",
         ["När undertecknades avtalet?", "Vem undertecknade det?"]),
        ("sv", "Vad sade Trump och när träffade han Xi?",
         ["Vad sade Trump?", "När träffade han Xi?"]),
        ("sv", "Vad sade Trump och när?", ["Vad sade Trump?", "När sade Trump?"]),
        ("sv", "När och var undertecknades avtalet?",
         ["När undertecknades avtalet?", "Var undertecknades avtalet?"]),
        ("sv", "Undertecknades avtalet, och i så fall när?",
         ["Undertecknades avtalet?", "När undertecknades avtalet?"]),
        ("sv", "Vad kostade bron och var ligger den?",
         ["Vad kostade bron?", "Var ligger den?"]),
    ],
)  # fmt: skip
def test_two_questions_in_one_are_split(language: str, question: str, parts: list[str]) -> None:
    assert [part.question for part in split(question, language)] == parts


@pytest.mark.parametrize(
    ("language", "question"),
    [
        ("en", "What do China and the US say about tariffs?"),
        ("en", "What did Trump say about when the talks resume and who pays?"),
        ("en", "What did Trump say when he met Xi and when they parted?"),
        ("en", "Who is the man who signed it and where he lives?"),
        ("en", "Do the articles say who won and when?"),
        ("en", "What tariffs did the US cut and to what level?"),
        ("en", "Did he describe the attack and who planned it?"),
        ("en", "What is the name and what is the age of the minister?"),
        ("en", "What did he mean by “who pays, and when do they pay?”"),
        ("en", "Is it true? Did China sign?"),
        ("en", "Trump met Xi. When was it? Who came?"),
        ("sv", "Vad säger Kina och USA om tullarna?"),
        ("sv", "Vem ledde mötet och var ordförande?"),
        ("sv", "Vad sade Trump om när samtalen börjar och vem som betalar?"),
        ("sv", "Vem sa att Kina hade vunnit och när det skedde?"),
        ("sv", "När går vapenvilan ut, sett från när förhandlarna träffades i Malaysia?"),
        ("de", "Wann wurde es unterschrieben, und wer hat es unterschrieben?"),
    ],
)
def test_one_question_stays_whole(language: str, question: str) -> None:
    assert split(question, language) == ()


SIGNED = EvidenceSet((item(1, "a", "The deal was signed on 5 June.", score=0.4),), 0.8, True)
COST = EvidenceSet((item(1, "b", "It cost 30 million.", score=0.9), SIGNED.items[0]), 0.7, True)
NEAR = EvidenceSet((item(1, "c", "The ministers met."),), 0.2, False)
WHEN, WHO, PRICE = (Part(w, f"{w}?") for w in ("when was it signed", "who signed it", "the price"))


def test_what_is_not_answered_is_named_in_the_persons_words() -> None:
    found = judge(
        [WHEN, WHO], {"when was it signed?": SIGNED, "who signed it?": NEAR}.__getitem__, 8
    )
    assert found is not None
    assert found.question == "when was it signed?"
    assert found.unanswered == ("who signed it",)
    assert [e.sentence.text for e in found.evidence.items] == ["The deal was signed on 5 June."]


def test_evidence_of_all_parts_is_put_together_numbered_anew_best_of_each_first() -> None:
    found = judge([WHEN, PRICE], {"when was it signed?": SIGNED, "the price?": COST}.__getitem__, 8)
    assert found is not None and found.unanswered == ()
    assert [(e.n, e.score, e.sentence.article_id) for e in found.evidence.items] == [
        (1, 1.0, "a"),
        (2, 1.0, "b"),
    ]
    assert found.evidence.answerable == 0.7


def test_a_part_about_somebody_whom_no_evidence_names_is_not_answered() -> None:
    part = Part("what did Putin say about it", "What did Putin say about it? (deal)")
    found = judge([WHEN, part], lambda _: SIGNED, 8)
    assert found is not None
    assert found.unanswered == ("what did Putin say about it",)


def test_without_an_answered_part_the_question_is_judged_whole() -> None:
    assert judge([WHEN, WHO], lambda _: NEAR, 8) is None
    assert judge([], lambda _: SIGNED, 8) is None
