"""The LLM's part of drafting: it writes one question, as JSON under a schema."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from eval.drafting_pick import Picked
from rag.answering.wording import day, one_line
from rag.errors import LlmError
from rag.models.llm import ChatModel, Message
from rag.prompts import load_prompt

LEAST_CHARS, MOST_CHARS = 12, 200
# 200 characters of Swedish in a small vocabulary, and the JSON around them.
MAX_TOKENS = 120
# What an unanswerable question is written from: the sentence and these many to each side.
AROUND = 2
_MOST_TEXT = 1_200

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "question": {"type": "string", "minLength": LEAST_CHARS, "maxLength": MOST_CHARS}
    },
    "required": ["question"],
    "additionalProperties": False,
}


class Writer:
    """Has an LLM write questions. Every call raises `LlmError` where it writes nothing usable."""

    def __init__(self, chat: ChatModel) -> None:
        self._chat = chat

    def question(self, picked: Picked, sentence: str, answer: str, language: str) -> str:
        """A question in `language` (en or sv) that `answer` answers; `sentence` is the picked
        one, or one with a value changed."""
        prompt = load_prompt(
            f"draft_question_{language}", {"about", "before", "sentence", "answer"}
        )
        return self._written(
            prompt.render(
                about=_about(picked, language),
                before=one_line(picked.before or "-"),
                sentence=one_line(sentence),
                answer=one_line(answer),
            )
        )

    def unanswerable(self, picked: Picked, language: str) -> str:
        """A question in `language` on what the neighbourhood of the sentence leaves open."""
        prompt = load_prompt(f"draft_unanswerable_{language}", {"about", "text"})
        at = picked.sentence.index
        near = [s.text for s in picked.article.sentences if abs(s.index - at) <= AROUND]
        return self._written(
            prompt.render(
                about=_about(picked, language), text=one_line(" ".join(near))[:_MOST_TEXT]
            )
        )

    def _written(self, messages: Sequence[Message]) -> str:
        reply = self._chat.json(messages, SCHEMA, max_tokens=MAX_TOKENS)
        try:
            return one_line(str(json.loads(reply.text)["question"]))
        except (ValueError, KeyError, TypeError):
            raise LlmError("The LLM's question was cut off or is not JSON.") from None


def _about(picked: Picked, language: str) -> str:
    info = picked.info
    on = info.published.on
    where = ", ".join(
        part for part in (info.outlet, day(on, language) if on is not None else None) if part
    )
    return one_line(": ".join(part for part in (where, info.title) if part) or info.id)
