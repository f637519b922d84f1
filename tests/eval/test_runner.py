from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from eval.cases import GoldCase
from eval.runner import open_bot, run_cases
from rag.errors import SettingsError
from rag.types import Answer, Filters, Turn
from tests.eval.conftest import FLOUR, answer, quote, refusal, text_of


class FakeBot:
    """Answers in turn with what it was given; an exception is raised."""

    def __init__(self, replies: Sequence[Answer | Exception]) -> None:
        self.replies = list(replies)
        self.asked: list[str] = []

    def ask(
        self, question: str, history: Sequence[Turn] = (), filters: Filters | None = None
    ) -> Answer:
        self.asked.append(question)
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        return reply


def test_every_case_is_asked_and_scored(flour: GoldCase, silent: GoldCase) -> None:
    bot = FakeBot([answer("30 % [1]", [quote(1, "mill", FLOUR)]), refusal()])
    seen: list[tuple[str, int, int]] = []
    results = run_cases([flour, silent], bot, text_of, report=lambda *now: seen.append(now))
    assert [r.score is not None and r.score.correct for r in results] == [True, True]
    assert bot.asked == [flour.case.question, silent.case.question]
    assert seen == [("flour", 1, 2), ("silent", 2, 2)]


def test_a_crash_is_recorded_and_the_run_goes_on(flour: GoldCase) -> None:
    bot = FakeBot([RuntimeError("out of luck"), answer("30 %", [quote(1, "mill", FLOUR)])])
    crashed, fine = run_cases([flour, flour], bot, text_of)
    assert crashed.error == "RuntimeError: out of luck"
    assert crashed.score is None and crashed.answer is None
    assert fine.score is not None and fine.score.correct


def test_order_is_kept_with_several_jobs(flour: GoldCase, silent: GoldCase) -> None:
    cases = [flour, silent] * 8
    bot = FakeBot([refusal()] * 16)
    results = run_cases(cases, bot, text_of, jobs=4)
    assert [r.gold.case.id for r in results] == ["flour", "silent"] * 8


def test_a_missing_data_folder_is_said(tmp_path: Path) -> None:
    with (
        pytest.raises(SettingsError, match="does not exist"),
        open_bot(None, tmp_path / "no", "none"),
    ):
        pass


def test_nothing_to_ask_about_is_said() -> None:
    with pytest.raises(SettingsError, match="--data DIR"), open_bot(None, None, "none"):
        pass
