from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from eval import __main__ as door
from eval.cases import Case, GoldCase, load_suite
from eval.commands_feedback import as_yaml
from eval.feedback import FILL_IN, NEEDS_GOLD, Drafts, draft_cases
from eval.matching import found, normalise
from rag.settings import load_settings
from rag.store.feedback import Feedback, Judged, Target, Thumb
from rag.store.store import Store
from rag.types import Answer, Refusal, Statement
from tests.eval.conftest import TEXTS, answer, gold, quote, text_of
from tests.store.conftest import HashedWords, make_prepared, write_prepared

OPENED = "The mill opened in 1961."
FLOUR = "It made 30 per cent of the county's flour."
CLOSED = "It closed in May."


def mill(**changed: Any) -> Answer:
    """Two statements on three quotes."""
    quotes = (quote(1, "mill", OPENED), quote(2, "mill", FLOUR), quote(3, "mill", CLOSED))
    statements = (
        Statement(text="It opened in 1961.", quotes=(1, 3)),
        Statement(text="It made 30 % of the flour.", quotes=(2,)),
    )
    asked = {"question": "And the mill?", "standalone_question": "What of the mill?"}
    values = {"quotes": quotes, "statements": statements, **asked, **changed}
    return answer("…", values.pop("quotes"), **values)


def refusal(*nearest: int) -> Answer:
    return mill(
        status="refused", statements=(), refusal=Refusal(reason="no_evidence", nearest=nearest)
    )


def judged(
    of: Answer | None, target: Target, index: int, verdict: Thumb, reason: str = ""
) -> Judged:
    about = Feedback("t", target, index, verdict, reason, "2025-01-01T00:00:00+00:00")
    return Judged(about, None if of is None else of.question, of)


def only(*given: Judged) -> tuple[Case, tuple[str, ...]]:
    """The one draft, after a look at it through the loader's eyes."""
    made = draft_cases(given, text_of)
    (draft,) = made.drafts
    assert made.lost == made.even == 0
    return draft.case, draft.notes


def loaded(made: Drafts, folder: Path) -> tuple[GoldCase, ...]:
    path = folder / "drafts.yaml"
    path.write_text(as_yaml(made.drafts), "utf-8")
    return load_suite(path, text_of).cases


def excerpts(case: Case) -> list[list[str]]:
    return [[excerpt.text for excerpt in group] for group in case.evidence]


def test_a_liked_answer_gives_evidence_and_what_to_hold() -> None:
    case, notes = only(judged(mill(), "answer", 0, "up", "just so"))
    assert (case.question, case.language, case.kind) == ("What of the mill?", "en", "feedback")
    assert (case.review, case.split, case.refuse) == ("unreviewed", "dev", False)
    assert excerpts(case) == [[OPENED, CLOSED], [FLOUR]]
    assert case.accept == [["1961"], ["30 %"]]
    assert case.reference == "It opened in 1961. It made 30 % of the flour."
    assert case.must_not_say == [] and case.tags == ["feedback"]
    assert notes == ("thumbs up on the answer: just so",)
    said = normalise("Since 1961, and thirty per cent of it.")
    assert all(found(form, said) for group in case.accept for form in group)


def test_a_liked_statement_without_numbers_is_held_by_its_words() -> None:
    shut = mill(statements=(Statement(text="It shut – in May!", quotes=(3,)),))
    case, _ = only(judged(shut, "statement", 0, "up"))
    assert excerpts(case) == [[CLOSED]]
    assert case.accept == [["it shut in may"]]


def test_a_disliked_statement_must_not_be_said() -> None:
    case, _ = only(
        judged(mill(), "answer", 0, "up"), judged(mill(), "statement", 1, "down", "Wrong"),
        judged(mill(), "statement", 1, "down"),
    )  # fmt: skip
    assert excerpts(case) == [[OPENED, CLOSED]]
    assert case.must_not_say == [normalise("It made 30 % of the flour.")]
    assert found(case.must_not_say[0], normalise("It made thirty per cent of the flour."))

    case, notes = only(judged(mill(), "statement", 1, "down", "Wrong"))
    assert (case.refuse, case.accept, case.evidence) == ("allowed", [[FILL_IN]], [])
    assert case.must_not_say and NEEDS_GOLD in case.tags
    assert notes == ("thumbs down on the statement 'It made 30 % of the flour.': Wrong",)


def test_a_disliked_quote_is_no_evidence() -> None:
    case, _ = only(judged(mill(), "statement", 0, "up"), judged(mill(), "quote", 3, "down"))
    assert excerpts(case) == [[OPENED]]
    case, _ = only(judged(mill(), "quote", 3, "down"))
    assert case.evidence == [] and NEEDS_GOLD in case.tags


def test_a_liked_quote_is_evidence_by_itself() -> None:
    case, _ = only(judged(mill(), "quote", 2, "up"))
    assert excerpts(case) == [[FLOUR]]
    assert case.accept == [[FILL_IN]] and NEEDS_GOLD in case.tags


def test_refusals() -> None:
    case, _ = only(judged(refusal(1), "answer", 0, "up"))
    assert (case.refuse, case.evidence, case.accept) == (True, [], [])
    case, _ = only(judged(refusal(1, 3), "answer", 0, "down"))
    assert (case.refuse, case.accept) == (False, [[FILL_IN]])
    assert excerpts(case) == [[OPENED, CLOSED]] and NEEDS_GOLD in case.tags
    case, _ = only(judged(refusal(), "answer", 0, "down"))
    assert (case.refuse, case.accept) == ("allowed", [[FILL_IN]]) and NEEDS_GOLD in case.tags


def test_a_question_is_one_case_however_it_is_typed() -> None:
    other = mill(standalone_question=" what of  THE mill ")
    case, notes = only(judged(mill(), "statement", 0, "up"), judged(other, "statement", 1, "up"))
    assert case.question == "What of the mill?"
    assert excerpts(case) == [[OPENED, CLOSED], [FLOUR]] and len(notes) == 2
    different = mill(standalone_question="What of the lake?")
    made = draft_cases(
        [judged(mill(), "answer", 0, "up"), judged(different, "answer", 0, "up")], text_of
    )
    assert len({draft.case.id for draft in made.drafts}) == 2


def test_what_cannot_be_used_is_counted() -> None:
    made = draft_cases(
        [
            judged(None, "answer", 0, "up"),
            judged(mill(), "statement", 9, "up"),
            judged(mill(), "quote", 9, "up"),
            judged(refusal(), "answer", 0, "up"),
            judged(refusal(), "answer", 0, "down"),
        ],
        text_of,
    )
    assert (made.drafts, made.lost, made.even) == ((), 3, 2)


def test_excerpts_are_the_only_ones_of_their_article(tmp_path: Path) -> None:
    texts = {"mill": "It closed. Then it opened. It closed. So it was. " + "Ha. " * 600}
    asked = mill(
        quotes=tuple(
            quote(n, "mill", OPENED, text=text, start=start)
            for n, text, start in ((1, "It closed.", 27), (2, "Ha.", 1249))
        ),
        statements=(Statement(text="It closed.", quotes=(1,)), Statement(text="Ha.", quotes=(2,))),
    )
    made = draft_cases([judged(asked, "answer", 0, "up")], texts.get)
    case = made.drafts[0].case
    ((excerpt,),) = case.evidence
    assert texts["mill"].count(excerpt.text) == 1
    assert excerpt.text == "closed. Then it opened. It closed. So it was. Ha. Ha. Ha."
    assert case.accept == [["it closed"]]
    # An article that is gone, or says so no longer, leaves nothing to stand on.
    for gone in ({}, {"mill": "Something else."}):
        made = draft_cases([judged(mill(), "answer", 0, "up")], gone.get)
        assert NEEDS_GOLD in made.drafts[0].case.tags


def test_the_loader_takes_the_file(tmp_path: Path) -> None:
    given = [
        judged(mill(), "answer", 0, "up", "fine\u2028- id: forged"),
        judged(mill(standalone_question="B?"), "statement", 0, "down"),
        judged(mill(standalone_question="C?"), "quote", 1, "down"),
        judged(mill(standalone_question="D: *e* #f 'g' \"h\"?"), "quote", 1, "up"),
        judged(refusal(1), "answer", 0, "up"),
    ]
    given[4] = judged(
        refusal(1).model_copy(update={"standalone_question": "E?"}), "answer", 0, "up"
    )
    made = draft_cases(given, text_of)
    cases = loaded(made, tmp_path)
    assert [g.case for g in cases] == [d.case for d in made.drafts]
    assert cases[0].groups == (
        (gold("mill", OPENED), gold("mill", CLOSED)),
        (gold("mill", FLOUR),),
    )
    assert "# thumbs up on the answer: fine - id: forged" in (tmp_path / "drafts.yaml").read_text(
        "utf-8"
    )


_ANY = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)


@hypothesis_settings(max_examples=60, deadline=None)
@example(question="0", said="", words="", reason="", target="quote", verdict="up")
@example(question="0", said="", words="w", reason="", target="statement", verdict="up")
@given(
    question=_ANY,
    said=_ANY,
    words=_ANY,
    reason=_ANY,
    target=st.sampled_from(["answer", "statement", "quote"]),
    verdict=st.sampled_from(["up", "down"]),
)
def test_any_feedback_makes_a_file_that_loads(
    tmp_path_factory: pytest.TempPathFactory,
    question: str,
    said: str,
    words: str,
    reason: str,
    target: Target,
    verdict: Thumb,
) -> None:
    asked = mill(
        standalone_question=question,
        question=question,
        statements=(Statement(text=said, quotes=(1,)),),
        quotes=(quote(1, "mill", OPENED, text=words),),
    )
    texts = {"mill": f"Before. {words} After. {TEXTS['mill']}"}
    index = 1 if target == "quote" else 0
    made = draft_cases([judged(asked, target, index, verdict, reason)], texts.get)
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(as_yaml(made.drafts), "utf-8")
    if made.drafts:
        (loaded_case,) = load_suite(path, texts.get).cases
        assert loaded_case.case == made.drafts[0].case
        assert loaded_case.case.review == "unreviewed"
    else:
        assert made.lost == 1


def stored_feedback(data: Path, *given: tuple[Target, int, Thumb]) -> None:
    """A store of the mill's article, an answer on it, and these thumbs."""
    embedder = HashedWords()
    with Store.open(load_settings(data=data)) as store:
        prepared = make_prepared("mill", TEXTS["mill"].split("  "), embedder)
        write_prepared(store, prepared, embedder)
        store.record_answer(mill())
        for target, index, verdict in given:
            store.feedback.give("me", "t", target, index, verdict)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, out = tmp_path / "data", tmp_path / "new" / "drafts.yaml"
    stored_feedback(data, ("answer", 0, "up"), ("quote", 99, "up"))
    assert door.main(["from-feedback", "--data", str(data), "--out", str(out)]) == 0
    told = capsys.readouterr().err
    assert "Left out 1 of 2 verdicts" in told and "1 draft case" in told
    assert yaml.safe_load(out.read_text("utf-8"))["cases"][0]["review"] == "unreviewed"
    assert door.main(["check-cases", "--cases", str(out), "--data", str(data)]) == 0
    assert "not reviewed 1" in capsys.readouterr().out
    before = out.read_bytes()
    assert door.main(["from-feedback", "--data", str(data), "--out", str(out)]) == 2
    assert "may hold reviewed cases" in capsys.readouterr().err
    assert out.read_bytes() == before


def test_the_command_without_feedback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, out = tmp_path / "data", tmp_path / "drafts.yaml"
    stored_feedback(data)
    assert door.main(["from-feedback", "--data", str(data), "--out", str(out)]) == 0
    told = capsys.readouterr().err
    assert told == f"There is no feedback in {data}, so {out} was not written.\n"
    assert not out.exists()
    missing = str(tmp_path / "nowhere")
    assert door.main(["from-feedback", "--data", missing, "--out", str(out)]) == 2
    assert "does not exist" in capsys.readouterr().err


def test_every_note_of_a_verdict_is_one_line() -> None:
    _, notes = only(judged(mill(), "answer", 0, "down", "a\nb"))
    made = draft_cases([judged(mill(), "answer", 0, "down", "a\nb")], text_of)
    assert dataclasses.replace(made.drafts[0], notes=notes) == made.drafts[0]
    comments = [line for line in as_yaml(made.drafts).splitlines() if line.startswith("  #")]
    assert comments == ["  # thumbs down on the answer: a b"]
