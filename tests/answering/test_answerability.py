from __future__ import annotations

import math

import pytest

from rag.answering.answerability import decline_at, judged, unnamed
from rag.calibration import Calibration, Declining, Logistic
from rag.types import ArticleInfo, Evidence, EvidenceSet, Published, Sentence

CALIBRATION = Calibration(
    sentence=Logistic({"reader": 1.0, "cosine": 1.0, "rank": 0.0}, 0.0),
    closer=Logistic({"first": 1.0, "near": 1.0}, 0.0),
    question=Logistic({"reader": 1.0, "near": 0.0, "unnamed": -2.0}, 0.0),
    refuse_below=0.5,
    refuse_outright=0.2,
    declining={"en": Declining(Logistic({"question": 1.0, "llm": -0.5}, 0.0), 0.5)},
)


def evidence(text: str, language: str = "en") -> Evidence:
    info = ArticleInfo("a", "Talks", "a.txt", "SVT", language, Published(), (), "0" * 64, "a")
    return Evidence(1, info, Sentence("a", 0, 0, len(text), text), 0.9)


@pytest.mark.parametrize(
    ("question", "text", "expected"),
    [
        ("What did Xi tell Putin?", "Xi Jinping spoke with Donald Trump.", True),
        ("What did Xi tell Trump?", "Xi Jinping spoke with Donald Trump.", False),
        ("Vad sa Kina?", "China said that it would answer.", False),
        ("Vad säger Sveriges regering?", "China said that it would answer.", True),
        ("What did Mr Bescent say?", "Scott Bessent said that talks go on.", False),
        # Her initials are no word of the evidence.
        ("What did Olga Nyman say?", "The deal was signed on 5 June.", True),
    ],
)
def test_a_name_that_nothing_names_is_noticed(question: str, text: str, expected: bool) -> None:
    assert unnamed(question, [evidence(text)]) is expected


def test_an_unknown_name_makes_an_answer_less_likely() -> None:
    found = EvidenceSet((evidence("Xi Jinping spoke with Donald Trump."),), 0.6, True)
    named = judged("What did Xi tell Trump?", found, CALIBRATION, 0.5)
    stranger = judged("What did Xi tell Putin?", found, CALIBRATION, 0.5)
    assert (named.enough, stranger.enough) == (True, False)
    assert named.answerable == pytest.approx(0.6)


def test_surer_evidence_outweighs_more_doubt_of_the_llm() -> None:
    sure = EvidenceSet((evidence("x"),), 0.9, True)
    unsure = EvidenceSet((evidence("x"),), 0.3, True)
    high, low = decline_at(sure, "en", CALIBRATION), decline_at(unsure, "en", CALIBRATION)
    assert high > low
    # At the bar the two together are exactly as likely as the threshold.
    odds = CALIBRATION.declining["en"].weights
    together = odds.probability(question=math.log(0.3 / 0.7), llm=math.log(low))
    assert together == pytest.approx(0.5)


def test_doubt_that_was_not_measured_to_mean_anything_is_not_heard() -> None:
    assert decline_at(EvidenceSet((evidence("x"),), 0.3, True), "sv", CALIBRATION) == 1.0
