"""Judges: nothing that cannot be read becomes a zero, and swings are told."""

from __future__ import annotations

import json
from collections.abc import Sequence
from io import StringIO

import pytest
from rich.console import Console

from eval.judges import ASPECTS, Aspect, Item, Ruling, Shown, VerifierJudge, open_judge
from eval.judges_items import Articles, answered, items, reference
from eval.judges_llm import GIVE_UP_AFTER, TRIES, LlmJudge, answer_schema
from eval.judges_run import judged_document
from eval.judges_tables import judged
from eval.runner import Report
from rag.errors import LlmError, SettingsError
from rag.models.llm import wrap_llm
from rag.models.llm_wrapped import valid_json
from rag.prompts import load_prompt
from rag.types import Passage, Reading, Support
from tests.eval.judging import document, make_case, quote, refused, row, text_of
from tests.models.fakes import ScriptedChat


def said(verdict: str, reason: str = "It says so.") -> str:
    return json.dumps({"reason": reason, "verdict": verdict})


def shown(text: str, title: str = "") -> Shown:
    return Shown(text, "a", "a.txt", "en", title=title)


def item(aspect: Aspect = "faithfulness", **changed: object) -> Item:
    quotes = (shown("It opened in 1961.", "Mills"), shown("It closed in May."))
    values = {"question": "When?", "quotes": quotes, "reference": ("1961",)} | changed
    return Item("x", aspect, "en", "It opened in 1961.", **values)  # type: ignore[arg-type]


def test_an_llm_says_yes_or_no_with_a_reason() -> None:
    judge = LlmJudge(ScriptedChat(said("yes"), said("no", "It was 1962.")))
    rulings = judge.judge([item(), item()])
    assert [(r.holds, r.score) for r in rulings] == [(True, 1.0), (False, 0.0)]
    assert rulings[1].reason == "It was 1962."
    # The scripted LLM reads one token and writes one a character.
    assert judge.tokens == 2 + len(said("yes")) + len(said("no", "It was 1962."))


@pytest.mark.parametrize(
    "garbage",
    ["", "Yes!", "{", '{"verdict": "yes"}', said("perhaps"), "[]", LlmError("It is gone.")],
)
def test_garbage_is_asked_again_and_then_unjudged(garbage: str | Exception) -> None:
    again = LlmJudge(ScriptedChat(garbage, said("yes"))).judge([item()])
    assert again == [Ruling(True, 1.0, "It says so.", (True,))]
    (ruling,) = LlmJudge(ScriptedChat(*[garbage] * TRIES)).judge([item()])
    assert (ruling.holds, ruling.score, ruling.runs) == (None, None, (None,))
    assert ruling.reason.startswith("It gave no verdict: ")


def test_talk_around_the_json_does_no_harm() -> None:
    (ruling,) = LlmJudge(ScriptedChat(f"Sure!\n```json\n{said('no')}\n```")).judge([item()])
    assert ruling.holds is False


def test_an_llm_that_is_not_there_is_not_asked_for_ever() -> None:
    chat = ScriptedChat(*[LlmError("It is gone.")] * TRIES * GIVE_UP_AFTER)
    rulings = LlmJudge(chat, repeats=1).judge([item()] * (GIVE_UP_AFTER + 3))
    assert len(chat.messages) == TRIES * GIVE_UP_AFTER
    assert [r.holds for r in rulings] == [None] * (GIVE_UP_AFTER + 3)
    assert rulings[-1].reason.startswith("Not asked")


def test_repeats_turn_what_should_not_matter() -> None:
    chat = ScriptedChat(said("yes"), said("yes"), said("no"), said("yes"))
    (ruling,) = LlmJudge(chat, repeats=4).judge([item()])
    assert (ruling.holds, ruling.score) == (True, 0.75)
    assert ruling.runs == (True, True, False, True)
    words = [schema["properties"]["verdict"]["enum"] for schema in chat.schemas]
    assert words == [["yes", "no"], ["no", "yes"]] * 2
    asked = [messages[-1]["content"] for messages in chat.messages]
    assert asked[0] == asked[1] != asked[2]
    assert "[1] (Mills) It opened" in asked[0] and "[2] (Mills) It opened" in asked[2]


def test_runs_that_are_split_evenly_are_no_verdict() -> None:
    (ruling,) = LlmJudge(ScriptedChat(said("yes"), said("no")), repeats=2).judge([item()])
    assert (ruling.holds, ruling.score) == (None, 0.5)


def test_a_run_that_failed_does_not_count_against_the_others() -> None:
    chat = ScriptedChat(said("yes"), *["?"] * TRIES, said("yes"))
    (ruling,) = LlmJudge(chat, repeats=3).judge([item()])
    assert (ruling.holds, ruling.runs) == (True, (True, None, True))


def test_without_a_reference_or_quotes_nothing_is_asked() -> None:
    chat = ScriptedChat()
    rulings = LlmJudge(chat).judge([item("correctness", reference=()), item(quotes=())])
    assert [r.holds for r in rulings] == [None, None] and not chat.messages


def test_any_llamaindex_llm_can_judge_and_one_that_echoes_is_unjudged() -> None:
    from llama_index.core.llms import MockLLM

    judge = LlmJudge(wrap_llm(MockLLM()))
    (ruling,) = judge.judge([item()])
    assert judge.name.startswith("llama-index:") and ruling.holds is None


@pytest.mark.parametrize("aspect", ASPECTS)
def test_each_prompt_holds_what_is_judged(aspect: Aspect) -> None:
    chat = ScriptedChat(said("yes"))
    LlmJudge(chat).judge([item(aspect, quotes=(shown("The {{ mill }} {% opened %} in 1961."),))])
    told = chat.messages[0][-1]["content"]
    assert "It opened in 1961." in told
    assert ("The {{ mill }} {% opened %}" in told) == (aspect == "faithfulness")
    assert ("When?" in told) == (aspect != "faithfulness")


def test_a_prompt_without_its_placeholder_is_refused() -> None:
    with pytest.raises(Exception, match="judge_relevance"):
        load_prompt("judge_relevance", {"claim"})


def test_the_schema_admits_two_words_only() -> None:
    schema = answer_schema(("yes", "no"))
    assert valid_json(said("yes"), schema)
    for bad in (said("maybe"), said("yes", ""), '{"reason": "So.", "verdict": "no", "x": 1}'):
        with pytest.raises(ValueError, match="schema"):
            valid_json(bad, schema)


class OneReader:
    """A reader that is as sure as it is told, and hears nothing in the support of claims."""

    note = None
    name = "one"

    def __init__(self, answerable: float) -> None:
        self.answerable = answerable

    def read(self, question: str, passages: Sequence[Passage]) -> list[Reading]:
        return [Reading(self.answerable, 0, 1, (self.answerable,)) for _ in passages]

    def support(self, claims: Sequence[tuple[str, str]]) -> list[Support] | None:
        return None


@pytest.mark.parametrize(("answerable", "holds"), [(0.8, True), (0.2, False)])
def test_the_reader_judges_relevance(answerable: float, holds: bool) -> None:
    (ruling,) = VerifierJudge(OneReader(answerable)).judge([item("relevance")])
    assert (ruling.holds, ruling.score) == (holds, answerable)


def test_the_verifier_judges_faithfulness_and_no_correctness() -> None:
    judge = VerifierJudge(None)
    wrong = Item("y", "faithfulness", "en", "It opened in 1962.", quotes=item().quotes)
    article = Item("z", "faithfulness", "en", "It opened in 1961.", article="It opened in 1961.")
    rulings = judge.judge([item(), wrong, article, item("correctness")])
    assert [r.holds for r in rulings] == [True, False, True, None]
    assert "1962" in rulings[1].reason


def test_a_crash_is_unjudged(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = OneReader(1.0)
    monkeypatch.setattr(reader, "read", lambda *_: 1 / 0)
    first, second = VerifierJudge(reader).judge([item("relevance"), item()])
    assert first.holds is None and "ZeroDivisionError" in first.reason
    assert second.holds is True


def test_no_llm_is_no_judge() -> None:
    assert open_judge("rules").name == "rules"
    for name in ("none", "nobody"):
        with pytest.raises(SettingsError):
            open_judge(name)


def test_items_are_statements_and_answers() -> None:
    case = make_case("price")
    asked = items([case], Articles(text_of))
    assert [(a.item.aspect, a.statement) for a in asked] == [
        ("faithfulness", 0), ("relevance", None), ("correctness", None),
    ]  # fmt: skip
    assert asked[0].item.quotes[0].before == "The county is proud."
    assert "[1]" not in asked[1].item.claim


def test_the_first_sentence_has_none_before_it_nor_has_an_unknown_article() -> None:
    articles = Articles(text_of)
    assert articles.shown(quote(1, "bridge", "The county is proud.")).before is None
    lost = quote(1, "bridge", "It is open").model_copy(update={"article_id": "gone"})
    assert articles.shown(lost).before is None


def test_a_reference_is_words_and_no_patterns() -> None:
    expected = {
        "accept": [["30 *", "re:3\\d"], ["re:only"]],
        "evidence": [[{"text": "It made 30."}, {"text": "Thirty."}]],
        "reference": "Thirty per cent.",
    }
    assert reference(expected) == ("Thirty per cent.", "30", "It made 30.")


class Told:
    """A judge of two runs that says what it is told to, item by item."""

    name = "told"
    repeats = 2
    tokens = 0
    aspects: tuple[Aspect, ...] = ("faithfulness",)

    def __init__(self, *runs: tuple[bool | None, bool | None]) -> None:
        self.runs = runs

    def judge(self, items: Sequence[Item], report: Report | None = None) -> list[Ruling]:
        return [
            Ruling(None if None in run else run[0], None, "", run)
            for _, run in zip(items, self.runs, strict=True)
        ]


def test_a_judged_run_tells_spread_and_what_stands_beside() -> None:
    run = document(row("price"), row("sheep"), row("pris"), refused("far"))
    judge = Told((True, False), (True, True), (None, None))
    known = {
        "told": {
            "frank": {
                "aspect": "faithfulness",
                "labels": "people",
                "balanced": {"value": 0.7, "low": 0.6, "high": 0.8, "n": 9},
                "seen": False,
                "commit": "c",
            }
        }
    }
    side = judged_document(
        run, "tiny.json", answered(run), Articles(text_of), [judge], known, aspects=ASPECTS
    )
    assert (side["answered"], side["refused"], side["crashed"]) == (3, 1, 0)
    assert set(side["beside"]) >= {"answer_rate", "answer_match"}
    (one,) = side["judges"]
    found = one["aspects"]["faithfulness"]
    assert (found["value"], found["n"], found["unjudged"]) == (1.0, 2, 1)
    assert found["spread"] == {"low": 0.5, "high": 1.0, "flipped": 0.5}
    assert found["languages"]["sv"] == {"value": None, "low": None, "high": None, "n": 0}
    assert one["against_people"]["faithfulness"][0]["set"] == "frank"
    assert "relevance" not in one["aspects"]
    assert json.dumps(side, allow_nan=False)


def test_a_judge_that_judged_nothing_has_no_score() -> None:
    run = document(row("price"))
    side = judged_document(
        run, "tiny.json", answered(run), Articles(text_of), [Told((None, None))], {}
    )
    found = side["judges"][0]["aspects"]["faithfulness"]
    assert found["value"] is None and found["n"] == 0 and found["unjudged"] == 1
    assert found["spread"] == {"low": None, "high": None, "flipped": None}


def test_a_judged_run_can_be_shown() -> None:
    run = document(row("price"))
    side = judged_document(
        run, "[a].json", answered(run), Articles(text_of), [Told((True, True))], {}
    )
    out = Console(width=200, record=True, file=StringIO())
    out.print(judged(side))
    text = out.export_text()
    assert "not measured" in text and "[a].json" in text and "answer rate 75%" in text
