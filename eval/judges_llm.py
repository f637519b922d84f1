"""Any LLM as a judge, held to a form in which a reply that cannot be read does not exist.

The reply must be JSON under a schema: by grammar where the backend has one, else validated and
asked for again; what fails twice is unjudged. A reason comes before the verdict (Liu et al. 2023,
G-Eval). Our LLMs decode greedily, so repeating a prompt would say nothing: repeated runs differ
in what should not matter, the order of the quotes and of the two words to choose from (position
bias, Wang et al. 2023, "Large Language Models are not Fair Evaluators").
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from eval.judges import ASPECTS, Aspect, Item, Ruling, Shown
from eval.runner import Report
from rag.errors import LlmError
from rag.models.llm_types import ChatModel
from rag.models.llm_wrapped import valid_json
from rag.prompts import Message, load_prompt

TRIES = 2
# The second try may say more: a long reason can have cut the first one short.
MAX_TOKENS = 160
MAX_REASON_CHARS = 240
# After so many items in a row that could not be judged, the LLM is not there at all.
GIVE_UP_AFTER = 5
# Some 2,500 tokens: with the prompt it fits what the local LLM reads at once.
MAX_ARTICLE_CHARS = 10_000
WORDS = ("yes", "no")
_ASKED: dict[Aspect, frozenset[str]] = {
    "faithfulness": frozenset({"claim", "quotes"}),
    "relevance": frozenset({"claim", "question"}),
    "correctness": frozenset({"claim", "question", "reference"}),
}


class LlmJudge:
    """A `ChatModel` as judge; wrap any LlamaIndex `LLM` with `rag.models.llm.wrap_llm`."""

    aspects: tuple[Aspect, ...] = ASPECTS

    def __init__(self, chat: ChatModel, repeats: int = 1) -> None:
        if repeats < 1:
            raise ValueError("a judge is asked at least once")
        self._chat = chat
        self.name = chat.label
        self.repeats = repeats
        self.tokens = 0

    def judge(self, items: Sequence[Item], report: Report | None = None) -> list[Ruling]:
        rulings: list[Ruling] = []
        failed = 0
        for n, item in enumerate(items, start=1):
            why = _lacking(item)
            if failed >= GIVE_UP_AFTER:
                why = f"Not asked: {failed} items in a row could not be judged."
            if why is not None:
                rulings.append(Ruling(None, None, why, (None,) * self.repeats))
            else:
                rulings.append(self._rule(item))
                failed = failed + 1 if rulings[-1].score is None else 0
            if report is not None:
                report(f"{self.name}: {item.aspect}", n, len(items))
        return rulings

    def _rule(self, item: Item) -> Ruling:
        told = [self._ask(item, run) for run in range(self.repeats)]
        runs = tuple(holds for holds, _ in told)
        judged = [holds for holds in runs if holds is not None]
        if not judged:
            return Ruling(None, None, told[0][1], runs)
        share = sum(judged) / len(judged)
        if share == 0.5:
            return Ruling(None, share, "Its runs are split evenly.", runs)
        reason = next(why for holds, why in told if holds is (share > 0.5))
        return Ruling(share > 0.5, share, reason, runs)

    def _ask(self, item: Item, run: int) -> tuple[bool | None, str]:
        """(yes or no, its reason), or (None, why there is none)."""
        words = WORDS if run % 2 == 0 else WORDS[::-1]
        messages, schema = _messages(item, run, words), answer_schema(words)
        problem = ""
        for attempt in range(1, TRIES + 1):
            try:
                reply = self._chat.json(messages, schema, max_tokens=attempt * MAX_TOKENS)
                self.tokens += reply.prompt_tokens + reply.output_tokens
                said = json.loads(valid_json(reply.text, schema))
            except (LlmError, ValueError) as error:
                problem = f"It gave no verdict: {error}"
                continue
            return said["verdict"] == "yes", said["reason"].strip()
        return None, problem


def answer_schema(words: Sequence[str]) -> dict[str, Any]:
    """JSON schema of a ruling. The order of properties is the order in which they are written."""
    return {
        "type": "object",
        "properties": {
            "reason": {"type": "string", "minLength": 2, "maxLength": MAX_REASON_CHARS},
            "verdict": {"type": "string", "enum": list(words)},
        },
        "required": ["reason", "verdict"],
        "additionalProperties": False,
    }


def _lacking(item: Item) -> str | None:
    if item.aspect == "correctness" and not item.reference:
        return "There is no reference to judge it by."
    if item.aspect == "faithfulness" and not item.quotes and item.article is None:
        return "Nothing is quoted for it."
    return None


def _messages(item: Item, run: int, words: Sequence[str]) -> list[Message]:
    prompt = load_prompt(f"judge_{item.aspect}", _ASKED[item.aspect] | {"first", "second"})
    return prompt.render(
        claim=item.claim,
        question=item.question,
        reference=item.reference,
        quotes=_rotated([_quote(shown) for shown in item.quotes], run // 2)
        or [{"origin": "", "before": "", "text": (item.article or "")[:MAX_ARTICLE_CHARS]}],
        first=words[0],
        second=words[1],
    )


def _quote(shown: Shown) -> dict[str, str]:
    origin = (shown.outlet or shown.title, shown.published and shown.published.isoformat())
    return {
        "origin": ", ".join(part for part in origin if part),
        "before": shown.before or "",
        "text": shown.text,
    }


def _rotated(quotes: list[dict[str, str]], by: int) -> list[dict[str, str]]:
    by = by % len(quotes) if quotes else 0
    return quotes[by:] + quotes[:by]
