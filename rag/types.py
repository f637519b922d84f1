"""The values that travel between the rooms.

Inside, small frozen dataclasses; what leaves through a door (`Answer` and its parts) is a
frozen pydantic model whose JSON is the public answer object.

Every `start`/`end` is a half-open range of Unicode code points into an article's own,
never-changed text, so that `article.text[x.start:x.end] == x.text` always holds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

PublishedIs = Literal["stated", "inferred"]
Status = Literal["answered", "partial", "refused"]
RefusalReason = Literal["no_evidence", "out_of_scope", "not_a_question", "unverified"]


def text_sha256(text: str) -> str:
    """SHA-256 (hex) of the UTF-8 encoding of an article's text."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of code points."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"a span needs 0 <= start <= end, got [{self.start}, {self.end})")

    def __len__(self) -> int:
        return self.end - self.start

    def slice(self, text: str) -> str:
        return text[self.start : self.end]


@dataclass(frozen=True, slots=True)
class Mask:
    """A range that is shown but never indexed and never quoted, and why."""

    start: int
    end: int
    reason: str


@dataclass(frozen=True, slots=True)
class Published:
    """When an article was published and how we know: said by it, worked out, or unknown."""

    on: date | None = None
    how: PublishedIs | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ArticleInfo:
    """What is known of an article, without its text."""

    id: str
    title: str | None
    source: str  # the path or URL
    outlet: str | None  # the name a reader knows: "SVT", "irishtimes.com"
    language: str  # ISO 639-1
    published: Published
    authors: tuple[str, ...]
    sha256: str
    # Near-duplicates share a witness: together they report a thing once.
    witness: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence at its address."""

    article_id: str
    index: int  # position within the article, from 0
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Article:
    """An article as stored: its text is never changed after ingest."""

    info: ArticleInfo
    text: str
    masks: tuple[Mask, ...]
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A run of whole sentences: the unit of retrieval. `text` is the article's own slice."""

    id: str
    article_id: str
    index: int
    start: int
    end: int
    first_sentence: int
    last_sentence: int  # inclusive
    text: str
    language: str


@dataclass(frozen=True, slots=True)
class Filters:
    """Which articles a question may draw on; None means no restriction."""

    date_from: date | None = None
    date_to: date | None = None
    source: str | None = None  # case-insensitive part of the source or outlet
    language: str | None = None

    @property
    def empty(self) -> bool:
        return self == Filters()


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk proposed by retrieval; `score` orders hits of one search, higher is better."""

    chunk: Chunk
    score: float
    dense_rank: int | None = None  # from 1, within the chunk's language
    lexical_rank: int | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A text for the reader, with the ranges of its sentences (offsets into `text`).

    The `title` of its article tells the reader what "he" and "the deal" are; no answer lies in it.
    """

    text: str
    sentences: tuple[Span, ...]
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What the reader makes of one passage: does it answer, where, and in which sentences."""

    answerable: float  # 0..1, calibrated
    start: int  # the likeliest answer, code points into the passage's text
    end: int
    sentence_scores: tuple[float, ...]  # 0..1, one for each sentence of the passage


@dataclass(frozen=True, slots=True)
class Support:
    """What a text makes of a claim: three probabilities that add up to 1."""

    refuted: float
    neutral: float
    supported: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """A numbered sentence that the composer may cite."""

    n: int  # from 1
    article: ArticleInfo
    sentence: Sentence
    score: float  # 0..1
    # The sentence before, where this one cannot stand alone ("He said ..."): shown to the
    # composer as context and to the verifier, never as part of the quote.
    context: str | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that was considered, and what speaks for it."""

    sentence: Sentence
    reader: float  # the reader's log-odds
    cosine: float  # of question and sentence, -1..1
    rank: int  # from 1: of the first hit that holds it
    # The reader's log-odds for the sentence read with no more than the one before it; None where
    # it was not read again.
    near: float | None = None


@dataclass(frozen=True, slots=True)
class EvidenceSet:
    """What was found for a question, and how sure we are that it answers it."""

    items: tuple[Evidence, ...]
    answerable: float  # 0..1
    enough: bool  # answerable is at or above the calibrated threshold
    candidates: tuple[Candidate, ...] = ()  # all that the items were chosen from
    closest: float = 0.0  # 0..1, the reader's word for the best sentence read by itself

    def by_number(self, numbers: Sequence[int]) -> list[Evidence]:
        known = {e.n: e for e in self.items}
        return [known[n] for n in numbers if n in known]


@dataclass(frozen=True, slots=True)
class Draft:
    """A statement as the composer wrote it, before verification."""

    text: str
    cites: tuple[int, ...]  # evidence numbers


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verifier's word on a statement against its evidence."""

    supported: bool
    score: float  # 0..1
    reasons: tuple[str, ...] = ()  # readable sentences; empty when nothing was found wrong


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier message of a conversation."""

    role: Literal["user", "assistant"]
    content: str


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Quote(_Value):
    """Exact words at their address; `article_sha256` lets anyone check them later."""

    n: int
    article_id: str
    source: str
    outlet: str | None = None
    title: str | None
    published: str | None  # ISO 8601 date
    published_is: PublishedIs | None
    language: str
    start: int
    end: int
    text: str
    translation: str | None = None
    article_sha256: str
    witness: str | None = None


class Statement(_Value):
    text: str
    quotes: tuple[int, ...]


class Side(_Value):
    claim: str
    quotes: tuple[int, ...]


class Conflict(_Value):
    about: str
    sides: tuple[Side, ...]
    # The place among the answer's statements of the one that tells it, from 0.
    statement: int | None = None


class Step(_Value):
    """A value at a time: its words, and the day of the article that they are from."""

    claim: str
    quotes: tuple[int, ...]
    published: str  # ISO 8601 date
    published_is: PublishedIs | None


class Change(_Value):
    """A value that gave way to another, earliest first."""

    about: str
    steps: tuple[Step, ...]


class Removed(_Value):
    text: str
    reason: str


class Refusal(_Value):
    reason: RefusalReason
    nearest: tuple[int, ...] = ()


class Answer(_Value):
    """The answer object of the public contract; a refusal is an answer with `refusal` set."""

    question: str
    standalone_question: str
    language: str
    status: Status
    answer: str
    statements: tuple[Statement, ...] = ()
    quotes: tuple[Quote, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    changes: tuple[Change, ...] = ()
    # For a partial answer: a sentence for each part that the articles don't answer.
    unanswered: tuple[str, ...] = ()
    removed: tuple[Removed, ...] = ()
    refusal: Refusal | None = None
    llm: str
    timings_ms: dict[str, float] = Field(default_factory=dict)
    # What the LLM read and wrote to compose: {"prompt", "output"}; None where none finished.
    tokens: dict[str, int] | None = None
    trace_id: str


@dataclass(frozen=True, slots=True)
class IngestFailure:
    path: str
    error: str


@dataclass(frozen=True, slots=True)
class IngestSummary:
    """What an ingest did; article counts, and the totals the store holds afterwards."""

    added: int
    changed: int
    unchanged: int
    removed: int
    failed: tuple[IngestFailure, ...]
    articles: int
    chunks: int
    seconds: float


# What a running answer tells its door: first the evidence, then each statement that passed
# verification, then the finished answer.
@dataclass(frozen=True, slots=True)
class EvidenceFound:
    standalone_question: str
    evidence: EvidenceSet


@dataclass(frozen=True, slots=True)
class StatementAccepted:
    """A statement that passed verification, with its evidence (numbers as in the evidence)."""

    text: str
    evidence: tuple[Evidence, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Finished:
    answer: Answer


Event = EvidenceFound | StatementAccepted | Finished


# Not one of the events: it is told from another thread while the next event is being waited for.
@dataclass(frozen=True, slots=True)
class Waiting:
    """How many questions are ahead in line for the LLM; 0 when the turn has come."""

    ahead: int
