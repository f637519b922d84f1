"""The desk where drafts are judged and counted; what a draft, a plan and a tally are."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from eval.case_schema import Split
from eval.cases import Gold
from eval.drafting_checks import Dropped, Judge, Why, check_found, check_new, check_span
from eval.drafting_pick import LANGUAGES
from rag.errors import LlmError
from rag.types import ArticleInfo, Span

# Of a kind's name in an id.
_SHORT = {
    "fact": "fact",
    "cross_language": "cross",
    "unanswerable": "none",
    "false_premise": "false",
}


@dataclass(frozen=True, slots=True)
class Draft:
    """A case that survived the checks, with the article its excerpt is from (None: refused)."""

    id: str
    question: str
    language: str
    kind: str
    split: Split
    article: ArticleInfo | None = None
    excerpt: str | None = None
    accept: tuple[str, ...] = ()  # any one of these forms
    refuse: bool | Literal["allowed"] = False


@dataclass(slots=True)
class Tally:
    """How many drafts of each kind were made and kept, and why the others were dropped."""

    drafted: Counter[str] = field(default_factory=Counter)
    kept: Counter[str] = field(default_factory=Counter)
    dropped: dict[str, Counter[Why]] = field(default_factory=dict)

    def drop(self, kind: str, why: Why) -> None:
        self.dropped.setdefault(kind, Counter())[why] += 1


Keep = Callable[[Draft], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How many cases, in which languages, by which seed; `hard` keeps what the search misses."""

    n: int
    languages: frozenset[str] = frozenset(LANGUAGES)
    seed: int = 0
    hard: bool = False


class Desk:
    """Where drafts are judged: what survives goes to `keep` at once, all is counted."""

    def __init__(self, plan: Plan, judge: Judge, keep: Keep, asked: Sequence[str] = ()) -> None:
        self.plan = plan
        self.judge = judge
        self.tally = Tally()
        self._keep = keep
        self._asked: dict[str, list[str]] = {}
        self._before = tuple(asked)
        self._ids: set[str] = set()

    @property
    def full(self) -> bool:
        return sum(self.tally.kept.values()) >= self.plan.n

    def judged(self, kind: str, make: Callable[[], Draft]) -> Draft | None:
        """Makes one draft and keeps it unless it is dropped on the way."""
        self.tally.drafted[kind] += 1
        try:
            draft = make()
            # A false premise is all but the question that it was made of.
            before = () if kind == "false_premise" else self._before
            check_new(draft.question, [*before, *self._asked.get(kind, ())])
        except Dropped as reason:
            self.tally.drop(kind, reason.why)
            return None
        except LlmError:
            self.tally.drop(kind, Why.NO_REPLY)
            return None
        self._asked.setdefault(kind, []).append(draft.question)
        self.tally.kept[kind] += 1
        self._keep(draft)
        return draft

    def found(self, question: str, gold: Gold, answer: Span | None = None) -> None:
        """The round trip, unless what fails it is wanted too: the evidence holds the gold, and
        the reader marks the `answer` in it (a range of the gold's text). Raises `Dropped`."""
        if self.plan.hard:
            return
        check_found(self.judge, question, gold)
        if answer is not None:
            check_span(self.judge, question, gold.text, answer)

    def id(self, stem: str, kind: str) -> str:
        """An id as case files want it, used once."""
        stem = re.sub(r"^draft-[a-z]+-", "", stem)
        base = re.sub(r"[^a-z0-9_-]+", "-", f"draft-{_SHORT[kind]}-{stem}".lower())
        number = 1
        while (name := base if number == 1 else f"{base}-{number}") in self._ids:
            number += 1
        self._ids.add(name)
        return name


def split_of(article_id: str, sentence: int) -> Split:
    """`dev` or `test`, by a hash: all questions on one sentence are in the same half."""
    digest = hashlib.sha256(f"{article_id} {sentence}".encode()).digest()
    return "dev" if digest[0] % 2 == 0 else "test"
