"""What the report is put together from: excerpts, charts, words for figures."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.metrics import MEASURES
from eval.report_charts import Bin, binned, calibration_error, curves, histogram, wilson
from eval.report_measures import COLUMNS, between, grouped, measure, shown
from eval.report_passages import Mark, excerpts
from eval.report_plots import retrieval
from eval.report_read import why
from eval.report_view import prose, wanted

TEXT = "One two three. Four five six. Seven eight nine. Ten eleven twelve. " * 6


@st.composite
def marked(draw: st.DrawFn) -> tuple[str, list[Mark], int]:
    text = draw(st.text(alphabet="ab \n…é", min_size=1, max_size=80))
    marks = []
    for n in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text) - 1))
        end = draw(st.integers(start + 1, len(text)))
        marks.append(Mark(start, end, draw(st.sampled_from([None, n]))))
    return text, marks, draw(st.integers(0, 30))


@given(marked())
def test_excerpts_are_slices_that_hold_every_mark_whole(
    given: tuple[str, list[Mark], int],
) -> None:
    text, marks, around = given
    found = excerpts(text, marks, around)
    for one in found:
        assert "".join(piece.text for piece in one.pieces) == text[one.start : one.end]
        assert (one.before, one.after) == (one.start > 0, one.end < len(text))
    for mark in marks:
        (holding,) = [e for e in found if e.start <= mark.start and mark.end <= e.end]
        at, covered = holding.start, ""
        for piece in holding.pieces:
            if mark.start <= at < mark.end:
                assert mark.n in piece.quotes if mark.n is not None else piece.wanted
                covered += piece.text
            at += len(piece.text)
        assert covered == text[mark.start : mark.end]
    assert all(a.end < b.start for a, b in pairwise(found))


def test_an_excerpt_starts_and_ends_at_words() -> None:
    at = TEXT.index("Seven")
    (found,) = excerpts(TEXT, [Mark(at, at + 5, 1)], around=10)
    assert TEXT[found.start : found.end] == "five six. Seven eight nine."


def test_marks_far_apart_are_two_excerpts() -> None:
    marks = [Mark(0, 3, 1), Mark(300, 305, 2)]
    assert [len(excerpts(TEXT, marks, around)) for around in (10, 400)] == [2, 1]


def test_bins_hold_every_case_once() -> None:
    points = [(n / 40, n % 3 == 0) for n in range(40)]
    bins = binned(points)
    assert sum(b.n for b in bins) == 40 and len(bins) == 8
    assert [b.said for b in bins] == sorted(b.said for b in bins)
    assert binned([]) == [] and calibration_error([]) is None


def test_the_calibration_error_is_the_gap_weighed_by_cases() -> None:
    assert calibration_error([Bin(0.2, 0.2, 30), Bin(0.9, 0.5, 10)]) == pytest.approx(0.1)


def test_a_share_of_all_or_none_still_has_an_interval() -> None:
    """Wilson's, which stays within 0..1; for 10 of 10 it is 72% to 100%."""
    assert wilson(10, 10) == (pytest.approx(0.7225, abs=1e-3), pytest.approx(1.0))
    assert wilson(0, 10) == (0.0, pytest.approx(0.2775, abs=1e-3))


def test_every_value_is_in_a_bar() -> None:
    chart = histogram("t", "c", "time", [0.0, 12.0, 480.0, 999.0, 1000.0], [(480.0, "median")])
    assert chart is not None
    assert sum(int(count) for _, count in chart.rows) == 5
    assert all(chart.left <= bar.x <= chart.right for bar in chart.bars)
    assert histogram("t", "c", "time", [], []) is None


def test_a_line_goes_through_its_points() -> None:
    chart = curves("t", "c", "x", [("a", [(0.0, 0.0), (1.0, 1.0)])])
    assert chart.lines[0].path == f"M{chart.left:g} {chart.bottom:g} L{chart.right:g} {chart.top:g}"


def searched(rank: int | None, language: str = "en") -> dict[str, object]:
    return {"language": language, "score": {"retrieval": {"rank": rank}}}


def test_hit_at_k_counts_the_questions_found_by_then() -> None:
    chart = retrieval([searched(1), searched(3), searched(None), searched(10, "sv")])
    assert chart is not None
    assert chart.headings == ("k", "all", "en", "sv")
    assert chart.rows[0] == ("1", "25%", "33%", "0%")
    assert chart.rows[2] == ("3", "50%", "67%", "0%")
    assert chart.rows[-1] == ("10", "75%", "67%", "100%")
    assert retrieval([{"language": "en", "score": None}]) is None


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "–"), (1.0, "100%"), (0.0, "0%"), (0.9986, "99.9%"), (0.99999, ">99.9%"),
     (0.001, "0.1%"), (0.00001, "<0.1%"), (0.864, "86%")],
)  # fmt: skip
def test_only_all_is_100_per_cent(value: float | None, text: str) -> None:
    assert shown(value) == text


def test_differences_have_a_sign() -> None:
    assert shown(0.04, signed=True) == "+4.0 points"
    assert shown(-0.04, signed=True) == "−4.0 points"
    assert shown(-15_700, "ms", signed=True) == "−15.7 s"
    assert between(-0.1, 0.2, "share") == "−10.0 to +20.0 points"
    assert between(None, None, "share") == ""


def test_every_measure_has_a_place_and_words() -> None:
    placed = [m for heading, some in grouped(MEASURES) for m in some if heading != "Other figures"]
    assert {m.name for m in placed} == set(MEASURES)
    assert all(m.meaning for m in placed)
    assert set(COLUMNS) <= set(MEASURES)


def test_an_unknown_measure_is_shown_under_its_own_name() -> None:
    assert grouped(["new_thing"])[0][1][0].label == "New thing"
    assert measure("hit@3").label == "Hit@3"


def test_marks_are_cut_out_of_the_prose() -> None:
    assert list(prose("A [1] and b.[12] [x]")) == ["A ", 1, " and b.", 12, " [x]"]


def test_what_was_expected_is_told() -> None:
    expected = {
        "refuse": "allowed",
        "accept": [["30 %", "thirty"], ["flour"]],
        "must_not_say": ["40 %"],
        "evidence": [[], []],
        "conflict": True,
        "attribution": ["Wong"],
    }
    lines = list(wanted(expected))
    assert lines[1:] == [
        "It says “30 %” or “thirty”.",
        "It says “flour”.",
        "It names “Wong” as the source.",
        "It shows that the sources disagree.",
        "It does not say “40 %”.",
        "It quotes 2 passages marked below.",
    ]
    silent = expected | {"refuse": True}
    assert list(wanted(silent)) == ["A refusal: the articles do not answer this."]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"refused": True, "correct": True}, "refused, and that is allowed"),
        ({"said": ["40 %"]}, "says 40 %"),
        ({"answerable": False}, "answered what the articles do not say"),
        ({"quote_faults": ["[1] off"]}, "misquotes: [1] off"),
    ],
)
def test_why_a_case_passed_or_failed(changed: dict[str, object], reason: str) -> None:
    score = {"refused": False, "correct": False, "said": [], "missing": [], "quote_faults": []}
    score |= {"answerable": None} | changed
    assert why({"score": score, "error": None, "expected": {"must_not_say": []}}) == reason
