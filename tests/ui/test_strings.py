from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from rag.ui.strings import CATALOGUE, Strings, preferred_language

UI = Path(__file__).parents[2] / "rag" / "ui"


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("key", CATALOGUE)
def test_both_languages_say_it_with_the_same_values(key: str) -> None:
    english, swedish = CATALOGUE[key]
    assert english.strip() and swedish.strip()
    assert _fields(english) == _fields(swedish)


def test_every_key_that_a_template_names_exists() -> None:
    source = "".join(p.read_text() for p in [*UI.glob("templates/*.html"), *UI.glob("*.py")])
    named = set(re.findall(r"\bt\(\s*['\"](\w+)['\"]", source))
    counted = set(re.findall(r"t\.count\(['\"](\w+)['\"]", source))
    assert named, "the pattern finds no keys"
    # A key made of two parts, t('why_' ~ reason), has at least its beginning here.
    begun = {key for key in named if key.endswith("_")}
    assert all(any(key.startswith(start) for key in CATALOGUE) for start in begun)
    assert named - begun <= CATALOGUE.keys()
    assert {f"{key}_{n}" for key in counted for n in ("one", "many")} <= CATALOGUE.keys()


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("sv-SE,sv;q=0.9,en;q=0.8", "sv"),
        ("en-GB,sv;q=0.9", "en"),
        ("de-DE,sv;q=0.5", "sv"),
        ("de,fr", "en"),
        ("sv", "sv"),
        ("", "en"),
        (None, "en"),
        ("svx-X,<script>", "en"),
    ],
)
def test_the_first_language_named_that_we_have_is_used(accept: str | None, language: str) -> None:
    assert preferred_language(accept) == language


def test_dates_are_written_out_and_what_is_no_date_is_left() -> None:
    assert Strings("en").day("2025-04-03") == "3 April 2025"
    assert Strings("sv").day("2025-04-03") == "3 april 2025"
    assert Strings("sv").day("våren 2025") == "våren 2025"


def test_one_and_many() -> None:
    assert Strings("en").count("quotes", 1) == "1 quote"
    assert Strings("en").count("quotes", 0) == "0 quotes"
    assert Strings("sv").count("removed", 2) == "2 påståenden borttagna"
