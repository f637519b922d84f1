from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.fusion import best_first, ranks, reciprocal_rank_fusion

ID_LISTS = st.lists(st.text("abcdef", min_size=1, max_size=2), unique=True, max_size=8)


def test_ranks_count_from_one_and_keep_the_best() -> None:
    assert ranks(["b", "a", "b"]) == {"b": 1, "a": 2}


def test_scores_are_the_published_formula() -> None:
    fused = reciprocal_rank_fusion([({"a": 1, "b": 2}, 1.0), ({"b": 1}, 2.0)], k=60)
    assert fused["a"] == pytest.approx(1 / 61)
    assert fused["b"] == pytest.approx(1 / 62 + 2 / 61)


def test_equal_scores_are_ordered_by_the_tie_break_and_then_the_id() -> None:
    assert best_first({"a": 1.0, "b": 1.0, "c": 1.0}, {"b": 0.9}) == ["b", "a", "c"]


@given(ID_LISTS, ID_LISTS)
def test_what_leads_every_list_leads_the_fusion(first: list[str], second: list[str]) -> None:
    first = ["top", *first]
    second = ["top", *second]
    fused = reciprocal_rank_fusion([(ranks(first), 1.0), (ranks(second), 1.0)])
    assert best_first(fused, {})[0] == "top"
    assert set(fused) == set(first) | set(second)
