"""Names, negation, opposed words, order, speakers and modality."""

from __future__ import annotations

import pytest

from rag.answering.checks.bilingual import cognate, places
from rag.answering.checks.names import find_names, same_word
from rag.answering.checks.text import analyse, guess_language
from rag.answering.verify import check

REFINES = "China refines 90 per cent of the world’s rare earths."
BLAMED = (
    "The two sides had blamed one another, with Washington accusing Beijing of a "
    "“substantial, unprovoked escalation” by introducing new export curbs on rare earths."
)
CLAIMED = (
    "China claims that the US escalated first by expanding its list of Chinese companies "
    "subject to sanctions."
)


def holds(statement: str, evidence: str) -> bool:
    return check(statement, evidence).supported


@pytest.mark.parametrize(
    ("statement", "evidence"),
    [
        ("Kina raffinerar 90 procent av världens sällsynta jordartsmetaller.", REFINES),
        ("Washington accused Beijing of an unprovoked escalation.", BLAMED),
        ("USA anklagade Kina för en oprovocerad upptrappning.", BLAMED),
        ("According to China, the US escalated first.", CLAIMED),
        ("Bessent met his allies.", "Scott Bescent met his allies."),
        ("The European Union agreed to a deal.", "EU gick med på ett avtal."),
        ("EU-kommissionen godkände avtalet.", "The European Commission approved the deal."),
    ],
)
def test_a_right_paraphrase_is_supported(statement: str, evidence: str) -> None:
    assert holds(statement, evidence), check(statement, evidence)


@pytest.mark.parametrize(
    ("statement", "evidence", "reason"),
    [
        (
            "Japan refines 90 per cent of the world's rare earths.",
            REFINES,
            "China there, not Japan",
        ),
        ("China does not refine 90 per cent of the world's rare earths.", REFINES, "“not”"),
        ("Kina raffinerar inte 90 procent av metallerna.", REFINES, "“inte”"),
        ("Beijing accused Washington of an unprovoked escalation.", BLAMED, "to Washington"),
        ("According to the US, China escalated first.", CLAIMED, "to China"),
        (
            "The US escalated first by expanding its list of Chinese companies.",
            CLAIMED,
            "a claim (“claims”)",
        ),
        (
            "Trump imposed an extra tariff on China.",
            "Trump threatened to impose an extra tariff on China.",
            "an intention (“threatened”)",
        ),
        ("The bank raised its rate.", "The bank lowered its rate.", "“raised”, its quote"),
        ("The bank raised its rate.", "The bank kept its rate unchanged.", "“unchanged”"),
        ("Banken höjde räntan.", "Riksbanken lämnade räntan oförändrad.", "“oförändrad”"),
        ("Banken höjde sin ränta.", "The bank lowered its rate.", "“höjde”, its quote"),
        (
            "China cut its tariffs from 145 to 30 per cent.",
            "The US cut its tariffs from 145 to 30 per cent, while China cut its own from 125 "
            "to 10 per cent.",
            "to US, not to China",
        ),
        ("Sweden beat Norway in the final.", "Norway beat Sweden in the final.", "other way round"),
    ],
)
def test_a_fault_is_caught_and_named(statement: str, evidence: str, reason: str) -> None:
    verdict = check(statement, evidence)
    assert not verdict.supported
    assert any(reason in given for given in verdict.reasons), verdict.reasons


def test_a_negation_on_both_sides_is_no_fault() -> None:
    quote = "The White House has so far refused to cancel the duties."
    assert holds("The White House did not cancel the duties.", quote)
    assert holds("Not only China cut its tariffs.", "China cut its tariffs, and so did others.")


def test_a_dropped_negation_is_caught() -> None:
    assert not holds("China controls the industry.", "China does not control the industry.")
    assert not holds("Kina styr branschen.", "Kina styr inte branschen.")


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("bessent", "bescent", True),
        ("hegseth", "hegses", True),
        ("trump", "trumps", True),
        ("austria", "australia", False),
        ("hansson", "jansson", False),
        ("iran", "iraq", False),
    ],
)
def test_slips_of_one_name_and_different_names(a: str, b: str, same: bool) -> None:
    assert same_word(a, b) is same


def test_names_by_their_lexicon_key() -> None:
    keys = {form: find_names(analyse(f"He met {form} yesterday."))[0].key
            for form in ("Chinese", "Kinas", "Beijing", "kinesiska")}  # fmt: skip
    assert set(keys.values()) == {"china"}


def test_a_common_word_that_starts_a_sentence_is_no_name() -> None:
    assert find_names(analyse("Tensions eased on both sides.", "en")) == []


def test_words_meet_across_languages() -> None:
    swedish = analyse("Kina styr handeln med sällsynta metaller", "sv").tokens
    english = analyse("rare trade tomatoes", "en").tokens
    found = [bool(places(token, "en", swedish, "sv")) for token in english]
    assert found == [True, True, False]
    assert cognate("huguenots", "hugenotter")
    assert not cognate("market", "marathon")


def test_language_by_function_words() -> None:
    assert guess_language("The talks were held in Geneva.") == "en"
    assert guess_language("Samtalen hölls i Geneve och det var bra.") == "sv"
