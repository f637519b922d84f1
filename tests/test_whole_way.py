"""The whole way with the real models: articles in, a quoted and checked answer out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rag.bot import Bot
from rag.settings import load_settings
from rag.types import Answer

SEEDS = Path(__file__).resolve().parent.parent / "seeds"


def assert_stands(answer: Answer) -> None:
    """Every quote is its file's own words, every mark has its quote, and the other way round."""
    for quote in answer.quotes:
        text = (SEEDS / f"{quote.article_id}.txt").read_text(encoding="utf-8")
        assert text[quote.start : quote.end] == quote.text
    cited = {n for s in answer.statements for n in s.quotes}
    nearest = set(answer.refusal.nearest) if answer.refusal else set()
    assert cited | nearest == {q.n for q in answer.quotes}
    for side in (s for c in answer.conflicts for s in c.sides):
        assert set(side.quotes) <= cited
        assert any(side.claim in q.text for q in answer.quotes if q.n in side.quotes)


@pytest.mark.models
@pytest.mark.parametrize(
    "question",
    [
        "What share of the world's rare earths does China account for?",
        "Hur stor andel av de sällsynta jordartsmetallerna står Kina för?",
    ],
)
def test_both_figures_are_shown_whatever_the_language(seed_bot: Any, question: str) -> None:
    answer = seed_bot.ask(question)
    assert_stands(answer)
    claims = " ".join(side.claim for c in answer.conflicts for side in c.sides)
    assert "86 procent" in claims and "90 per cent" in claims


@pytest.mark.models
@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("Vem mötte He Lifeng i Malaysia?", "Scott Bessent"),
        ("How does SVT's correspondent Tilde Lewin say that Chinese media reacted?", "triumf"),
    ],
)
def test_an_answer_in_the_other_language_is_found(seed_bot: Any, question: str, words: str) -> None:
    answer = seed_bot.ask(question)
    assert_stands(answer)
    assert any(words in q.text and q.language != answer.language for q in answer.quotes)


@pytest.mark.models
def test_what_has_nothing_to_do_with_the_articles_is_refused(seed_bot: Any) -> None:
    for question in ("What is the boiling point of neodymium?", "Vem vann fotbolls-VM 2022?"):
        answer = seed_bot.ask(question)
        assert_stands(answer)
        assert answer.status == "refused" and answer.statements == ()


@pytest.mark.llm
@pytest.mark.models
def test_the_local_llm_answers_in_the_questions_language(seed_data: Path) -> None:
    with Bot.open(load_settings(data=seed_data, llm="local", offline=True)) as bot:
        english = bot.ask("How long did the call between Trump and Xi last?")
        swedish = bot.ask("Vem mötte He Lifeng i Malaysia?")
    for answer in (english, swedish):
        assert_stands(answer)
        assert answer.status == "answered"
        assert answer.llm.startswith("local:")
    assert "90" in english.answer
    assert "Bessent" in swedish.answer
