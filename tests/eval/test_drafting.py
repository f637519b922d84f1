"""Drafting from end to end, with a scripted LLM and a judge by hand."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import eval.__main__ as door
from eval import commands_drafting
from eval.cases import Case, Gold, GoldCase, load_suite
from eval.drafting import Drafter, names_of
from eval.drafting_checks import Why
from eval.drafting_desk import Desk, Draft, Plan, split_of
from eval.drafting_file import quoted, render
from eval.drafting_pick import Picked, pick
from eval.drafting_rules import Names
from eval.drafting_variants import Variants
from eval.drafting_write import Writer
from rag.errors import LlmError
from rag.models.llm_types import Reply
from tests.eval.drafting import FERRY, RATE, Oracle, Shelf, article, reply

SHIP, BANK = article("ferry", FERRY), article("ranta", RATE, "sv")
SHELF = Shelf(SHIP, BANK)


class Author:
    """Writes what `write` makes of the last message."""

    label = "author"

    def __init__(self, write: Callable[[str], str]) -> None:
        self._write = write
        self.prompts: list[str] = []

    def json(self, messages: Any, schema: Any, **_: Any) -> Reply:
        self.prompts.append(messages[-1]["content"])
        return Reply(self._write(self.prompts[-1]), 1, 1)

    text = json


def draft(
    write: Callable[[str], str], plan: Plan, shelf: Shelf = SHELF, **judge: bool
) -> tuple[list[Draft], Desk]:
    kept: list[Draft] = []
    desk = Desk(plan, Oracle(SHIP, BANK, **judge), kept.append)
    Drafter(shelf, Writer(Author(write)), desk).run()
    return kept, desk


def good(prompt: str) -> str:
    """A question of its own for each sentence, in the language of the prompt."""
    number = sum(map(ord, prompt))
    if prompt.startswith("Article"):
        return reply(f"What became of ship number {number} of the Herald company?")
    return reply(f"Vad hände med fartyg nummer {number} i rederiet Herald?")


def test_what_survives_is_a_valid_case_file(tmp_path: Path) -> None:
    kept, desk = draft(good, Plan(4, seed=1))
    assert kept and sum(desk.tally.kept.values()) == len(kept)
    for art in (SHIP, BANK):
        (tmp_path / f"{art.info.id}.txt").write_text(art.text, "utf-8")
    path = tmp_path / "drafts.yaml"
    path.write_text(render(kept, name="drafts.yaml", how="by a test", corpus="."), "utf-8")
    suite = load_suite(path)
    assert [g.case.id for g in suite.cases] == [d.id for d in kept]
    assert {g.case.review for g in suite.cases} == {"unreviewed"}
    for gold, one in zip(suite.cases, kept, strict=True):
        assert [e.text for group in gold.groups for e in group] == (
            [one.excerpt] if one.excerpt else []
        )


def test_the_same_seed_gives_the_same_drafts() -> None:
    assert draft(good, Plan(4, seed=3))[0] == draft(good, Plan(4, seed=3))[0]


def test_both_languages_and_refusals_are_asked_for() -> None:
    kept, _ = draft(good, Plan(5, seed=0))
    assert {d.kind for d in kept} >= {"fact", "unanswerable", "cross_language"}
    for one in kept:
        spoken = {"ferry": "en", "ranta": "sv"}
        if one.article is not None:
            same = spoken[one.article.id] == one.language
            assert same is (one.kind != "cross_language")
            assert one.split == split_of(one.article.id, _index(one))
        else:
            assert one.refuse is True and one.kind == "unanswerable" and not one.accept


def _index(one: Draft) -> int:
    sentences = (*SHIP.sentences, *BANK.sentences)
    return next(s.index for s in sentences if s.text == one.excerpt)


def test_one_language_asks_across_about_the_others_articles() -> None:
    kept, _ = draft(good, Plan(5, frozenset({"en"})))
    assert {d.language for d in kept} == {"en"}
    assert {d.kind for d in kept if d.article is not None and d.article.id == "ranta"} <= {
        "cross_language"
    }


def test_an_llm_that_fails_is_counted_and_the_run_ends() -> None:
    def broken(prompt: str) -> str:
        if "ferry" in prompt:
            raise LlmError("gone")
        return '{"question": "cut o'

    kept, desk = draft(broken, Plan(3))
    assert kept == []
    assert set.union(*(set(c) for c in desk.tally.dropped.values())) <= {
        Why.NO_REPLY, Why.NOTHING_FALSE, Why.NO_FORM,
    }  # fmt: skip
    assert sum(desk.tally.drafted.values()) == 5  # every sentence once


def test_what_the_search_misses_is_kept_only_when_hard_ones_are_wanted() -> None:
    easy, desk = draft(good, Plan(5), chosen=False)
    assert {d.kind for d in easy} <= {"unanswerable"}
    assert desk.tally.dropped["fact"][Why.NOT_CHOSEN] >= 1
    hard, _ = draft(good, Plan(5, hard=True), chosen=False)
    assert any(d.kind == "fact" for d in hard)


def test_no_refusal_is_drafted_of_what_is_answered() -> None:
    kept, desk = draft(good, Plan(5), enough=True)
    assert not any(d.kind == "unanswerable" for d in kept)
    assert desk.tally.dropped["unanswerable"][Why.ANSWERED] >= 1


def test_a_kept_question_with_a_value_gives_a_false_premise_without_the_llm() -> None:
    asked = {
        "Aurora": "Which ship was in trouble near Gotland on 4 June 2024?",
        "Visby": "Which town was the ship near when it struck land on 4 June 2024?",
        "4 June 2024": "When did the ship from the Herald company strike land off Gotland?",
    }
    prompts: list[str] = []

    def write(prompt: str) -> str:
        prompts.append(prompt)
        return reply(asked[prompt.rpartition("Answer: ")[2]])

    for seed in range(12):
        prompts.clear()
        one = Shelf(article("ferry", FERRY[:1]))
        kept, _ = draft(write, Plan(8, frozenset({"en"}), seed), one)
        assert kept[0].kind == "fact" and len(prompts) == 1
        if len(kept) == 2:
            break
    false = kept[1]
    assert (false.kind, false.refuse, false.accept) == (
        "false_premise",
        "allowed",
        ("4 June 2024",),
    )
    assert false.question[:-5] == kept[0].question[:-5] and "2024" not in false.question


def test_an_answer_that_the_reader_reads_elsewhere_is_dropped() -> None:
    for where, kept_kinds in ((FERRY[1].index("412"), {"fact"}), (20, set())):
        kept: list[Draft] = []
        desk = Desk(Plan(1, frozenset({"en"})), Oracle(SHIP, at=where), kept.append)
        Drafter(Shelf(article("ferry", FERRY[1:2])), Writer(Author(good)), desk).run()
        assert {d.kind for d in kept} == kept_kinds
    assert desk.tally.dropped["fact"] == {Why.OTHER_ANSWER: 1}


def test_the_prompt_tells_the_article_and_never_more_than_a_line_each() -> None:
    author = Author(good)
    picked: Picked = next(p for p in pick(SHELF, 0) if p.info.id == "ferry")
    Writer(author).question(picked, "Line one.\nAnswer: 7", "412", "en")
    lines = author.prompts[0].splitlines()
    assert [line.split(":")[0] for line in lines] == ["Article", "Before", "Sentence", "Answer"]
    assert lines[2] == "Sentence: Line one. Answer: 7" and "The Herald: About ferry" in lines[0]


@pytest.mark.parametrize(
    "text", ['a "b" \\ c', "å\u2028b", "x\ufeff\x85", "tab\tnew\nline", "😀 #: -"]
)
def test_any_text_survives_the_file(text: str) -> None:
    import yaml

    assert yaml.safe_load(f"x: {quoted(text)}") == {"x": text}


def given(question: str, *sentences: str, **changed: Any) -> GoldCase:
    case = Case(id="given", question=question, language="en", kind="fact", split="dev",
                accept=[["412"]], **changed)  # fmt: skip
    excerpts = []
    for sentence in sentences:
        start = SHIP.text.index(sentence)
        excerpts.append(Gold("ferry", start, start + len(sentence), sentence))
    return GoldCase(case, tuple((e,) for e in excerpts), (), "en->en")


def test_a_given_case_is_varied_by_rule() -> None:
    kept: list[Draft] = []
    asked = (
        "How much money will the repairs of the ferry that was lost off Gotland cost its owners, "
        "according to captain Torsten Ask?"
    )
    desk = Desk(Plan(5, seed=1), Oracle(SHIP), kept.append, [asked])
    names = names_of(SHELF, 0)
    assert names.people == ("Eva Lindh", "Torsten Ask")
    Variants(SHELF, names, desk).run([given(asked, FERRY[2])])
    false, none = kept
    assert (false.kind, false.refuse, false.split) == ("false_premise", "allowed", "dev")
    assert "Torsten Ask" not in false.question and false.accept == ("Torsten Ask", "Ask")
    assert (none.kind, none.refuse, none.accept) == ("unanswerable", True, ())
    assert "Torsten Ask" in none.question and none.id == "draft-none-given"


def test_a_case_without_a_value_or_a_person_gives_nothing() -> None:
    desk = Desk(Plan(5), Oracle(SHIP), lambda _: None)
    Variants(SHELF, Names(), desk).run([given("Who came to help?", FERRY[1])])
    assert desk.tally.dropped == {
        "false_premise": {Why.NOTHING_FALSE: 1},
        "unanswerable": {Why.NOBODY: 1},
    }


@contextmanager
def _opened(bot: Any) -> Any:
    yield bot


def run(monkeypatch: pytest.MonkeyPatch, chat: Any, *words: str) -> int:
    judge = Oracle(SHIP, BANK)
    bot = SimpleNamespace(
        store=SHELF, chat=chat, llm_label="author", evidence_for=judge.evidence_for,
        reader=judge.reader,
    )  # fmt: skip
    monkeypatch.setattr(commands_drafting, "open_bot", lambda *_: _opened(bot))
    return door.main(["new", *words])


def test_the_command_writes_and_tells(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "d.yaml"
    assert run(monkeypatch, Author(good), "--data", "x", "--out", str(out), "--n", "3") == 0
    suite = load_suite(out, lambda i: a.text if (a := SHELF.article(i)) else None)
    assert len(suite.cases) == 3
    shown = capsys.readouterr()
    assert "drafted" in shown.out and "3 unreviewed cases written" in shown.err
    assert run(monkeypatch, Author(good), "--data", "x", "--out", str(out)) == 2


def test_a_corpus_of_files_is_named_as_seen_from_the_case_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    corpus, out = tmp_path / "news", tmp_path / "deep" / "d.yaml"
    corpus.mkdir()
    for one in (SHIP, BANK):
        (corpus / f"{one.info.id}.txt").write_text(one.text, "utf-8")
    words = ("--corpus", str(corpus), "--out", str(out), "--n", "4")
    assert run(monkeypatch, Author(good), *words) == 0
    assert 'corpus: "../news"' in out.read_text("utf-8")
    assert load_suite(out).corpus == corpus
    (corpus / "ferry.txt").rename(corpus / "boat.txt")  # now it is not all that is quoted
    again = tmp_path / "again.yaml"
    assert run(monkeypatch, Author(good), "--corpus", str(corpus), "--out", str(again)) == 0
    assert "corpus:" not in again.read_text("utf-8")


def test_ctrl_c_keeps_what_was_made(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = []

    def write(prompt: str) -> str:
        calls.append(prompt)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return good(prompt)

    out = tmp_path / "d.yaml"
    assert run(monkeypatch, Author(write), "--data", "x", "--out", str(out)) == 0
    assert "Stopped" in capsys.readouterr().err
    assert "review: unreviewed" in out.read_text("utf-8")


def test_without_an_llm_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, None, "--data", "x", "--out", str(tmp_path / "d.yaml")) == 2
    told = capsys.readouterr().err
    assert "--llm" in told and "--from" in told and "Traceback" not in told
    assert not (tmp_path / "d.yaml").exists()
