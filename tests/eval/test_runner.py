from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from eval.cases import GoldCase
from eval.metrics_retrieval import HitSpan
from eval.partial import append_partial, load_partial
from eval.runner import CaseResult, holds_articles_only, open_bot, run_case, run_cases
from rag.errors import SettingsError
from rag.settings import Settings
from rag.types import Answer, Chunk, Filters, Hit, Turn
from tests.eval.conftest import FLOUR, answer, case, quote, refusal, text_of


class FakeBot:
    """Answers in turn with what it was given; an exception is raised."""

    def __init__(self, replies: Sequence[Answer | Exception]) -> None:
        self.replies = list(replies)
        self.asked: list[str] = []

    def ask(
        self, question: str, history: Sequence[Turn] = (), filters: Filters | None = None
    ) -> Answer:
        self.asked.append(question)
        self.history, self.filters = list(history), filters
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


def test_history_and_day_are_handed_on(flour: GoldCase) -> None:
    said = [{"role": "user", "content": "Which mill?"}, {"role": "assistant", "content": "Ours."}]
    gold = replace(flour, case=case(history=said, as_of="2024-05-01"))
    bot = FakeBot([refusal()])
    run_case(gold, bot, text_of)
    assert bot.history == [Turn("user", "Which mill?"), Turn("assistant", "Ours.")]
    assert bot.filters == Filters(date_to=date(2024, 5, 1))


class SearchingBot(FakeBot):
    """Its search proposes the whole second sentence of the mill."""

    @property
    def retriever(self) -> SearchingBot:
        return self

    def search(
        self, question: str, language: str, k: int, filters: Filters | None = None
    ) -> Sequence[Hit]:
        self.searched = (question, language, k)
        return [Hit(Chunk("c", "mill", 0, 25, 68, 1, 1, FLOUR, "en"), 0.5)]


def test_the_search_is_asked_for_what_the_bot_made_of_the_question(flour: GoldCase) -> None:
    bot = SearchingBot([refusal().model_copy(update={"standalone_question": "How much, mill?"})])
    got = run_case(flour, bot, text_of)
    assert bot.searched == ("How much, mill?", "en", 10)
    assert got.hits == (HitSpan("mill", 25, 68, 0.5),)
    assert got.score is not None and got.score.retrieval is not None
    assert got.score.retrieval.hit_1 == 1.0


def test_nothing_is_searched_for_where_nothing_is_to_be_found(silent: GoldCase) -> None:
    got = run_case(silent, SearchingBot([refusal()]), text_of)
    assert got.hits is None and got.score is not None and got.score.retrieval is None


def test_what_is_done_is_not_asked_again(flour: GoldCase, silent: GoldCase) -> None:
    (before,) = run_cases([silent], FakeBot([refusal()]), text_of)
    bot = FakeBot([answer("30 %", [quote(1, "mill", FLOUR)])])
    kept: list[CaseResult] = []
    seen: list[tuple[str, int, int]] = []
    results = run_cases(
        [silent, flour],
        bot,
        text_of,
        done={"silent": before},
        keep=kept.append,
        report=lambda *now: seen.append(now),
    )
    assert results[0] is before
    assert bot.asked == [flour.case.question]
    assert kept == [results[1]]
    assert seen == [("flour", 2, 2)]


def test_no_case_is_begun_after_an_interruption(flour: GoldCase) -> None:
    def stop(_: CaseResult) -> None:
        raise KeyboardInterrupt

    class SlowBot(FakeBot):
        def ask(
            self, question: str, history: Sequence[Turn] = (), filters: Filters | None = None
        ) -> Answer:
            time.sleep(0.02)
            return super().ask(question, history, filters)

    bot = SlowBot([refusal()] * 50)
    with pytest.raises(KeyboardInterrupt):
        run_cases([flour] * 50, bot, text_of, keep=stop)
    assert len(bot.asked) < 50


def test_a_run_is_kept_and_taken_up_again(
    flour: GoldCase, silent: GoldCase, tmp_path: Path
) -> None:
    path = tmp_path / "run.partial.jsonl"
    bot = SearchingBot([answer("30 %", [quote(1, "mill", FLOUR)]), RuntimeError("boom")])
    first = run_cases([flour, silent], bot, text_of, keep=lambda r: append_partial(path, r))
    with path.open("a") as file:
        file.write('{"id": "fl')  # the power went
    done = load_partial(path, [flour, silent], text_of)
    assert done == {"flour": first[0]}  # the crashed one is asked again


def test_a_changed_case_is_asked_again(flour: GoldCase, tmp_path: Path) -> None:
    path = tmp_path / "run.partial.jsonl"
    append_partial(path, run_case(flour, FakeBot([refusal()]), text_of))
    assert load_partial(path, [flour], text_of).keys() == {"flour"}
    changed = replace(flour, case=case(accept=[["31 %"]]))
    assert load_partial(path, [changed], text_of) == {}


def test_no_kept_run_is_nothing_done(flour: GoldCase, tmp_path: Path) -> None:
    assert load_partial(tmp_path / "none", [flour], text_of) == {}


@pytest.mark.parametrize(
    ("names", "corpus"),
    [
        (["a.txt"], True),
        (["deep/rows.jsonl.gz"], True),
        (["a.txt", "ordagrant.db"], False),
        (["notes.tmp"], False),
        ([], False),
    ],
)
def test_a_folder_of_articles_is_taken_in_and_a_store_is_not(
    tmp_path: Path, names: list[str], corpus: bool
) -> None:
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    assert holds_articles_only(Settings(data=tmp_path, llm="none")) is corpus


def test_a_database_elsewhere_is_a_store(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("")
    settings = Settings(data=tmp_path, database_url="postgresql://db/x", llm="none")
    assert not holds_articles_only(settings)
