"""Each fault is a fault, in just one place, and not something the evidence says too."""

from __future__ import annotations

import random
from difflib import SequenceMatcher

import pytest

from eval import faults

POOL = ["Nora Quist", "Oslo", "Bengt Falk", "Hallvik"]

TRUE = {
    "en": "On Monday the county paid 410 million to Eva Lindh in 1961, and the bridge is open.",
    "sv": "I måndags betalade länet 410 miljoner till Eva Lindh 1961, och bron är öppen.",
}


def rng(seed: int = 7) -> random.Random:
    return random.Random(seed)  # noqa: S311 - seeded, no secret


def changed_words(before: str, after: str) -> tuple[list[str], list[str]]:
    """The words taken out and put in; one run of each, or the fault is more than one."""
    a, b = before.split(), after.split()
    runs = [o for o in SequenceMatcher(None, a, b, autojunk=False).get_opcodes() if o[0] != "equal"]
    assert len(runs) == 1, (before, after)
    _, a1, a2, b1, b2 = runs[0]
    return a[a1:a2], b[b1:b2]


@pytest.mark.parametrize("language", ["en", "sv"])
@pytest.mark.parametrize("seed", range(20))
def test_a_number_differs_in_one_digit(language: str, seed: int) -> None:
    before = TRUE[language]
    after = faults.number(before, before, language, rng(seed))
    assert after is not None
    (old,), (new,) = changed_words(before, after)
    assert old == "410"
    assert sum(a != b for a, b in zip(old, new, strict=True)) == 1


@pytest.mark.parametrize("language", ["en", "sv"])
def test_a_year_is_a_date_and_no_number(language: str) -> None:
    before = TRUE[language]
    after = faults.date(before, before, language, rng())
    assert after is not None
    (old,), (new,) = changed_words(before, after)
    assert old == "1961," and new[:4].isdigit() and new != old


@pytest.mark.parametrize(
    ("language", "before", "old"),
    [("en", "It opened on Friday.", "Friday."), ("sv", "Den öppnade i april.", "april.")],
)
def test_without_a_year_the_day_or_month_changes(language: str, before: str, old: str) -> None:
    after = faults.date(before, before, language, rng())
    assert after is not None
    gone, new = changed_words(before, after)
    assert gone == [old] and new[0].strip(".") not in before


def test_a_number_that_the_evidence_says_too_is_no_fault() -> None:
    evidence = " ".join(str(n) for n in range(10))
    assert faults.number("It made 3 loaves.", evidence, "en", rng()) is None


def test_bounds_are_left_alone() -> None:
    assert faults.number("More than 300 came.", "More than 300 came.", "en", rng()) is None
    assert faults.number("Fler än 300 kom.", "Fler än 300 kom.", "sv", rng()) is None


def test_a_name_is_exchanged_whole_and_not_within_another_word() -> None:
    before = "The ship left Iran (Iranian crew)."
    after = faults.name(before, before, "en", rng(), ["Oslo"])
    assert after == "The ship left Oslo (Iranian crew)."


def test_without_other_names_there_is_no_fault() -> None:
    assert faults.name(TRUE["en"], TRUE["en"], "en", rng(), []) is None
    assert faults.name(TRUE["en"], TRUE["en"], "en", rng(), ["Eva Lindh"]) is None


@pytest.mark.parametrize(
    ("language", "before", "after"),
    [
        ("en", "The bridge is open.", "The bridge is not open."),
        ("en", "The bridge is not open.", "The bridge is open."),
        ("sv", "Bron är öppen.", "Bron är inte öppen."),
        ("sv", "Isen höll inte längre.", "Isen höll längre."),
        ("en", "The bridge never opened and was sold.", None),
    ],
)
def test_a_negation_is_put_in_or_taken_out(language: str, before: str, after: str | None) -> None:
    assert faults.negation(before, before, language, rng()) == after


@pytest.mark.parametrize(
    ("language", "before", "said_by"),
    [
        ("en", "It will open, said Eva Lindh.", "Eva Lindh"),
        ("en", "According to Eva Lindh it will open.", "Eva Lindh"),
        ("en", "Eva Lindh told reporters so.", "Eva Lindh"),
        ("sv", "Den öppnar snart, säger Eva Lindh.", "Eva Lindh"),
        ("sv", "Enligt Eva Lindh öppnar den.", "Eva Lindh"),
        ("sv", "Eva Lindh uppger det.", "Eva Lindh"),
    ],
)
def test_a_speaker_is_exchanged(language: str, before: str, said_by: str) -> None:
    after = faults.speaker(before, before, language, rng(), POOL)
    assert after is not None
    assert any(after == before.replace(said_by, other) for other in POOL)


def test_one_who_speaks_in_the_evidence_too_is_no_wrong_speaker() -> None:
    evidence = "It will open, said Eva Lindh. Nora Quist says so too."
    statement = "It will open, said Eva Lindh."
    assert faults.speaker(statement, evidence, "en", rng(), ["Nora Quist"]) is None


def test_a_pronoun_or_a_first_word_is_no_speaker() -> None:
    assert faults.speakers_in("He said so. The agreement says so. Han säger det.") == []


@pytest.mark.parametrize("kind", [faults.number, faults.date, faults.negation])
def test_nothing_to_change_is_no_fault(kind: faults.Plant) -> None:
    assert kind("Nothing here.", "Nothing here.", "en", rng()) is None
