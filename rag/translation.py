"""A quote in the other language, for reading only: never verbatim, and checked all the same.

An LLM translates under a schema. What comes back is thrown away where it has other numbers,
dates or denials than the quote, is the same text, or is no text of the language asked for.
Nothing here is quoted, searched or stored as anybody's words.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from typing import Any

from rag.answering.checks.case import Case, Reading, read
from rag.answering.checks.negation import has_denial, negators
from rag.answering.checks.numbers import check_codes, check_dates, check_numbers
from rag.answering.checks.text import Language
from rag.answering.wording import one_line, plain
from rag.corpus.language import detect_question
from rag.errors import LlmError
from rag.models.llm import ChatModel
from rag.prompts import load_prompt

_NAMES: dict[str, str] = {"en": "English", "sv": "Swedish"}
_CODES: dict[str, Language] = {"en": "en", "sv": "sv"}
# A quote is a sentence or two. Longer ones would keep a person waiting for half a minute.
_MOST_CHARS = 900
# Swedish and English tell the same in about the same length; outside this, something is
# missing or made up. Short sentences vary more.
_SHORTEST, _LONGEST, _SLACK = 0.5, 1.9, 24
_KEPT = 512
_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"translation": {"type": "string", "minLength": 1, "maxLength": 2 * _MOST_CHARS}},
    "required": ["translation"],
    "additionalProperties": False,
}


def translate(
    text: str, source_language: str, target_language: str, chat: ChatModel | None
) -> str | None:
    """`text` in `target_language`, on one line; None where no translation can be stood for.

    Never fails: without an LLM, with one that does not answer, between languages other than
    English and Swedish, and for what does not pass the checks, there is no translation.
    """
    source, target = _CODES.get(source_language), _CODES.get(target_language)
    words = one_line(text)
    if chat is None or source is None or target is None or source == target:
        return None
    if not words or len(words) > _MOST_CHARS:
        return None
    messages = load_prompt("translate", {"source", "target", "text"}).render(
        source=_NAMES[source], target=_NAMES[target], text=words
    )
    try:
        # About three characters a token, and Swedish takes more tokens than English.
        reply = chat.json(messages, _SCHEMA, max_tokens=64 + len(words) // 2)
    except LlmError:
        return None
    translated = _said(reply.text)
    return translated if translated and faithful(words, source, translated, target) else None


def _said(reply: str) -> str:
    try:
        value = json.loads(reply)
    except ValueError:
        return ""
    said = value.get("translation") if isinstance(value, dict) else None
    return one_line(said) if isinstance(said, str) else ""


def faithful(text: str, source: Language, translated: str, target: Language) -> bool:
    """Whether a translation keeps what can be checked by rule."""
    if plain(text) == plain(translated) or detect_question(translated) != target:
        return False
    low, high = _SHORTEST * len(text) - _SLACK, _LONGEST * len(text) + _SLACK
    if not low <= len(translated) <= high:
        return False
    one, other = read(text, source), read(translated, target)
    return _same_figures(one, other) and _same_figures(other, one) and _both_deny(one, other)


def _same_figures(one: Reading, other: Reading) -> bool:
    """Whether `other` has every number and date of `one`."""
    case = Case(one, (other,))
    return not (check_numbers(case) or check_codes(case) or check_dates(case))


def _both_deny(one: Reading, other: Reading) -> bool:
    """Neither flatly denies what the other does not; "fail to" may become "inte"."""
    return (not negators(one.tokens) or has_denial(other.tokens)) and (
        not negators(other.tokens) or has_denial(one.tokens)
    )


class Translator:
    """Translates and remembers, failures too. Safe to share between threads."""

    def __init__(self, chat: ChatModel | None) -> None:
        self._chat = chat
        self._known: OrderedDict[tuple[str, str, str], str | None] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def able(self) -> bool:
        """Whether there is an LLM to translate."""
        return self._chat is not None

    def knows(self, text: str, source_language: str, target_language: str) -> bool:
        """Whether `translate` would answer this at once."""
        with self._lock:
            return (text, source_language, target_language) in self._known

    def translate(self, text: str, source_language: str, target_language: str) -> str | None:
        """As the function of this name; the same text is translated once."""
        key = (text, source_language, target_language)
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        made = translate(text, source_language, target_language, self._chat)
        with self._lock:
            self._known[key] = made
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return made
