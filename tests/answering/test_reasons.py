"""Reasons for removal, in both languages."""

from __future__ import annotations

import string

import pytest

from rag.answering import reasons
from rag.answering.reasons import Reason, all_told, why
from rag.answering.verify import check, verify
from rag.types import Support
from tests.answering.evidence import item

RATE = "The bank raised its policy rate to 4.5 per cent on Tuesday, said Anna Berg."


@pytest.mark.parametrize("key", reasons._SAID)
def test_both_languages_name_the_same_things(key: str) -> None:
    english, swedish = reasons._SAID[key]
    fields = [{name for _, name, _, _ in string.Formatter().parse(t) if name} for t in
              (english, swedish)]  # fmt: skip
    assert fields[0] == fields[1]
    assert english != swedish


def test_what_stands_inside_a_reason_is_told_in_its_language() -> None:
    reason = why("not_said", what=why("gt", what="30 procent"))
    assert reason.told("en") == "Its quote does not say more than 30 procent."
    assert reason.told("sv") == "Citatet säger inte mer än 30 procent."
    assert reason.told("de") == str(reason) == reason.told("en")


def test_braces_in_an_article_are_only_text() -> None:
    assert why("missing", what="{other} {0}").told("sv") == "{other} {0} står inte i citatet."


def test_an_unknown_reason_fails_where_it_is_given() -> None:
    with pytest.raises(KeyError):
        why("mising", what="x")


def test_each_reason_is_told_once() -> None:
    twice = [Reason("too_little"), Reason("too_little")]
    assert all_told(twice, "sv") == ("För lite av det står i citatet.",)


@pytest.mark.parametrize(
    ("statement", "english", "swedish"),
    [
        (
            "The bank raised its policy rate to 6 per cent.",
            "6 per cent is not in its quote.",
            "6 per cent står inte i citatet.",
        ),
        (
            "The bank did not raise its policy rate to 4.5 per cent.",
            "The statement says “not”, which its quote does not.",
            "Påståendet säger ”not”, vilket citatet inte gör.",
        ),
        (
            "The bank lowered its policy rate to 4.5 per cent.",
            "The statement says “lowered”, its quote “raised”.",
            "Påståendet säger ”lowered”, citatet ”raised”.",
        ),
    ],
)
def test_the_verifier_speaks_the_language_it_is_asked_to(
    statement: str, english: str, swedish: str
) -> None:
    cited = [item(1, "a", RATE)]
    assert english in verify(statement, cited).reasons
    assert swedish in verify(statement, cited, language="sv").reasons
    assert swedish in check(statement, RATE, language="sv").reasons


def test_what_only_the_reader_hears_is_told_in_swedish_too() -> None:
    def refuted(pairs):  # type: ignore[no-untyped-def]
        return [Support(0.98, 0.01, 0.01) for _ in pairs]

    verdict = verify("Priset på fisk föll i maj.", [item(1, "a", RATE)], support=refuted,
                     language="sv")  # fmt: skip
    assert not verdict.supported
    assert all("quote" not in reason for reason in verdict.reasons)
    assert verify("", [], language="sv").reasons == ("Inget citat anges för det.",)
