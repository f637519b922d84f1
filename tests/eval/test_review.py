"""Reviewing, driven by a script instead of a person."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest
from rich.console import Console

import eval.__main__ as door
from eval.cases import Case, load_suite
from eval.review import Reviewed, groups_of, joined, review_file
from tests.eval.drafting import FERRY

FILE = f"""\
# What this file is.
corpus: .
articles:
  ferry: {{id: ferry, language: en}}

cases:

  # people first
  - id: people
    question: "How many left the Aurora?"   # not a good one
    language: en
    kind: fact
    split: dev
    evidence:
      - - {{article: ferry, text: "{FERRY[1]}"}}
    accept:
      - ["412", "four hundred"]
    review: unreviewed

  # what nobody tells
  - id: age
    question: "How old is Torsten Ask?"
    language: en
    kind: unanswerable
    split: dev
    refuse: true
    review: unreviewed
  - id: cost
    question: "How dear is it?"
    language: en
    kind: fact
    split: test
    evidence: [[{{article: ferry, text: "{FERRY[2]}"}}]]
    accept: [["30 million"]]
# the end
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "ferry.txt").write_text("\n".join(FERRY), "utf-8")
    path = tmp_path / "cases.yaml"
    path.write_text(FILE, "utf-8")
    return path


def review(path: Path, *lines: str, again: bool = False) -> tuple[Reviewed, str]:
    """The review with these lines typed, and what was shown."""
    shown = io.StringIO()
    left = list(lines)

    def ask(prompt: str, given: str) -> str:
        shown.write(f"{prompt}{given}\n")
        if not left:
            raise EOFError
        return left.pop(0)

    console = Console(file=shown, width=100)
    return review_file(path, console, ask, again=again), shown.getvalue()


def cases(path: Path) -> dict[str, Case]:
    return {g.case.id: g.case for g in load_suite(path).cases}


def test_keeping_changes_one_word_of_the_file(path: Path) -> None:
    told, _ = review(path, "k", "q")
    assert told == Reviewed(kept=1, dropped=0, left=1)
    assert path.read_text("utf-8") == FILE.replace("review: unreviewed", "review: reviewed", 1)


def test_editing_keeps_every_comment_and_all_other_cases(path: Path) -> None:
    review(path, "e", 'How many "had" to leave?', "a", "412 | many && people", "k")
    text = path.read_text("utf-8")
    people = cases(path)["people"]
    assert people.question == 'How many "had" to leave?' and people.review == "reviewed"
    assert people.accept == [["412", "many"], ["people"]]
    for comment in (
        "# What this",
        "# people first",
        "# not a good one",
        "# what nobody",
        "# the end",
    ):
        assert comment in text
    assert text.partition("# what nobody")[2] == FILE.partition("# what nobody")[2]


def test_dropping_takes_the_case_and_nothing_else(path: Path) -> None:
    told, _ = review(path, "d")
    assert told.dropped == 1 and list(cases(path)) == ["age", "cost"]
    text = path.read_text("utf-8")
    assert "# what nobody tells" in text and "# people first" in text and "412" not in text


def test_undoing_brings_the_file_back_and_asks_again(path: Path) -> None:
    _, shown = review(path, "d", "u", "u", "s", "s")
    assert path.read_text("utf-8") == FILE
    assert shown.count("1 of 2") == 3 and "nothing to undo" in shown


@pytest.mark.parametrize("line", ["", "re:("])
def test_what_would_break_the_file_is_refused(path: Path, line: str) -> None:
    _, shown = review(path, "a", line, "q")
    assert "Not changed" in shown and path.read_text("utf-8") == FILE


def test_an_empty_question_and_a_wrong_key_change_nothing(path: Path) -> None:
    _, shown = review(path, "e", "  ", "?", "q")
    assert path.read_text("utf-8") == FILE and "one of the letters" in shown


def test_the_case_is_shown_in_its_context(path: Path) -> None:
    _, shown = review(path, "s", "s")
    flat = " ".join(shown.replace("│", " ").split())
    assert " ".join(FERRY) in flat  # the excerpt between what stands before and after
    assert "412 | four hundred" in flat and "To be refused" in flat
    assert "cost" not in {line.split(" · ")[1] for line in shown.splitlines() if " · " in line}


def test_what_was_reviewed_before_is_shown_only_when_asked_for(path: Path) -> None:
    review(path, "k", "k")
    _, shown = review(path)
    assert "Every case is reviewed" in shown
    _, shown = review(path, again=True)
    assert "1 of 3" in shown


def test_a_flow_value_and_a_missing_field_can_be_set(path: Path) -> None:
    review(path, "s", "s", "a", "30 million | 30", "k", again=True)
    assert cases(path)["cost"].accept == [["30 million", "30"]]
    path.write_text(FILE.replace("    review: unreviewed\n\n", "\n"), "utf-8")
    review(path, "e", "How many?", "q", again=True)
    assert cases(path)["people"].question == "How many?"


def test_the_last_case_can_be_dropped_too(path: Path) -> None:
    told, _ = review(path, "d", "d", "d", again=True)
    assert told.dropped == 3 and cases(path) == {}
    assert path.read_text("utf-8").endswith("# the end\n")


def test_words_of_an_article_cannot_move_the_terminal(path: Path) -> None:
    bad = "\x1b[2J[bold]Torsten[/bold]"
    article = path.with_name("ferry.txt")
    article.write_text(article.read_text("utf-8") + "\n" + bad, "utf-8")
    _, shown = review(path, "s", again=True)
    assert "\x1b" not in shown and "[bold]Torsten" in shown.replace("\n", "")


def test_rows_are_reviewed_too(path: Path) -> None:
    rows = path.with_suffix(".jsonl")
    head = {"corpus": ".", "articles": {"ferry": {"id": "ferry", "language": "en"}}}
    body = [c.model_dump(mode="json", exclude_defaults=True) for c in cases(path).values()]
    rows.write_text("\n".join(json.dumps(r) for r in [head, *body]) + "\n", "utf-8")
    told, _ = review(rows, "e", "Hur många?", "k", "d")
    assert (told.kept, told.dropped) == (1, 1)
    now = cases(rows)
    assert list(now) == ["people", "cost"] and now["people"].question == "Hur många?"
    assert rows.read_text("utf-8").endswith("}\n")


def test_forms_on_a_line_and_back() -> None:
    groups = [["a", "b c"], ["d"]]
    assert groups_of(joined(groups)) == groups
    assert groups_of(" | ") == groups_of("") == []


def test_without_a_terminal_it_is_one_sentence(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("k\n"))
    assert door.main(["review", str(path)]) == 2
    told = capsys.readouterr().err
    assert "needs a terminal" in told and "Traceback" not in told
