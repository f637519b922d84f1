"""The bench's own logic, with fakes in place of models."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import processes, warm
from bench.run import _in_turns, _table
from rag.errors import InputError
from rag.types import Event, EvidenceFound, EvidenceSet, Finished
from tests.eval.conftest import refusal


class FakeBot:
    def __init__(self) -> None:
        self.log: list[str] = []

    def stream(self, question: str) -> Iterator[Event]:
        self.log.append(f"begun {question}")
        try:
            yield EvidenceFound(question, EvidenceSet((), 0.0, False))
            self.log.append(f"composed {question}")
            yield Finished(refusal())
        finally:
            self.log.append(f"closed {question}")


def test_time_to_quotes_stops_the_answer_there() -> None:
    bot = FakeBot()
    assert warm.to_quotes(bot, "q") >= 0
    assert bot.log == ["begun q", "closed q"]


def test_time_to_answer_waits_for_the_end() -> None:
    bot = FakeBot()
    assert warm.to_answer(bot, "q") >= 0
    assert bot.log == ["begun q", "composed q", "closed q"]


def test_turns_are_ours_theirs_theirs_ours_with_a_warm_up_each() -> None:
    bot = FakeBot()

    def rival(question: str) -> float:
        bot.log.append(f"rival {question}")
        return 7.0

    ours, theirs = _in_turns(bot, rival, ["a", "b", "c", "d"])
    order = [entry for entry in bot.log if entry.startswith(("begun", "rival"))]
    assert order == [
        *("begun Then: b", "begun a", "begun b"),
        *("rival Then: b", "rival a", "rival b", "rival c", "rival d"),
        *("begun Then: d", "begun c", "begun d"),
    ]
    assert (len(ours), theirs) == (4, [7.0] * 4)


def test_without_a_rival_only_we_are_asked() -> None:
    ours, theirs = _in_turns(FakeBot(), None, ["a"])
    assert (len(ours), theirs) == (1, [])


def test_rate_counts_tokens_in_chunks_of_180() -> None:
    assert warm.IngestRate(chunks=12, tokens=1_800, seconds=2.0).per_second == 5.0


def test_the_made_corpus_is_the_same_every_time_and_keeps_the_words(tmp_path: Path) -> None:
    texts = ["One two three. Four five six. Seven eight nine."]
    for name in ("a", "b"):
        warm.synthetic_corpus(tmp_path / name, texts, articles=3)
    rows = [json.loads(line) for line in (tmp_path / "a").read_text("utf-8").splitlines()]
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert [r["id"] for r in rows] == ["made-0", "made-1", "made-2"]
    for row in rows:
        words = sorted(row["text"].lower().replace(".", "").split())
        assert words == sorted("one two three four five six seven eight nine".split())  # noqa: SIM905


def test_a_process_is_timed_and_its_own_peak_is_told() -> None:
    """Not that of the process which started it: a child begins with its parent's peak."""
    ballast = bytearray(200_000_000)
    small = processes.run([sys.executable, "-c", "pass"])
    large = processes.run([sys.executable, "-c", "x = bytearray(120_000_000)"])
    assert len(ballast) / 2**20 > small.peak_mb + 100
    assert large.peak_mb - small.peak_mb > 100
    begun = time.perf_counter()
    assert 0 < processes.run([sys.executable, "-c", "pass"]).seconds <= time.perf_counter() - begun


def test_a_command_that_is_not_there_is_said() -> None:
    with pytest.raises(InputError, match="could not be started"):
        processes.run(["/nowhere/ordagrant"])


def test_a_failing_process_is_said_with_its_last_words() -> None:
    with pytest.raises(InputError, match="status 3: no luck"):
        processes.run(
            [sys.executable, "-c", """import sys; sys.stderr.write("no luck"); sys.exit(3)"""]
        )


def test_the_table_leaves_out_what_was_not_measured() -> None:
    table = _table({"cold_start_s": 3.21, "rival_ms": None}, "0" * 40)
    assert table.row_count == 1
    assert list(table.columns[1].cells) == ["3.2 s"]
