from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.corpus.dates import find_dates, resolve_relative

# A Friday.
PUBLISHED = date(2025, 6, 6)


@pytest.mark.parametrize(
    ("language", "text", "first", "last"),
    [
        ("en", "on April 15, 2025", "2025-04-15", "2025-04-15"),
        ("en", "5 June 2025", "2025-06-05", "2025-06-05"),
        ("en", "2025-06-05", "2025-06-05", "2025-06-05"),
        ("en", "Thursday’s call", "2025-06-05", "2025-06-05"),
        ("en", "on Friday", "2025-06-06", "2025-06-06"),
        ("en", "next Monday", "2025-06-09", "2025-06-09"),
        ("en", "last week", "2025-05-26", "2025-06-01"),
        ("en", "last month", "2025-05-01", "2025-05-31"),
        ("en", "two days ago", "2025-06-04", "2025-06-04"),
        ("en", "yesterday", "2025-06-05", "2025-06-05"),
        ("en", "By May 30", "2025-05-30", "2025-05-30"),
        ("en", "early May", "2025-05-01", "2025-05-31"),
        ("en", "last April", "2025-04-01", "2025-04-30"),
        ("en", "last November", "2024-11-01", "2024-11-30"),
        ("en", "in January 2024", "2024-01-01", "2024-01-31"),
        ("en", "since 2019", "2019-01-01", "2019-12-31"),
        ("sv", "på torsdagen", "2025-06-05", "2025-06-05"),
        ("sv", "på torsdag", "2025-06-12", "2025-06-12"),
        ("sv", "i fredags", "2025-06-06", "2025-06-06"),
        ("sv", "den 5 juni 2025", "2025-06-05", "2025-06-05"),
        ("sv", "förra veckan", "2025-05-26", "2025-06-01"),
        ("sv", "för tre dagar sedan", "2025-06-03", "2025-06-03"),
        ("sv", "i går", "2025-06-05", "2025-06-05"),
        ("sv", "i mars", "2025-03-01", "2025-03-31"),
        ("sv", "23 april", "2025-04-23", "2025-04-23"),
    ],
)
def test_what_day_is_meant(language: str, text: str, first: str, last: str) -> None:
    (mention,) = find_dates(f"Det blev så {text}.", language)
    resolved = resolve_relative(mention, PUBLISHED)
    assert resolved == (date.fromisoformat(first), date.fromisoformat(last))


@pytest.mark.parametrize(
    "text",
    ["he may 5 times", "in march formation", "30 February 2025", "2,019 cases", "sunny", "i jul"],
)  # fmt: skip
def test_what_is_no_date(text: str) -> None:
    assert [m.text for m in find_dates(text, "sv" if text == "i jul" else "en")] == []


def test_the_year_is_the_nearest_one() -> None:
    (mention,) = find_dates("on December 30", "en")
    assert resolve_relative(mention, date(2025, 1, 3)) == (date(2024, 12, 30), date(2024, 12, 30))


@settings(max_examples=100, deadline=None)
@given(
    st.text(alphabet="0123456789 -,MayJune idagpåtorsdn", max_size=60),
    st.sampled_from(["en", "sv"]),
)
def test_mentions_are_exact_ordered_and_resolvable(text: str, language: str) -> None:
    at = 0
    for mention in find_dates(text, language):
        assert at <= mention.start < mention.end
        assert text[mention.start : mention.end] == mention.text
        resolved = resolve_relative(mention, PUBLISHED)
        assert resolved is None or resolved[0] <= resolved[1]
        at = mention.end
