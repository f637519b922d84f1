"""What a question takes for granted, and when a sentence is shown to say otherwise."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from rag.answering.premise import contradicted, presupposed
from rag.types import Support
from tests.answering.evidence import item

RISE = "The US agreed to cut tariffs on Chinese goods from 145 percent to 30 percent in May."


@pytest.mark.parametrize(
    ("language", "question", "claim"),
    [
        ("en", "Why did China raise its tariffs to 30 per cent?",
         "China did raise its tariffs to 30 per cent."),
        ("en", "When was the deal signed in Paris?", "The deal was signed in Paris."),
        ("en", "What made Washington raise the rate?", "Something made Washington raise the rate."),
        ("en", "Since Lutnick's presence guarantees concessions, which ones come first?",
         "Lutnick's presence guarantees concessions."),
        ("en", "How come China lifted its controls in June?",
         "China lifted its controls in June."),
        ("sv", "Varför uteblev Scott Bessent från samtalen i Malaysia?",
         "Scott Bessent uteblev från samtalen i Malaysia."),
        ("sv", "Varför jublade den kinesiska regeringen över beskedet?",
         "Den kinesiska regeringen jublade över beskedet."),
        ("sv", "När sänktes tullarna till 30 procent?", "Tullarna sänktes till 30 procent."),
        ("sv", "Vad fick Kina att höja tullarna?", "Något fick Kina att höja tullarna."),
        ("sv", "Eftersom Kina hävde kontrollerna, vad händer nu?", "Kina hävde kontrollerna."),
        ("sv", "Hur kommer det sig att Kina hävde kontrollerna?", "Kina hävde kontrollerna."),
    ],
)  # fmt: skip
def test_a_premise_becomes_a_claim(language: str, question: str, claim: str) -> None:
    assert presupposed(question, language) == claim


@pytest.mark.parametrize(
    ("language", "question"),
    [
        ("en", "Did China lift the controls in October?"),  # asked, not taken for granted
        ("en", "What is known?"),
        ("en", "When will the truce expire?"),
        ("en", "How many sides met? Why did they meet?"),
        ("en", "Why did China's ministry deny it?"),  # whose subject does not end with the name
        ("en", "Why did China and the US agree on it?"),
        ("sv", "Var det Kina som höjde tullen?"),
        ("sv", "Hur mycket lägre blev avgifterna?"),
        ("sv", "När ska vapenvilan upphöra?"),
        ("de", "Warum hat China die Zölle erhöht?"),
    ],
)
def test_no_premise_where_no_rule_is_safe(language: str, question: str) -> None:
    assert presupposed(question, language) is None


def judge(**refuted: float) -> Callable[[Sequence[tuple[str, str]]], list[Support]]:
    """Refutation by a word of the evidence; the rest is support."""

    def of(text: str) -> Support:
        value = next((v for word, v in refuted.items() if word in text), 0.0)
        return Support(value, 1 - value, 0.0) if value >= 0 else Support(0.0, 0.0, 1.0)

    return lambda claims: [of(text) for _, text in claims]


WRONG = "Why did the US cut tariffs on Chinese goods to 50 percent?"


def test_a_sentence_with_another_number_that_the_reader_finds_refuting_corrects() -> None:
    evidence = [item(1, "a", "Talks go on."), item(2, "b", RISE)]
    found = contradicted(WRONG, "en", evidence, judge(agreed=0.97))
    assert found is not None
    assert found.evidence.n == 2
    assert any("50 percent" in reason for reason in found.reasons)


def test_swedish_questions_are_corrected_too() -> None:
    said = "USA sänkte tullarna på kinesiska varor till 30 procent."
    question = "Varför sänkte USA tullarna på kinesiska varor till 50 procent?"
    found = contradicted(question, "sv", [item(1, "a", said)], judge(USA=0.97))
    assert found is not None and found.evidence.sentence.text == said


@pytest.mark.parametrize(
    ("question", "sentence", "refuted"),
    [
        (WRONG, RISE, 0.4),  # the reader is not sure
        ("Why did the US cut tariffs on Chinese goods to 30 percent?", RISE, 0.97),  # it holds
        ("Why did Norway cut tariffs on Chinese goods to 50 percent?", RISE, 0.97),  # not named
        (WRONG, "The US agreed to cut tariffs on Chinese goods.", 0.97),  # no other number
        (WRONG, "The US agreed to buy 90 percent more soybeans.", 0.97),  # of something else
    ],
)
def test_what_does_not_say_otherwise_corrects_nothing(
    question: str, sentence: str, refuted: float
) -> None:
    evidence = [item(1, "a", sentence)]
    assert contradicted(question, "en", evidence, judge(US=refuted)) is None


def test_a_sentence_that_bears_the_premise_out_ends_the_matter() -> None:
    evidence = [item(1, "a", RISE), item(2, "b", "The US cut tariffs to 50 percent, he said.")]
    assert contradicted(WRONG, "en", evidence, judge(agreed=0.97, said=-1.0)) is None


def test_a_reader_that_cannot_tell_corrects_nothing() -> None:
    assert contradicted(WRONG, "en", [item(1, "a", RISE)], lambda _: None) is None
