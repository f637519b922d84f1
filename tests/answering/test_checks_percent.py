from __future__ import annotations

import pytest

from rag.answering.checks.percent import alike


@pytest.mark.parametrize(
    ("statement", "evidence", "expected"),
    [
        ("Up 5 per cent.", "It rose by 5%.", ("Up 5 per cent.", "It rose by 5 per cent.")),
        ("Upp 5 procent.", "Det steg 5 %.", ("Upp 5 procent.", "Det steg 5 procent.")),
        ("Up 5%.", "It rose by 5 percent.", ("Up 5 percent.", "It rose by 5 percent.")),
        ("Up 5%.", "It rose by 5%.", ("Up 5%.", "It rose by 5%.")),
        ("100% sure", "No figure.", ("100% sure", "No figure.")),
        ("Odds of 5 to 1.", "Half of %s.", ("Odds of 5 to 1.", "Half of %s.")),
    ],
)
def test_the_sign_is_written_as_the_word_that_is_used(
    statement: str, evidence: str, expected: tuple[str, str]
) -> None:
    assert alike(statement, evidence) == expected
