"""The command line against its contract: exit statuses, JSON alone on stdout, one sentence."""

from __future__ import annotations

import hashlib
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from rag import cli

SEEDS = Path(__file__).resolve().parent.parent / "seeds"


class Result(NamedTuple):
    status: int
    out: str
    err: str

    @property
    def rows(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


Run = Callable[..., Result]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*words: str, stdin: str = "") -> Result:
        monkeypatch.setattr(sys, "argv", ["ordagrant", *words])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        status = 0
        try:
            cli.main()
        except SystemExit as stop:
            status = int(stop.code or 0)
        captured = capsys.readouterr()
        return Result(status, captured.out, captured.err)

    return call


def one_sentence(text: str) -> bool:
    return text.startswith("ordagrant: ") and text.count("\n") == 1 and "Traceback" not in text


def test_a_wrong_setting_ends_with_2_and_a_sentence(run: Run, tmp_path: Path) -> None:
    result = run("ask", "What happened?", "--llm", "gpt", "--data", str(tmp_path))
    assert result.status == 2
    assert one_sentence(result.err) and "'gpt'" in result.err
    assert result.out == ""


def test_a_wrong_date_names_the_option(run: Run, tmp_path: Path) -> None:
    result = run("ask", "What?", "--from", "June", "--data", str(tmp_path))
    assert (result.status, one_sentence(result.err)) == (2, True)
    assert "--from" in result.err and "YYYY-MM-DD" in result.err


def test_ask_wants_a_question_or_rows(run: Run) -> None:
    assert run("ask").status == 2
    assert run("ask", "What?", "--jsonl").status == 2


def test_check_goes_on_past_broken_rows(run: Run) -> None:
    rows = [
        '{"id": "a", "statement": "It rose by 5 per cent.", "evidence": "It rose by 5%."}',
        "not json",
        '{"id": "b", "statement": 3, "evidence": ""}',
        '{"id": "c", "statement": "It rose by 6 per cent.", "evidence": "It rose by 5%."}',
    ]
    result = run("check", "--jsonl", stdin="\n".join(rows))
    assert result.status == 1
    assert [(r["id"], r["supported"]) for r in result.rows] == [("a", True), ("c", False)]
    assert "6 per cent" in result.rows[1]["reasons"][0]
    assert "line 2" in result.err and "line 3" in result.err


@pytest.mark.models
def test_ingest_reports_what_the_contract_says(run: Run, tmp_path: Path) -> None:
    data, texts = tmp_path / "data", tmp_path / "texts"
    texts.mkdir()
    (texts / "good.txt").write_text("The mill burned down on Monday.", encoding="utf-8")
    (texts / "bad.docx").write_bytes(b"not a zip")
    result = run("ingest", str(texts), "--data", str(data), "--json")
    assert result.status == 1
    summary = result.rows[0]
    assert {k: summary[k] for k in ("added", "changed", "unchanged", "removed", "articles")} == {
        "added": 1, "changed": 0, "unchanged": 0, "removed": 0, "articles": 1,
    }  # fmt: skip
    assert [Path(f["path"]).name for f in summary["failed"]] == ["bad.docx"]
    again = run("ingest", str(texts), "--data", str(data), "--json").rows[0]
    assert (again["added"], again["unchanged"]) == (0, 1)


@pytest.mark.models
def test_every_quote_of_an_answer_is_in_its_file(run: Run, seed_data: Path) -> None:
    rows = [
        {"id": 1, "question": "How long did the call between Trump and Xi last?"},
        {"id": 2, "question": "Hur stor del av de sällsynta jordartsmetallerna står Kina för?"},
        {"id": 3, "question": "What is the boiling point of neodymium?"},
    ]
    stdin = "\n".join(json.dumps(r) for r in rows)
    result = run("ask", "--jsonl", "--llm", "none", "--data", str(seed_data), stdin=stdin)
    assert result.status == 0
    assert [r["id"] for r in result.rows] == [1, 2, 3]
    quotes = [quote for row in result.rows for quote in row["quotes"]]
    assert quotes
    for quote in quotes:
        text = (SEEDS / f"{quote['article_id']}.txt").read_text(encoding="utf-8")
        assert text[quote["start"] : quote["end"]] == quote["text"]
        assert hashlib.sha256(text.encode()).hexdigest() == quote["article_sha256"]
    for row in result.rows:
        cited = [n for s in row["statements"] for n in s["quotes"]]
        nearest = row["refusal"]["nearest"] if row["refusal"] else []
        assert sorted(set(cited) | set(nearest)) == [q["n"] for q in row["quotes"]]


@pytest.mark.models
def test_article_prints_its_text_exactly(run: Run, seed_data: Path) -> None:
    seed = SEEDS / "000_a574084f86699ec9.txt"
    result = run("article", seed.stem, "--text", "--data", str(seed_data))
    assert result.out == seed.read_text(encoding="utf-8")
    missing = run("article", "nothing", "--data", str(seed_data))
    assert missing.status == 1 and one_sentence(missing.err)


@pytest.mark.models
def test_retrieve_gives_ranges_best_first(run: Run, seed_data: Path) -> None:
    row = json.dumps({"id": "q", "question": "Who met in Malaysia?"})
    result = run("retrieve", "--jsonl", "-k", "3", "--data", str(seed_data), stdin=row)
    hits = result.rows[0]["hits"]
    assert len(hits) == 3
    assert hits[0]["article_id"] == "004_8779bf42f353ca5e"
    assert [h["score"] for h in hits] == sorted((h["score"] for h in hits), reverse=True)


@pytest.mark.models
def test_read_points_into_the_passage(run: Run, seed_data: Path) -> None:
    passage = "The mill burned down. The damage was 30 million kronor. Nobody was hurt."
    row = json.dumps({"id": 1, "question": "How large was the damage?", "passage": passage})
    reading = run("read", "--jsonl", stdin=row).rows[0]
    assert passage[reading["start"] : reading["end"]] == reading["text"]
    assert "30 million" in passage[reading["start"] : reading["end"] + 30]
    assert 0 <= reading["answerable"] <= 1


@pytest.mark.models
def test_doctor_finds_a_lost_vector_store_and_mends_it(run: Run, tmp_path: Path) -> None:
    import shutil

    data = tmp_path / "data"
    assert run("ingest", str(SEEDS), "--data", str(data)).status == 0
    shutil.rmtree(data / "chroma")
    assert run("doctor", "--check", "--llm", "none", "--data", str(data)).status == 1
    mended = run("doctor", "--json", "--llm", "none", "--data", str(data))
    assert mended.status == 0
    report = json.loads(mended.out)
    assert report["healthy"] and report["store"]["missing"] == 0


def test_an_unexpected_error_is_one_sentence(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from rag.answering import verify

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr(verify, "check", broken)
    row = '{"id": 1, "statement": "x", "evidence": "y"}'
    result = run("check", "--jsonl", stdin=row)
    assert result.status == 2
    assert one_sentence(result.err) and "boom" in result.err
