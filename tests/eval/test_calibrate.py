from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from eval.calibrate import (
    Judged,
    calibration,
    choose,
    curve,
    judge_cases,
    sample_bench,
)
from eval.cases import GoldCase
from rag.errors import InputError, SettingsError
from rag.types import EvidenceSet
from tests.eval.conftest import case


def judged(source: str, yes: list[float], no: list[float]) -> list[Judged]:
    return [Judged(source, a, True) for a in yes] + [Judged(source, a, False) for a in no]


def test_a_clean_gap_is_cut_in_its_middle() -> None:
    got = choose(curve(judged("a", [0.8, 0.9], [0.2, 0.4])), answer_rate=1.0)
    assert (got.answer_rate, got.refusal_recall, got.balanced) == (1.0, 1.0, 1.0)
    assert got.threshold == pytest.approx(0.6, abs=0.01)


def test_the_answer_rate_is_kept() -> None:
    mixed = judged("a", [0.1, 0.6, 0.7, 0.8], [0.05, 0.3, 0.65])
    strict = choose(curve(mixed), answer_rate=1.0)
    loose = choose(curve(mixed), answer_rate=0.75)
    assert (strict.answer_rate, strict.refusal_recall) == (1.0, pytest.approx(1 / 3))
    assert (loose.answer_rate, loose.refusal_recall) == (0.75, pytest.approx(2 / 3))


def test_a_large_source_does_not_outvote_a_small_one() -> None:
    many = judged("big", [0.9] * 98 + [0.1] * 2, []) + judged("small", [0.1, 0.9], [])
    (point,) = [p for p in curve(many) if p.threshold == 0.5]
    assert point.answer_rate == pytest.approx((0.98 + 0.5) / 2)
    assert point.refusal_recall is None and point.balanced is None


@pytest.mark.parametrize("data", [[], judged("a", [0.5], []), judged("a", [], [0.5])])
def test_one_sided_data_cannot_calibrate(data: list[Judged]) -> None:
    with pytest.raises(SettingsError, match="nothing to calibrate on"):
        choose(curve(data), answer_rate=0.9)


def test_the_result_tells_its_data() -> None:
    got = calibration(judged("a", [0.8], [0.2]), 0.9, "reader-1")
    assert got["reader"] == "reader-1"
    assert 0.2 < got["threshold"] <= 0.8
    assert got["data"]["a"]["answerable"] == got["data"]["a"]["unanswerable"] == 1
    assert len(got["curve"]) == 201
    json.dumps(got, allow_nan=False)


class FakeFinder:
    def __init__(self) -> None:
        self.asked: list[str] = []

    def evidence_for(self, question: str) -> EvidenceSet:
        self.asked.append(question)
        return EvidenceSet((), 0.7, True)


def test_the_held_out_half_and_false_premises_are_never_asked() -> None:
    made = [
        case(id="a", question="dev?"),
        case(id="b", question="test?", split="test"),
        case(id="c", question="untrue?", refuse="allowed"),
        case(id="d", question="silent?", refuse=True, accept=[]),
    ]
    finder = FakeFinder()
    got = judge_cases([GoldCase(c, (), (), None) for c in made], finder, None)
    assert finder.asked == ["dev?", "silent?"]
    assert [j.has_answer for j in got] == [True, False]


def bench(folder: Path, *rows: object) -> Path:
    with gzip.open(folder / "squad2_sv.jsonl.gz", "wt", encoding="utf-8") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows)
    return folder


def test_bench_rows_are_read(tmp_path: Path) -> None:
    row = {"question": "Vad?", "passage_id": "p", "passage": "Så.", "lang": "sv", "answers": []}
    (got,) = sample_bench(bench(tmp_path, row), "squad2_sv", 5)
    assert (got.question, got.has_answer) == ("Vad?", False)
    assert sample_bench(tmp_path, "xquad_en", 5) == []


def test_a_broken_bench_row_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"squad2_sv\.jsonl\.gz:1"):
        sample_bench(bench(tmp_path, {"question": "Vad?"}), "squad2_sv", 5)
