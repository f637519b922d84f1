from __future__ import annotations

import json
from pathlib import Path

import pytest

from rag.models import precision


def _clock(monkeypatch: pytest.MonkeyPatch, exact: float, half: float) -> list[str]:
    """Work that takes the seconds given, and a record of what was run."""
    now = [0.0]
    ran: list[str] = []
    monkeypatch.setattr(precision.time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(precision.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(precision, "_bfloat16_in_hardware", lambda: True)

    def work(name: str, seconds: float) -> None:
        ran.append(name)
        now[0] += seconds

    monkeypatch.setattr(precision, "exact_work", lambda: work("exact", exact), raising=False)
    monkeypatch.setattr(precision, "half_work", lambda: work("half", half), raising=False)
    return ran


def _ask(cache: Path) -> bool:
    return precision.prefers_half(
        cache,
        precision.exact_work,  # type: ignore[attr-defined]
        precision.half_work,  # type: ignore[attr-defined]
    )


@pytest.mark.parametrize(("half", "prefers"), [(0.1, True), (0.285, False), (0.9, False)])
def test_half_must_be_faster_by_a_tenth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, half: float, prefers: bool
) -> None:
    _clock(monkeypatch, 0.3, half)
    assert _ask(tmp_path) is prefers


def test_the_answer_is_remembered_for_this_machine_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = _clock(monkeypatch, 0.3, 0.1)
    assert _ask(tmp_path)
    ran.clear()
    assert _ask(tmp_path)
    assert ran == []
    monkeypatch.setattr(precision, "_machine", lambda: "another machine")
    assert _ask(tmp_path)
    assert "half" in ran
    assert len(json.loads((tmp_path / "precision.json").read_text())) == 2


def test_without_bfloat16_in_hardware_nothing_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = _clock(monkeypatch, 0.3, 0.1)
    monkeypatch.setattr(precision, "_bfloat16_in_hardware", lambda: False)
    assert not _ask(tmp_path)
    assert ran == []


def test_a_damaged_record_is_measured_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "precision.json").write_text("[broken")
    _clock(monkeypatch, 0.3, 0.1)
    assert _ask(tmp_path)


def test_a_cache_that_cannot_be_written_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _clock(monkeypatch, 0.3, 0.1)
    assert _ask(tmp_path / "missing")
