from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from rag.store.lexical import MOST_TERMS, LexicalQuery
from rag.store.store import Store
from rag.types import Filters

Add = Callable[..., None]


def search(
    store: Store,
    question: str,
    language: str = "en",
    *,
    within: str | None = None,
    filters: Filters = Filters(),  # noqa: B008
    k: int = 10,
) -> list[str]:
    query = LexicalQuery.from_question(question, language)
    return [
        found for found, _ in store.search_lexical(query, language=within, filters=filters, k=k)
    ]


def test_function_words_are_left_out_but_capitals_are_names() -> None:
    query = LexicalQuery.from_question("What did the US say about the ferry?", "en")
    assert query.plain == ("us", "usa", "ferry")


def test_a_question_of_function_words_keeps_them() -> None:
    assert LexicalQuery.from_question("Vem är han?", "sv").plain == ("vem", "är", "han")


def test_no_words_find_nothing(store: Store, add: Add) -> None:
    add("a", ["The ferry sank."])
    assert LexicalQuery.from_question("?!", "en").empty
    assert search(store, "?!") == []


def test_an_overlong_question_is_cut() -> None:
    query = LexicalQuery.from_question(" ".join(f"word{n}" for n in range(500)), "en")
    assert len(query.plain) == MOST_TERMS


def test_names_and_numbers_match_across_languages(store: Store, add: Add) -> None:
    add("sv", ["Riksbanken sänkte räntan till 2,5 procent.", "Solen sken i Skåne."], language="sv")
    assert search(store, "Did Riksbanken go to 2.5 per cent?", "en") == ["sv:0"]


def test_stems_match_other_forms(store: Store, add: Add) -> None:
    add("a", ["The bridges were closed.", "The ferry was late."])
    add("b", ["Tullarna höjdes i fjol.", "Hamnen var stängd."], language="sv")
    assert search(store, "Which bridge?", "en") == ["a:0"]
    assert search(store, "Vilken tull?", "sv") == ["b:0"]


def test_diacritics_may_be_missing_on_either_side(store: Store, add: Add) -> None:
    add("a", ["Regnet föll över Malmö.", "Inget hände i Lund."], language="sv")
    add("b", ["Malmo won the match.", "Lund lost."])
    assert search(store, "Malmo", "en") == ["b:0", "a:0"]
    assert set(search(store, "Malmö", "sv")) == {"a:0", "b:0"}


def test_title_outlet_and_date_are_searched_but_weigh_less(store: Store, add: Add) -> None:
    add("named", ["A plain sentence about weather."], title="Ferry report", outlet="Kuriren",
        day=date(2025, 5, 17))  # fmt: skip
    add("told", ["The ferry was late.", "Nobody complained at all."])
    assert search(store, "ferry") == ["told:0", "named:0"]
    assert search(store, "Kuriren", "sv") == ["named:0"]
    assert search(store, "17 maj 2025", "sv") == ["named:0"]
    assert search(store, "17 May 2025", "en") == ["named:0"]


def test_language_date_and_source_filters(store: Store, add: Add) -> None:
    add("old", ["The ferry was late."], day=date(2024, 12, 31), source="https://a.example/1")
    add("new", ["The ferry was late."], day=date(2025, 1, 1), outlet="Örebro Nyheter")
    add("undated", ["The ferry was late."])
    add("swedish", ["The ferry var sen."], language="sv", day=date(2025, 1, 1))
    day = date(2025, 1, 1)
    assert set(search(store, "ferry", within="en")) == {"old:0", "new:0", "undated:0"}
    assert set(search(store, "ferry", filters=Filters(date_from=day))) == {"new:0", "swedish:0"}
    assert search(store, "ferry", filters=Filters(date_to=date(2024, 12, 31))) == ["old:0"]
    assert search(store, "ferry", filters=Filters(source="A.EXAMPLE")) == ["old:0"]
    assert search(store, "ferry", filters=Filters(source="öreBRO")) == ["new:0"]
    assert search(store, "ferry", filters=Filters(source="100%_")) == []
    assert search(store, "ferry", filters=Filters(language="sv")) == ["swedish:0"]


def test_ties_come_in_order_of_their_ids(store: Store, add: Add) -> None:
    for name in ("c", "a", "b"):
        add(name, ["The ferry was late."])
    assert search(store, "ferry") == ["a:0", "b:0", "c:0"]
    assert search(store, "ferry", k=2) == ["a:0", "b:0"]


def test_scores_fall(store: Store, add: Add) -> None:
    add("a", ["Ferry ferry ferry.", "The ferry met another boat on its long way home.", "Rain."])
    query = LexicalQuery.from_question("ferry", "en")
    found = store.search_lexical(query, language=None, filters=Filters(), k=5)
    assert [chunk for chunk, _ in found] == ["a:0", "a:1"]
    assert found[0][1] > found[1][1]


@pytest.mark.parametrize(
    "question",
    ['" OR 1=1 --', "NEAR(a b)", "plain:*", "a AND NOT b", "^ferry*", "{plain stems}: x", "'; DROP",
     "\x00ferry", "ferry\u202e", "((((", "\ud800", "-ferry +boat", "ﬁ ½ ²", '"""'],
)  # fmt: skip
def test_no_spelling_of_a_question_breaks_the_search(store: Store, add: Add, question: str) -> None:
    add("a", ["The ferry was late."])
    found = search(store, question)
    assert found == (["a:0"] if "ferry" in question else [])


@given(question=st.text(max_size=80), language=st.sampled_from(["en", "sv", "xx"]))
@example(question="a." * 40, language="en")
@hypothesis_settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=80
)
def test_any_text_is_a_question(store: Store, question: str, language: str) -> None:
    assert search(store, question, language) == []


def test_contractions_are_function_words() -> None:
    assert LexicalQuery.from_question("Why didn’t it's ferry sail?", "en").plain == (
        "ferry",
        "sail",
    )
