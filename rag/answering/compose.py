"""The composer: an LLM picks sentence numbers and says what they say.

It never quotes. It gets numbered sentences, each with its outlet and date, and writes JSON
under a schema in which only those numbers exist: at least one statement, or "not answered".
(Where the schema has `"answerable": true` beside a list that may be empty, a 1.5B model
writes just that.)
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from rag.answering.checks.quotation import unmark
from rag.answering.wording import day, one_line, plain
from rag.models.llm_stream import streamed
from rag.models.llm_types import (
    Cancelled,
    ChatModel,
    Choice,
    Message,
    OnText,
    Reply,
    TellsChoices,
)
from rag.prompts import load_prompt
from rag.types import Draft, Evidence

MAX_STATEMENTS = 4
MAX_CITES = 4
MAX_STATEMENT_CHARS = 320
MAX_SENTENCE_CHARS = 600
MAX_CONTEXT_CHARS = 200
# Four statements of 40 tokens and their JSON; a longer reply is a model gone astray.
MAX_TOKENS = 320
PROMPT_LANGUAGES = ("en", "sv")
# The first words that tell the two shapes of a reply apart.
STATEMENTS, NOT_ANSWERED = "statements", "not_answered"
# Above this probability of "not answered" the model is taken to decline, by model and prompt.
# In English (XQuAD, six sentences; unanswerable: without the one that answers) 0.03 declined
# 14 of 19 unanswerable questions and 3 of 33 answerable ones, where its own word alone declined
# none. In Swedish (SQuAD 2.0, near misses) the AUC was 0.92 on 5 + 5 questions and 0.23 on the
# next 11 + 11: no signal, so there only its own word counts.
DECLINE_AT = {("local:qwen2.5-coder-1.5b", "en"): 0.03}
_KEY = re.compile(r'\s*\{\s*"(\w+)')


@dataclass(slots=True)
class _Run:
    """What is known of a run so far. Apart from `Composition`: without a reference cycle,
    dropping one mid-way ends its generator at once, and with it the LLM's work."""

    decline_at: float
    cancelled: Cancelled | None
    choices: list[Choice] = field(default_factory=list)
    not_answered_probability: float | None = None
    reply: Reply | None = None

    @property
    def declined(self) -> bool:
        return (self.not_answered_probability or 0.0) >= self.decline_at

    def chose(self, choice: Choice) -> None:
        if self.not_answered_probability is None:
            self.choices.append(choice)
            self.not_answered_probability = not_answered_probability(self.choices)

    def ask(
        self,
        chat: ChatModel,
        messages: Sequence[Message],
        schema: dict[str, Any],
        on_text: OnText,
        off: Cancelled,
    ) -> Reply:
        def stopped() -> bool:
            return off() or self.declined or (self.cancelled is not None and self.cancelled())

        if isinstance(chat, TellsChoices):
            return chat.json_with_choices(
                messages,
                schema,
                max_tokens=MAX_TOKENS,
                on_choice=self.chose,
                on_text=on_text,
                cancelled=stopped,
            )
        return chat.json(
            messages, schema, max_tokens=MAX_TOKENS, on_text=on_text, cancelled=stopped
        )


class Composition(Iterator[Draft]):
    """Statements as they come. Closing or dropping it stops the LLM."""

    def __init__(self, drafts: Generator[Draft, None, None], run: _Run) -> None:
        self._drafts = drafts
        self._run = run

    @property
    def not_answered_probability(self) -> float | None:
        """How likely the LLM held "not answered" to be when it chose between that and a
        statement (0..1), known before the first draft; None where the model doesn't tell."""
        return self._run.not_answered_probability

    @property
    def reply(self) -> Reply | None:
        """The LLM's whole reply, once the end is reached."""
        return self._run.reply

    def __next__(self) -> Draft:
        return next(self._drafts)

    def close(self) -> None:
        """Stop the LLM; no more statements come."""
        self._drafts.close()


def compose(
    question: str,
    language: str,
    evidence: Sequence[Evidence],
    chat: ChatModel,
    *,
    cancelled: Cancelled | None = None,
    decline_at: float | None = None,
) -> Composition:
    """Statements in `language`, each as soon as it is complete, citing evidence numbers.

    Nothing comes when the model says that the evidence doesn't answer, or holds it to be
    likelier than `decline_at` (0..1; default: as measured for the model). Raises `LlmError`
    (while iterating) when the model fails.
    """
    if decline_at is None:
        decline_at = DECLINE_AT.get((chat.label, _known(language)), 1.0)
    run = _Run(decline_at, cancelled)
    return Composition(_drafts(question, language, evidence, chat, run), run)


def _drafts(
    question: str, language: str, evidence: Sequence[Evidence], chat: ChatModel, run: _Run
) -> Generator[Draft, None, None]:
    if not evidence:
        return
    messages = prompt(question, language, evidence)
    schema = answer_schema([e.n for e in evidence])
    sieve = Sieve(question, evidence)
    stream = StatementStream()
    for piece in streamed(lambda put, off: run.ask(chat, messages, schema, put, off)):
        if isinstance(piece, str):
            yield from sieve.admit(stream.feed(piece))
            continue
        run.reply = piece
        # A model that answered only at the second try has streamed nothing usable.
        if not sieve.admitted and not run.declined:
            yield from sieve.admit(StatementStream().feed(piece.text))


def warm(chat: ChatModel, language: str, *, cancelled: Cancelled | None = None) -> None:
    """Let `chat` load and read the part of the prompt that never changes (350 tokens: 6 s of
    the first question on two cores). For a door that waits for its first question anyway."""
    chat.json(prompt("", language, []), answer_schema([1]), max_tokens=1, cancelled=cancelled)


def prompt(question: str, language: str, evidence: Sequence[Evidence]) -> list[Message]:
    """The messages: what never changes first, so that it is evaluated once and kept."""
    known = _known(language)
    template = load_prompt(f"compose_{known}", {"evidence", "question"})
    lines = [evidence_line(e, known) for e in evidence]
    return template.render(evidence=lines, question=one_line(question))


def _known(language: str) -> str:
    return language if language in PROMPT_LANGUAGES else "en"


def evidence_line(item: Evidence, language: str) -> str:
    """`[1] (SVT, 23 April 2025) The sentence.`, on one line whatever the article holds."""
    about = [one_line(item.article.outlet or item.article.title or item.article.id)[:60]]
    if item.article.published.on is not None:
        about.append(day(item.article.published.on, language))
    context = one_line(item.context or "")
    if len(context) > MAX_CONTEXT_CHARS:
        context = "… " + context[-MAX_CONTEXT_CHARS:]
    sentence = one_line(item.sentence.text)[:MAX_SENTENCE_CHARS]
    return f"[{item.n}] ({', '.join(about)}) " + (f"({context}) " if context else "") + sentence


def answer_schema(numbers: Sequence[int]) -> dict[str, Any]:
    """JSON schema of a reply: statements citing only `numbers`, or not answered.

    The order of properties is the order in which they are written.
    """
    cites = {
        "type": "array",
        "items": {"type": "integer", "enum": list(numbers)},
        "minItems": 1,
        "maxItems": min(MAX_CITES, len(numbers)),
    }
    text = {"type": "string", "minLength": 2, "maxLength": MAX_STATEMENT_CHARS}
    return {
        "anyOf": [
            _object(
                {
                    STATEMENTS: {
                        "type": "array",
                        "items": _object({"text": text, "cites": cites}),
                        "minItems": 1,
                        "maxItems": MAX_STATEMENTS,
                    }
                }
            ),
            _object({NOT_ANSWERED: {"type": "boolean", "enum": [True]}}),
        ]
    }


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


class StatementStream:
    """Reads a reply as it grows and gives each statement once its JSON object is complete."""

    _START = re.compile(r'"statements"\s*:\s*\[')

    def __init__(self) -> None:
        self._text = ""
        self._at: int | None = None
        self._decoder = json.JSONDecoder()

    def feed(self, piece: str) -> list[dict[str, Any]]:
        """The objects that `piece` completed."""
        self._text += piece
        if self._at is None:
            if not (start := self._START.search(self._text)):
                return []
            self._at = start.end()
        found: list[dict[str, Any]] = []
        while True:
            begin = self._at
            while begin < len(self._text) and self._text[begin] in " \t\r\n,":
                begin += 1
            if begin == len(self._text) or self._text[begin] != "{":
                return found
            try:
                value, self._at = self._decoder.raw_decode(self._text, begin)
            except json.JSONDecodeError:
                return found
            found.append(value)


class Sieve:
    """Lets through what is a statement: new, not the question again, citing what exists."""

    _MARKS = re.compile(r"\s*\[\d+(?:\s*,\s*\d+)*\]")

    def __init__(self, question: str, evidence: Sequence[Evidence]) -> None:
        self._numbers = {e.n for e in evidence}
        self._words = {e.n: e.sentence.text for e in evidence}
        self._seen = {plain(question)}
        self.admitted = 0

    def admit(self, objects: Sequence[Any]) -> Iterator[Draft]:
        for value in objects:
            draft = self._draft(value)
            if draft is not None and self.admitted < MAX_STATEMENTS:
                self.admitted += 1
                yield draft

    def _draft(self, value: Any) -> Draft | None:
        if not isinstance(value, dict) or not isinstance(value.get("text"), str):
            return None
        text = one_line(self._MARKS.sub("", value["text"]))
        key = plain(text)
        cites = value.get("cites")
        if not key or key in self._seen or text.endswith("?") or not isinstance(cites, list):
            return None
        numbers = tuple(dict.fromkeys(n for n in cites if type(n) is int and n in self._numbers))
        if not numbers:
            return None
        self._seen.add(key)
        text = unmark(text, [self._words[n] for n in numbers])
        return Draft(text if text[-1] in '.!”"' else text + ".", numbers)


def not_answered_probability(choices: Sequence[Choice]) -> float | None:
    """P("not answered") against P(a statement), at the token that decided; None if not told.

    The model's own, unconstrained probabilities are compared, among the tokens with which
    one of the two words can begin.
    """
    written = ""
    for choice in choices:
        if _KEY.match(written + choice.token):
            weight = {STATEMENTS: 0.0, NOT_ANSWERED: 0.0}
            for token, logprob in choice.rivals:
                begun = _KEY.match(written + token)
                for word in weight:
                    if begun and word.startswith(begun[1]):
                        weight[word] += math.exp(logprob)
            total = sum(weight.values())
            return weight[NOT_ANSWERED] / total if total else None
        written += choice.token
    return None
