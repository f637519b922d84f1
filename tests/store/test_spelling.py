from __future__ import annotations

from collections.abc import Callable

import pytest

from rag.store.lexical import LexicalQuery
from rag.store.store import Store

Add = Callable[..., None]


def plain(store: Store, question: str, language: str = "en", **parts: bool) -> set[str]:
    query = LexicalQuery.from_question(question, language)
    return set(store.known_spellings(query, language, **parts).plain) - set(query.plain)


@pytest.fixture
def filled(store: Store, add: Add) -> Store:
    add("en", ["Bessent met He Lifeng.", "Mr Hansson and Mr Jansson stayed away."])
    add("sv", ["Ett nytt avtal om handel.", "Handelsavtal gäller i fem år.", "Skola i by."],
        language="sv")  # fmt: skip
    return store


def test_a_name_that_nobody_has_gets_its_nearest_spelling(filled: Store) -> None:
    assert plain(filled, "Who is Bescent?") == {"bessent"}
    assert plain(filled, "Who is Bescent?", names=False) == set()


def test_a_known_word_stays_alone(filled: Store) -> None:
    assert plain(filled, "Who is Bessent?") == set()


def test_another_form_of_a_known_word_stays_alone(filled: Store) -> None:
    assert plain(filled, "Vad är avtalen?", "sv") == set()


def test_the_first_letters_count(filled: Store) -> None:
    assert plain(filled, "Who is Kansson?") == set()


def test_short_words_and_numbers_are_let_be(filled: Store) -> None:
    assert plain(filled, "Who is Heng 20255?") == set()


def test_an_unknown_compound_is_parted_with_and_without_s(filled: Store, add: Add) -> None:
    assert plain(filled, "Vad är avtalshandel?", "sv") == {"avtal", "handel"}
    assert plain(filled, "Vad är handelavtal?", "sv") >= {"handel", "avtal"}
    assert plain(filled, "Vad är avtalshandel?", "sv", compounds=False) == set()


def test_a_known_compound_stays_whole(filled: Store) -> None:
    assert plain(filled, "Vad är handelsavtal?", "sv") == set()


def test_only_swedish_is_parted(filled: Store) -> None:
    assert plain(filled, "What is avtalshandel?", "en") == set()


def test_what_has_no_known_parts_stays_whole(filled: Store) -> None:
    assert plain(filled, "Vad är avtalsgurka?", "sv") == set()
