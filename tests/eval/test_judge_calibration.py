"""Labelled sets as they are published, on rows small enough to check by hand."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from eval import judge_calibration
from eval.judge_calibration import calibrate, load_table, merged, out_of_fold
from eval.judge_sets import FRANK_ERRORS, answerable, answers, drawn, frank, ramdocs, rgb
from eval.judges import Aspect, Item, Ruling
from eval.runner import Report
from rag.errors import SettingsError


def write(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_bytes(gzip.compress("\n".join(json.dumps(r) for r in rows).encode()))
    return path


def summary(n: int, factuality: float, **errors: float) -> dict[str, Any]:
    return {
        "hash": f"h{n % 2}",
        "dataset": "bbc",
        "article": "The mill opened in 1961.",
        "summary": f"summary {n}",
        "factuality": factuality,
        **dict.fromkeys(FRANK_ERRORS, 1.0),
        **errors,
    }


class Says:
    """A judge that holds the claims it is given, and cannot tell those that say so."""

    name = "says"
    repeats = 1
    tokens = 0
    aspects: tuple[Aspect, ...] = ("faithfulness",)

    def __init__(self, *held: str) -> None:
        self.held = held

    def judge(self, items: Sequence[Item], report: Report | None = None) -> list[Ruling]:
        return [
            Ruling(None if "unclear" in i.claim else i.claim in self.held, None, "") for i in items
        ]


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    write(
        tmp_path / "frank.jsonl.gz",
        summary(0, 1.0),
        summary(1, 1.0),
        summary(2, 0.0, EntE=0.0, OutE=0.5),
        summary(3, 0.6666666667, EntE=0.6666666667),
        summary(4, 0.0, OutE=0.0),
    )
    return tmp_path


def test_frank_is_factual_when_all_say_so(bench: Path) -> None:
    found = frank(bench / "frank.jsonl.gz")
    assert [x.holds for x in found] == [True, True, False, False, False]
    assert [x.faults for x in found] == [
        (), (), ("entity", "out of article"), (), ("out of article",),
    ]  # fmt: skip
    assert found[0].item.article == "The mill opened in 1961." and found[0].part == "bbc"
    assert found[0].group == found[2].group != found[1].group


def test_balanced_accuracy_in_all_and_by_kind_of_error(bench: Path) -> None:
    entries, skipped = calibrate(bench, Says("summary 0", "summary 2"), only=["frank"])
    entry = entries["frank"]
    # Of two true ones one is kept; of three false ones two are caught.
    assert entry["balanced"]["value"] == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert (entry["kept"]["value"], entry["caught"]["value"]) == (0.5, pytest.approx(2 / 3))
    assert entry["errors"]["entity"]["value"] == pytest.approx((1 / 2 + 0) / 2)
    assert entry["errors"]["out of article"]["value"] == pytest.approx((1 / 2 + 1 / 2) / 2)
    assert entry["errors"]["out of article"]["false"] == 2
    assert entry["balanced"]["low"] <= entry["balanced"]["value"] <= entry["balanced"]["high"]
    assert entry["data"]["rows"] == 5 and len(entry["data"]["sha256"]) == 12
    assert not entry["seen"] and not skipped


def test_telling_the_parts_of_a_set_apart_earns_nothing(tmp_path: Path) -> None:
    bbc = [summary(0, 1.0), *(summary(n, 0.0) for n in range(1, 9))]
    cnn = [summary(9, 0.0), *(summary(n, 1.0) for n in range(10, 18))]
    cnn = [row | {"dataset": "cnndm", "summary": "held", "hash": row["hash"] + "c"} for row in cnn]
    write(tmp_path / "frank.jsonl.gz", *bbc, *cnn)
    entry = calibrate(tmp_path, Says("held"), only=["frank"])[0]["frank"]
    assert entry["balanced"]["value"] == 0.5 and entry["balanced"]["n"] == 18
    assert entry["parts"]["bbc"]["value"] == entry["parts"]["cnndm"]["value"] == 0.5


def test_what_was_not_judged_is_counted_and_in_no_figure(tmp_path: Path) -> None:
    rows = [summary(0, 1.0), summary(1, 0.0), summary(2, 1.0) | {"summary": "unclear"}]
    write(tmp_path / "frank.jsonl.gz", *rows)
    entry = calibrate(tmp_path, Says("summary 0"), only=["frank"])[0]["frank"]
    assert entry["unjudged"] == 1
    assert entry["balanced"] == {"value": 1.0, "low": 1.0, "high": 1.0, "n": 2}


def test_without_false_ones_there_is_no_figure(tmp_path: Path) -> None:
    write(tmp_path / "frank.jsonl.gz", summary(0, 1.0))
    entry = calibrate(tmp_path, Says(), only=["frank"])[0]["frank"]
    assert entry["balanced"]["value"] is None and entry["caught"]["n"] == 0
    assert json.dumps(entry, allow_nan=False)


def test_a_missing_set_is_left_out_with_a_sentence(bench: Path) -> None:
    entries, skipped = calibrate(bench, Says())
    assert list(entries) == ["frank"]
    assert f"rgb is left out: rgb_en_fact.jsonl.gz is not in {bench}." in skipped
    assert not any("squad2_sv" in line for line in skipped)  # not a set for this judge


def test_a_wrong_folder_set_or_file_is_told(bench: Path) -> None:
    with pytest.raises(SettingsError, match="does not exist"):
        calibrate(bench / "gone", Says())
    with pytest.raises(SettingsError, match="no labelled set nobody"):
        calibrate(bench, Says(), only=["nobody"])
    (bench / "frank.jsonl.gz").write_text("no gzip")
    with pytest.raises(SettingsError, match="not gzipped"):
        calibrate(bench, Says(), only=["frank"])


def test_drawing_takes_so_many_of_each_label_every_time(bench: Path) -> None:
    found = frank(bench / "frank.jsonl.gz")
    few = drawn(found, 1)
    assert sorted(x.holds for x in few) == [False, True]
    assert drawn(found[::-1], 1)[::-1] == few
    assert drawn(found, None) == found


def test_rgb_pairs_a_snippet_with_its_twin(tmp_path: Path) -> None:
    row = {
        "id": 1,
        "query": "Who won?",
        "answer": [["Ash", "A."]],
        "fakeanswer": "Bo",
        "positive": ["Ash won.", "Nobody is named."],
        "positive_wrong": ["Bo won.", "Bo beat Ash."],
    }
    found = rgb(write(tmp_path / "rgb.gz", row))
    assert [(x.item.claim, x.item.quotes[0].text, x.holds) for x in found] == [
        ("Who won? Ash", "Ash won.", True),
        ("Who won? Ash", "Bo won.", False),
    ]


def test_ramdocs_holds_an_answer_against_every_document(tmp_path: Path) -> None:
    row = {
        "question": "Who won?",
        "gold_answers": ["Ash"],
        "wrong_answers": ["Bo"],
        "documents": [
            {"text": "Ash won.", "type": "correct", "answer": "Ash"},
            {"text": "Bo won, not Ash.", "type": "misinfo", "answer": "Bo"},
            {"text": "It rained.", "type": "noise", "answer": "unknown"},
        ],
    }
    found = ramdocs(write(tmp_path / "ramdocs.gz", row))
    # That the second document names Ash too makes it no fair case for either label.
    assert [(x.item.claim[9:], x.item.quotes[0].text[:3], x.holds) for x in found] == [
        ("Ash", "Ash", True),
        ("Bo", "Ash", False),
        ("Bo", "Bo ", True),
        ("Ash", "It ", False),
        ("Bo", "It ", False),
    ]


def span(n: int, answer: str | None) -> dict[str, Any]:
    return {
        "id": str(n),
        "lang": "sv",
        "title": "t",
        "question": f"q{n}",
        "passage_id": "p",
        "passage": "Ett visum.",
        "answers": [] if answer is None else [{"text": answer, "start": 0}],
    }


def test_a_passage_is_relevant_when_it_answers(tmp_path: Path) -> None:
    found = answerable(write(tmp_path / "sv.gz", span(0, "visum"), span(1, None)))
    assert [(x.item.question, x.holds) for x in found] == [("q0", True), ("q1", False)]
    assert found[0].item.language == "sv"


def test_another_questions_answer_is_wrong_unless_it_is_the_same(tmp_path: Path) -> None:
    path = write(tmp_path / "qa.gz", span(0, "visum"), span(1, "pass"), span(2, "ett pass"))
    found = [(x.item.question, x.item.claim, x.holds) for x in answers(path)]
    assert found == [
        ("q0", "visum", True),
        ("q0", "pass", False),
        ("q1", "pass", True),
        ("q2", "ett pass", True),
        ("q2", "visum", False),
    ]


def test_new_entries_replace_old_ones_of_the_same_set_only() -> None:
    table = {"says": {"frank": 1, "rgb": 2}, "other": {"frank": 3}}
    assert merged(table, "says", {"frank": 4}) == {
        "says": {"frank": 4, "rgb": 2},
        "other": {"frank": 3},
    }


def test_a_judge_fitted_on_a_set_says_so(bench: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judge = Says("summary 0")
    judge.name = "verifier"
    monkeypatch.setattr(judge_calibration, "out_of_fold", lambda *_: {"frank bbc: x": "auc 0.6"})
    entry = calibrate(bench, judge, only=["frank"])[0]["frank"]
    assert entry["seen"] and entry["out_of_fold"] == {"frank bbc: x": "auc 0.6"}


def test_the_fit_notes_what_it_had_not_seen(tmp_path: Path) -> None:
    file = tmp_path / "c.json"
    noted = {"frank bbc: unfactual": "auc 0.6", "begin: neutral": "auc 0.9"}
    file.write_text(json.dumps({"support": {"figures": {"heard": noted}}}))
    assert out_of_fold("verifier", "frank", file) == {"frank bbc: unfactual": "auc 0.6"}
    assert out_of_fold("rules", "frank", file) == {}
    assert out_of_fold("verifier", "frank", tmp_path / "gone") == {}


def test_a_table_that_is_not_there_is_empty_and_a_broken_one_is_told(tmp_path: Path) -> None:
    assert load_table(tmp_path / "judges.json") == {}
    (tmp_path / "judges.json").write_text("{")
    with pytest.raises(SettingsError, match="cannot be read"):
        load_table(tmp_path / "judges.json")
