from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.fusion import (
    UNREAD,
    Proposal,
    Weights,
    best_first,
    features,
    load_weights,
    one_of_each_witness,
    recency,
    spread,
)


def proposal(
    chunk: str, article: str, *, language: str = "en", cosine: float = 0.0, bm25: float = 0.0
) -> Proposal:
    return Proposal(chunk, article, article, None, language, cosine, bm25)


def test_what_is_known_of_a_chunk() -> None:
    one = proposal("a:0", "a", cosine=0.5, bm25=8.0)
    assert features(one, "en", 1.5) == {
        "cosine": 0.5, "bm25": 8.0, "foreign": 0.0, "foreign_cosine": 0.0, "reader": 1.5,
    }  # fmt: skip


def test_another_language_is_told() -> None:
    known = features(proposal("a", "a", language="sv", cosine=0.25), "en")
    assert (known["foreign"], known["foreign_cosine"]) == (1.0, 0.25)


def test_unread_counts_as_surely_not_answering_and_nothing_counts_less() -> None:
    one = proposal("a", "a")
    assert features(one, "en")["reader"] == features(one, "en", -9.0)["reader"] == UNREAD


def test_the_score_is_the_weighted_sum_of_what_has_a_weight() -> None:
    weights = Weights({"cosine": 2.0, "bm25": 0.5})
    assert weights.score({"cosine": 0.25, "bm25": 1.0, "unknown": 9.0}) == 1.0


def test_equal_scores_come_in_order_of_their_ids() -> None:
    assert best_first({"b": 1.0, "a": 1.0, "c": 2.0}) == ["c", "a", "b"]


def test_a_witness_is_heard_once_and_its_copies_come_last() -> None:
    owner = {"a:0": ("a", "a"), "copy:0": ("copy", "a"), "a:1": ("a", "a"), "b:0": ("b", "b")}
    order = ["a:0", "copy:0", "a:1", "b:0"]
    assert one_of_each_witness(order, owner) == ["a:0", "a:1", "b:0", "copy:0"]


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("wxyz")), max_size=12))
def test_no_chunk_is_lost_for_its_witness(owners: list[tuple[str, str]]) -> None:
    owner = {str(n): pair for n, pair in enumerate(owners)}
    assert sorted(one_of_each_witness(list(owner), owner)) == sorted(owner)


def test_the_third_chunk_of_an_article_lets_others_go_first() -> None:
    order = ["a:0", "a:1", "a:2", "b:0", "a:3", "c:0"]
    article = {chunk: chunk[0] for chunk in order}
    assert spread(order, article, 2) == ["a:0", "a:1", "b:0", "c:0", "a:2", "a:3"]
    assert spread(order, article, 9) == order


def test_news_are_worth_half_after_their_half_life() -> None:
    newest = date(2025, 7, 1)
    assert recency(newest, newest, 365) == 1.0
    assert recency(date(2024, 7, 1), newest, 365) == pytest.approx(0.5)
    assert recency(None, newest, 365) == 0.0


def test_both_sets_of_weights_ship() -> None:
    assert {"cosine", "bm25"} <= set(load_weights("fused").values)
    assert "reader" in load_weights("read").values
