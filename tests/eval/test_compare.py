"""What changed between two results, and when a comparison fails a build."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import eval.__main__ as door
from eval import report
from eval.cases import GoldCase
from eval.compare import Comparison, compare, paired_difference
from eval.report_read import Parts, ResultFileError, checked
from eval.runner import run_case
from rag.settings import Settings
from tests.eval.conftest import FLOUR, answer, quote, refusal, text_of
from tests.eval.test_runner import FakeBot


def row(name: str, right: bool = True, **changed: Any) -> dict[str, Any]:
    """A case that has an answer, in the shape of schema 2."""
    score = {
        "answerable": True,
        "refused": False,
        "quotes": 1,
        "exact": 1,
        "quote_faults": [],
        "missing": [] if right else ["30 %"],
        "said": [],
        "correct": right,
    }
    values: dict[str, Any] = {
        "id": name,
        "kind": "fact",
        "language": "en",
        "question": f"What of {name}?",
        "expected": {"refuse": False, "accept": [["30 %"]], "must_not_say": [], "evidence": []},
        "milliseconds": 10.0,
        "error": None,
        "score": score,
        "answer": {},
        "parts": {"correct": [[float(right), 1.0]], "quote_exactness": [[1.0, 1.0]]},
    }
    return values | changed


def document(*rows: dict[str, Any], **changed: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "schema": 2,
        "cases": "tiny",
        "llm": "none",
        "commit": "a" * 40,
        "dirty": False,
        "settings": {"hits": 12},
        "overall": {},
        "groups": {},
        "results": list(rows),
    }
    return values | changed


def runs(before: str, after: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two results told by a letter a case: `+` right, `-` wrong."""
    return tuple(  # type: ignore[return-value]
        document(*(row(f"c{i}", mark == "+") for i, mark in enumerate(marks)))
        for marks in (before, after)
    )


def changes(found: Comparison) -> dict[str, Any]:
    return {change.measure.name: change for change in found.changes}


def crashed(name: str) -> dict[str, Any]:
    return row(name, score=None, answer=None, parts={}, error="ValueError: boom")


def misquoting(name: str) -> dict[str, Any]:
    one = row(name)
    return one | {"score": one["score"] | {"exact": 0, "quote_faults": ["[1] mill 0-5: not so"]}}


def test_equal_results_differ_in_nothing() -> None:
    found = compare(*runs("++-+" * 5, "++-+" * 5))
    assert found.regressions == () and found.flips == () and found.made == ()
    difference = changes(found)["correct"].difference
    assert (difference.value, difference.low, difference.high, difference.n) == (0, 0, 0, 20)


def test_a_clear_fall_is_a_regression_and_a_rise_is_none() -> None:
    better, worse = "+" * 40, "+" * 25 + "-" * 15
    fell = compare(*runs(better, worse))
    assert [r.split(" ")[2] for r in fell.regressions] == ["(correct)"]
    assert changes(fell)["correct"].difference.value == pytest.approx(-15 / 40)
    assert compare(*runs(worse, better)).regressions == ()


def test_a_fall_within_the_tolerance_or_within_chance_is_none() -> None:
    one_less = runs("+" * 40, "+" * 39 + "-")
    assert compare(*one_less).regressions == ()  # 2.5 points, but the interval holds 0
    much_less = runs("+" * 40, "+" * 25 + "-" * 15)
    assert compare(*much_less, tolerance=0.4).regressions == ()


def test_only_what_is_watched_sounds_the_alarm() -> None:
    much_less = runs("+" * 40, "+" * 25 + "-" * 15)
    assert compare(*much_less, watched=["quote_exactness"]).regressions == ()
    assert len(compare(*much_less, watched=["all"]).regressions) == 1
    with pytest.raises(ResultFileError, match="Not measured in both results: beauty"):
        compare(*much_less, watched=["beauty"])


def test_a_new_misquote_or_crash_is_always_a_regression() -> None:
    good = document(row("a"), row("b"))
    found = compare(good, document(misquoting("a"), crashed("b")), tolerance=1.0)
    assert [r.split(":")[0] for r in found.regressions] == ["a now misquotes", "b now crashes"]
    old = document(misquoting("a"), crashed("b"))
    assert compare(old, copy.deepcopy(old)).regressions == ()
    assert compare(old, good).regressions == ()


def test_a_new_case_that_misquotes_is_one_too() -> None:
    found = compare(document(row("a")), document(row("a"), misquoting("new")))
    assert len(found.regressions) == 1 and found.pairs == 1


def test_a_crash_is_in_no_difference() -> None:
    found = compare(document(row("a"), row("b")), document(row("a"), crashed("b")))
    assert changes(found)["correct"].difference.value == 0
    assert changes(found)["correct"].difference.n == 1


def test_cases_that_flipped_are_told_both_ways_with_the_reason() -> None:
    found = compare(*runs("+-+", "-++"))
    assert [(f.id, f.better) for f in found.flips] == [("c0", False), ("c1", True)]
    assert found.flips[0].before == "says what it must"
    assert found.flips[0].after == "does not say 30 %"


def test_pairs_are_by_id_and_not_by_place() -> None:
    before = document(row("a", True), row("b", False))
    after = document(row("b", False), row("a", True))
    assert compare(before, after).flips == ()


def test_a_case_that_asks_something_else_is_left_out_and_said() -> None:
    found = compare(
        document(row("a"), row("b")), document(row("a"), row("b", False, question="Another?"))
    )
    assert found.pairs == 1 and found.flips == ()
    assert "asked or expected otherwise" in found.notes[0]


def test_what_the_results_were_made_with_is_told() -> None:
    after = document(row("a"), settings={"hits": 16}, commit="b" * 40)
    made = compare(document(row("a")), after).made
    assert ("settings: hits", "12", "16") in made
    assert [name for name, _, _ in made] == ["commit", "settings: hits"]


def test_results_without_a_case_in_common_cannot_be_compared() -> None:
    with pytest.raises(ResultFileError, match="share no case"):
        compare(document(row("a")), document(row("b")))


def one(up: float, down: float = 1.0) -> Parts:
    return ((up, down),)


def test_the_paired_bootstrap_draws_the_same_cases_of_both() -> None:
    """Where every case gains the same, pairing leaves no doubt; the unpaired figures swing."""
    before = [one(x / 10) for x in range(10)]
    after = [one(x / 10 + 0.05) for x in range(10)]
    found = paired_difference(before, after)
    assert found.value == pytest.approx(0.05)
    assert (found.low, found.high) == (pytest.approx(0.05), pytest.approx(0.05))


def test_the_interval_is_that_of_a_plain_loop() -> None:
    rng = np.random.default_rng(3)
    before = [one(float(x), 1.0 + n % 2) for n, x in enumerate(rng.integers(0, 2, 30))]
    after = [one(float(x), 1.0 + n % 3) for n, x in enumerate(rng.integers(0, 2, 30))]
    found = paired_difference(before, after, rounds=500, seed=5)
    drawn = np.random.default_rng(5).multinomial(30, [1 / 30] * 30, size=500)
    differences = []
    for weights in drawn:
        figures = [
            sum(w * p[0][0] for w, p in zip(weights, side, strict=True))
            / sum(w * p[0][1] for w, p in zip(weights, side, strict=True))
            for side in (before, after)
        ]
        differences.append(figures[1] - figures[0])
    low, high = np.quantile(differences, [0.025, 0.975])
    assert (found.low, found.high) == (pytest.approx(low), pytest.approx(high))
    assert found.low is not None and found.value is not None and found.high is not None
    assert found.low < found.value < found.high


def test_two_ratios_are_averaged() -> None:
    nothing = (0.0, 0.0)
    before: list[Parts] = [((1.0, 1.0), nothing), (nothing, (0.0, 1.0))]
    after: list[Parts] = [((1.0, 1.0), nothing), (nothing, (1.0, 1.0))]
    assert paired_difference(before, after).value == pytest.approx(0.5)


def test_nothing_to_measure_is_none_and_never_nan() -> None:
    assert paired_difference([], []).value is None
    found = paired_difference([one(0, 0)], [one(1)])
    assert (found.value, found.low, found.high, found.n) == (None, None, None, 1)


Run = Callable[..., int]


@pytest.fixture
def gate(tmp_path: Path) -> Run:
    """Runs `compare` over two documents; gives the exit status."""

    def run(first: Mapping[str, Any], second: Mapping[str, Any], *words: str) -> int:
        paths = []
        for name, data in (("a", first), ("b", second)):
            path = tmp_path / f"{name}.json"
            path.write_text(json.dumps(data), "utf-8")
            paths.append(str(path))
        return door.main(["compare", *paths, *words])

    return run


def test_the_gate_is_open_without_a_regression(gate: Run) -> None:
    assert gate(*runs("+" * 20, "+" * 20)) == 0


def test_the_gate_is_shut_on_a_regression(gate: Run, capsys: pytest.CaptureFixture[str]) -> None:
    much_less = runs("+" * 40, "+" * 25 + "-" * 15)
    assert gate(*much_less) == 1
    shown = capsys.readouterr()
    assert "Regression: All right (correct)" in shown.err and "now wrong" in shown.out
    assert gate(*much_less, "--tolerance", "0.5") == 0
    assert gate(*much_less, "--metric", "quote_exactness") == 0


@pytest.mark.parametrize(
    "damaged",
    [
        {"schema": 3, "results": []},
        {"schema": 2, "results": []},
        {"rows": []},
        document({"id": "a"}),
        document(row("a", answer=None)),
    ],
)
def test_unusable_input_is_exit_2(
    gate: Run, capsys: pytest.CaptureFixture[str], damaged: dict[str, Any]
) -> None:
    assert gate(document(row("a")), damaged) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_file_that_is_not_there_is_exit_2(tmp_path: Path) -> None:
    assert door.main(["compare", str(tmp_path / "a.json"), str(tmp_path / "b.json")]) == 2


def test_the_comparison_is_written_as_a_page(gate: Run, tmp_path: Path) -> None:
    page = tmp_path / "out.html"
    better, worse = runs("+-" * 10, "-+" * 10)
    worse["results"][0]["question"] = better["results"][0]["question"] = "<img src=x onerror=x()>"
    assert gate(better, worse, "--html", str(page)) == 0
    text = page.read_text("utf-8")
    assert "<img" not in text and "&lt;img src=x onerror=x()&gt;" in text


def test_a_result_of_schema_1_has_the_parts_of_its_own_figures(
    flour: GoldCase, silent: GoldCase
) -> None:
    """What is paired is what was reported: sums of the parts give the document's figures."""
    replies = [
        (flour, answer("30 % [1]", [quote(1, "mill", FLOUR)])),
        (flour, answer("40 % [1]", [quote(1, "mill", "It closed in May.")])),
        (flour, refusal()),
        (silent, refusal()),
        (silent, answer("Yes [1]", [quote(1, "mill", FLOUR)])),
    ]
    results = [run_case(gold, FakeBot([reply]), text_of) for gold, reply in replies]
    data = json.loads(json.dumps(report.document(
        results, cases="tiny", llm="none", settings=Settings(llm="none"), threshold={},
        selection={},
    )))  # fmt: skip
    data["schema"] = 1
    for place, one_row in enumerate(data["results"]):
        one_row["id"] = str(place)
        del one_row["parts"]
    found = changes(compare(checked(data, "tiny"), data))
    reported = data["overall"]["measures"]
    assert {n: (c.before, c.difference.n) for n, c in found.items() if n != "milliseconds"} == {
        name: (pytest.approx(reported[name]["value"]), reported[name]["n"])
        for name in found.keys() - {"milliseconds"}
    }
    assert len(found) > 10


def test_schemas_1_and_2_are_compared() -> None:
    old = document(row("a"), schema=1)
    score = {"recall": 1.0, "cited": 1, "relevant": 1}
    for one_row in old["results"]:
        del one_row["parts"]
        one_row["score"] |= score
    found = compare(old, document(row("a", right=False)))
    assert changes(found)["correct"].difference.value == -1
    assert [f.id for f in found.flips] == ["a"]
