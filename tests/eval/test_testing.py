from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace

import pytest

import eval.testing as testing
from eval.cases import GoldCase
from eval.runner import run_case
from eval.testing import faults
from rag.types import Answer
from tests.eval.conftest import FLOUR, TEXTS, answer, case, quote, refusal, text_of
from tests.eval.test_runner import FakeBot

pytest_plugins = ["pytester"]

CASES = f"""\
corpus: corpus
articles: {{mill: {{id: mill, language: en}}}}
cases:
  - {{id: flour, question: "How much flour?", language: en, kind: fact,
     evidence: [[{{article: mill, text: "{FLOUR}"}}]], accept: [["30 %"]]}}
  - {{id: silent, question: "Who owns it?", language: en, kind: unanswerable, refuse: true}}
"""
TEST = """\
from eval.testing import answers, faults

result = answers("mine.yaml")

def test_answer(result):
    assert not faults(result)
"""


class FakeOpening:
    """Stands for `open_bot`; counts how often a bot was opened and closed."""

    def __init__(self, *replies: Answer) -> None:
        self.replies = replies
        self.opened = self.closed = 0

    @contextmanager
    def __call__(self, *_: object) -> Iterator[FakeBot]:
        self.opened += 1
        bot = FakeBot(self.replies)
        bot.store = SimpleNamespace(article=lambda _: None)  # type: ignore[attr-defined]
        yield bot
        self.closed += 1


@pytest.mark.parametrize(("second", "failed"), [(refusal(), 0), (answer("Me.", []), 1)])
def test_each_case_is_a_test_over_one_bot(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, second: Answer, failed: int
) -> None:
    opening = FakeOpening(answer("30 % [1]", [quote(1, "mill", FLOUR)]), second)
    monkeypatch.setattr(testing, "open_bot", opening)
    corpus = pytester.mkdir("corpus")
    (corpus / "mill.txt").write_text(TEXTS["mill"], "utf-8")
    (pytester.path / "mine.yaml").write_text(CASES, "utf-8")
    pytester.makepyfile(test_mine=TEST)
    done = pytester.runpytest_inprocess("-v", "-p", "no:cacheprovider")
    done.assert_outcomes(passed=2 - failed, failed=failed)
    done.stdout.fnmatch_lines(["*test_answer?flour?*", "*test_answer?silent?*"])
    assert (opening.opened, opening.closed) == (1, 1)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        (answer("30 % [1]", [quote(1, "mill", FLOUR)]), None),
        (answer("31 % [1]", [quote(1, "mill", FLOUR)]), "does not say '30 %'"),
        (answer("30 %, and 7 men [1]", [quote(1, "mill", FLOUR)]), "7 is in none"),
        (answer("30 % [1]", [quote(1, "mill", FLOUR, start=24)]), "misquotes"),
        (refusal(), "refuses"),
        (RuntimeError("boom"), "failed: RuntimeError: boom"),
    ],
)
def test_what_is_wrong_is_said(
    flour: GoldCase, given: Answer | Exception, says: str | None
) -> None:
    found = faults(run_case(flour, FakeBot([given]), text_of))
    assert found == [] if says is None else any(says in line for line in found)


def test_answering_what_is_not_there_is_said(silent: GoldCase) -> None:
    assert faults(run_case(silent, FakeBot([refusal()]), text_of)) == []
    (line,) = faults(run_case(silent, FakeBot([answer("Me.", [])]), text_of))
    assert "do not say" in line


def test_a_hidden_conflict_is_said(flour: GoldCase) -> None:
    both = replace(flour, case=case(conflict=True), groups=flour.groups * 2)
    lines = faults(run_case(both, FakeBot([answer("30 %", [quote(1, "mill", FLOUR)])]), text_of))
    assert lines == ["It does not show that the sources disagree."]
