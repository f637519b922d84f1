"""The commands from a result file to its side files, over a corpus of four articles."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from eval.__main__ import main
from tests.eval.judging import ASKED, LANGUAGE, TEXTS, document, make_gold, refused, row


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    (tmp_path / "articles").mkdir()
    for name, text in TEXTS.items():
        (tmp_path / "articles" / f"{name}.txt").write_text(text, "utf-8")
    written: dict[str, Any] = {
        "corpus": "articles",
        "articles": {name: {"id": name, "language": LANGUAGE[name]} for name in TEXTS},
        "cases": [
            make_gold(name).case.model_dump(exclude_defaults=True)
            | {"evidence": [[{"article": article, "text": text}]]}
            for name, (_, article, text) in ASKED.items()
        ],
    }
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(written, allow_unicode=True), "utf-8")
    return path


@pytest.fixture
def result(tmp_path: Path) -> Path:
    path = tmp_path / "tiny-none-0123.json"
    run = document(row("price"), row("sheep"), row("pris"), refused("far"))
    path.write_text(json.dumps(run), "utf-8")
    return path


def test_mutate_writes_beside_the_result(result: Path, cases: Path) -> None:
    assert main(["mutate", str(result), "--judge", "rules", "--cases", str(cases)]) == 0
    side = json.loads((result.parent / "tiny-none-0123.mutations.json").read_text("utf-8"))
    assert (side["of"], side["answers"], side["statements"]) == ("tiny-none-0123.json", 3, 3)
    assert {w["name"] for w in side["watchers"]} >= {"suite", "rules", "quote_exactness"}
    assert all(row["caught_by"] or row["missed_by"] for row in side["mutations"])


def test_mutate_twice_says_the_same(result: Path, cases: Path) -> None:
    sides = []
    for name in ("a.json", "b.json"):
        out = result.with_name(name)
        words = ["--judge", "rules", "--cases", str(cases), "--out", str(out)]
        assert main(["mutate", str(result), *words]) == 0
        sides.append(json.loads(out.read_text("utf-8")) | {"finished": ""})
    assert sides[0] == sides[1]


def test_judge_writes_beside_the_result(result: Path, cases: Path) -> None:
    words = ["--judge", "rules", "--aspect", "faithfulness", "--cases", str(cases)]
    assert main(["judge", str(result), *words]) == 0
    side = json.loads((result.parent / "tiny-none-0123.judged.json").read_text("utf-8"))
    assert side["judges"][0]["aspects"]["faithfulness"]["value"] == 1.0
    assert side["refused"] == 1 and side["beside"]["answer_rate"]["value"] == 0.75


def test_a_case_that_was_asked_otherwise_is_refused(
    result: Path, cases: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cases.write_text(cases.read_text("utf-8").replace("What did the bridge cost?", "Why?"), "utf-8")
    assert main(["mutate", str(result), "--judge", "rules", "--cases", str(cases)]) == 2
    assert "does not hold the case price as it was asked" in capsys.readouterr().err


def test_a_run_without_right_answers_is_refused(
    result: Path, cases: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result.write_text(json.dumps(document(refused("price"))), "utf-8")
    assert main(["mutate", str(result), "--judge", "rules", "--cases", str(cases)]) == 2
    assert "no right answer" in capsys.readouterr().err


def test_calibrate_says_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "judges.json"
    words = ["--bench", str(tmp_path), "--judge", "rules", "--out", str(out)]
    assert main(["calibrate", *words]) == 0
    told = capsys.readouterr().err
    assert "frank is left out" in told and "Nothing was measured." in told
    assert not out.exists()


@pytest.mark.parametrize("form", ["ragas", "deepeval"])
def test_export_writes_records(result: Path, form: str, tmp_path: Path) -> None:
    out = tmp_path / "records"
    assert main(["export", str(result), "--format", form, "--out", str(out)]) == 0
    assert "What did the bridge cost?" in out.read_text("utf-8")


def test_an_aspect_or_judge_that_there_is_not_is_refused(result: Path, cases: Path) -> None:
    assert main(["judge", str(result), "--aspect", "beauty", "--cases", str(cases)]) == 2
    assert main(["judge", str(result), "--judge", "nobody", "--cases", str(cases)]) == 2
