"""By hand: what the library makes of what we hand it."""

from __future__ import annotations

import math

import pytest

from eval.cases import Gold
from eval.metrics_retrieval import HitSpan, retrieval_score

ONE = Gold("a", 100, 120, "")
OTHER = Gold("b", 0, 10, "")


def hit(article: str, start: int, end: int) -> HitSpan:
    return HitSpan(article, start, end, 0.0)


WRONG = hit("a", 0, 50)
RIGHT = hit("a", 90, 200)


def test_the_first_place_is_the_best() -> None:
    got = retrieval_score([RIGHT, WRONG], [[ONE]])
    assert got is not None
    assert (got.rank, got.hit_1, got.mrr_10, got.ndcg_10, got.recall_10) == (1, 1.0, 1.0, 1.0, 1.0)


def test_the_third_place() -> None:
    got = retrieval_score([WRONG, hit("b", 90, 200), RIGHT], [[ONE]])
    assert got is not None
    assert (got.rank, got.hit_1, got.hit_3, got.hit_10) == (3, 0.0, 1.0, 1.0)
    assert got.mrr_10 == pytest.approx(1 / 3)
    assert got.ndcg_10 == pytest.approx(1 / math.log2(4))


def test_past_ten_is_not_found() -> None:
    got = retrieval_score([*[WRONG] * 10, RIGHT], [[ONE]])
    assert got is not None
    assert (got.rank, got.hit_10, got.mrr_10, got.ndcg_10) == (None, 0.0, 0.0, 0.0)
    assert got.hits == 11


def test_half_of_what_is_needed() -> None:
    got = retrieval_score([RIGHT, WRONG], [[ONE], [OTHER]])
    assert got is not None
    assert (got.hit_1, got.recall_10) == (1.0, 0.5)
    assert got.ndcg_10 == pytest.approx(1 / (1 + 1 / math.log2(3)))


def test_a_group_is_found_once_however_often_it_is_covered() -> None:
    once = retrieval_score([RIGHT, WRONG], [[ONE, OTHER]])
    twice = retrieval_score([RIGHT, hit("b", 0, 10)], [[ONE, OTHER]])
    assert once == twice


def test_one_chunk_may_find_two_groups() -> None:
    got = retrieval_score([hit("a", 0, 200)], [[ONE], [Gold("a", 10, 20, "")]])
    assert got is not None
    assert (got.recall_10, got.ndcg_10, got.hits) == (1.0, 1.0, 1)


def test_a_chunk_that_holds_less_than_half_finds_nothing() -> None:
    got = retrieval_score([hit("a", 111, 300)], [[ONE]])
    assert got is not None and got.rank is None


def test_no_hits_are_0_and_no_gold_is_no_figure() -> None:
    got = retrieval_score([], [[ONE]])
    assert got is not None and got.ndcg_10 == got.hit_10 == 0.0
    assert retrieval_score([RIGHT], []) is None
