"""Where witnesses disagree.

Precision comes first: a conflict shown wrongly is worse than one missed. Two sentences
conflict when they come from different witnesses, speak of the same thing (a shared name and
shared words around the number), and give values of one unit that cannot both hold; or when
the reader is sure of both that their figures answer the question. A later sentence that says
the change itself ("from 145 to 30 per cent") makes it a change instead (`changes.py`).
Opposed claims of two parties about each other conflict also within one article.

Every claim is a verbatim slice of its evidence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from rag.answering.checks.bilingual import kin
from rag.answering.checks.case import Reading, read
from rag.answering.checks.clauses import same_name
from rag.answering.checks.coverage import shared_content
from rag.answering.checks.lexicon import words
from rag.answering.checks.names import Name
from rag.answering.checks.speaker import attributions
from rag.answering.figures import (
    Figure,
    SideDraft,
    moves,
    only_figures,
    other_witness,
    said_to_change,
    same_subject,
    same_thing,
    values_differ,
    wanted,
)
from rag.types import Evidence

# Claims of different articles answer each other only when days apart.
_SAME_TIME = 14


@dataclass(frozen=True, slots=True)
class ConflictDraft:
    """Sides that cannot all hold; `about` is in the question's language."""

    about: str
    sides: tuple[SideDraft, ...]


def find_conflicts(
    question: str,
    language: str,
    evidence: Sequence[Evidence],
    answering: Sequence[Figure] = (),
) -> list[ConflictDraft]:
    """The disagreements among the evidence, in order of first appearance.

    Figures are set against each other only where the question asks for their kind: "how long
    does it take" is not answered by two shares. `answering` are the figures with which the
    reader is sure that sentences answer.
    """
    asked, kinds = read(question), wanted(question)
    pairs = [
        *(pair for pair in _rivals(only_figures(evidence)) if same_thing(*pair, asked)),
        *(pair for pair in _rivals(answering) if _both_answer(*pair, asked)),
    ]
    conflicts = [
        ConflictDraft(_about_figures(a, b, language), (a.side, b.side))
        for a, b in pairs
        if a.quantity.kind in kinds and not _changed(a, b, evidence)
    ]
    return _merged([*conflicts, *_opposed_claims(asked, language, evidence)])


def _rivals(found: Sequence[Figure]) -> Iterator[tuple[Figure, Figure]]:
    """Figures of different witnesses that cannot both hold of one thing."""
    for a, b in combinations(found, 2):
        if other_witness(a, b) and values_differ(a.quantity, b.quantity):
            yield a, b


def _both_answer(a: Figure, b: Figure, asked: Reading) -> bool:
    """Where the reader is sure of both: no subjects that differ, and words of the question."""
    asks = all(shared_content(asked, figure.reading) for figure in (a, b))
    return asks and same_subject(a, b) is not False


def _changed(a: Figure, b: Figure, evidence: Sequence[Evidence]) -> bool:
    """Whether the values differ because one gave way to the other.

    Some sentence says the change ("from 145 to 30"), or one of the two is a figure that moves
    and was published on another day.
    """
    if any(said_to_change(a.quantity, b.quantity, read(e.sentence.text)) for e in evidence):
        return True
    return a.day != b.day and (moves(a) or moves(b))


def _about_figures(a: Figure, b: Figure, language: str) -> str:
    values = (a.quantity.text, b.quantity.text)
    if language == "sv":
        return f"Olika uppgifter: {values[0]} och {values[1]}"
    return f"Different figures: {values[0]} and {values[1]}"


def _opposed_claims(
    asked: Reading, language: str, evidence: Sequence[Evidence]
) -> Iterator[ConflictDraft]:
    """Two parties that each say something against the other about one thing."""
    claims = [claim for item in evidence for claim in _claims(item)]
    for a, b in combinations(claims, 2):
        if a.evidence.n == b.evidence.n or same_name(a.speaker, b.speaker):
            continue
        if not (_answered(a, b) or _answered(b, a) or _against_each_other(a, b)):
            continue
        if not any(shared_content(asked, claim.reading) for claim in (a, b)):
            continue
        names = (a.speaker.text, b.speaker.text)
        if language == "sv":
            about = f"Motstridiga påståenden från {names[0]} och {names[1]}"
        else:
            about = f"Opposing claims by {names[0]} and {names[1]}"
        yield ConflictDraft(
            about, tuple(SideDraft(claim.words, (claim.evidence.n,)) for claim in (a, b))
        )


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a named speaker claims, in one evidence sentence."""

    evidence: Evidence
    reading: Reading
    speaker: Name
    verb: int

    def mentions(self, name: Name) -> bool:
        return any(same_name(name, n) for n in self.reading.names if n.first > self.verb)

    @property
    def words(self) -> str:
        """From the speaker to the end of the sentence, as it stands."""
        tokens = self.reading.tokens
        start, end = next(b for b in self.reading.text.bounds if b[0] <= self.verb < b[1])
        first = self.speaker.first if start <= self.speaker.first < self.verb else start
        stop = tokens[end].start if end < len(tokens) else len(self.reading.text.raw)
        return self.reading.text.raw[tokens[first].start : stop].strip()


def _claims(item: Evidence) -> Iterator[_Claim]:
    reading = read(item.sentence.text)
    disputing = words("claims") | words("counterclaims")
    for found in attributions(reading):
        if found.name is not None and reading.tokens[found.verb].lower in disputing:
            yield _Claim(item, reading, found.name, found.verb)


def _against_each_other(a: _Claim, b: _Claim) -> bool:
    """Each speaks of the other, in the same words, at the same time."""
    if not (a.mentions(b.speaker) and b.mentions(a.speaker)):
        return False
    disputing = words("claims") | words("counterclaims")
    shared = shared_content(a.reading, b.reading)
    shared -= {t.stem for t in a.reading.tokens if kin_to_any(t.lower, disputing)}
    same_article = a.evidence.article.id == b.evidence.article.id
    return len(shared) >= (1 if same_article else 2) and (same_article or _close(a, b))


def kin_to_any(word: str, listed: Iterable[str]) -> bool:
    """`accusations` beside `accused`."""
    return word in listed or any(kin(word, other) for other in listed)


def _close(a: _Claim, b: _Claim) -> bool:
    days = [claim.evidence.article.published.on for claim in (a, b)]
    first, second = days
    return first is None or second is None or abs((first - second).days) <= _SAME_TIME


def _answered(a: _Claim, b: _Claim) -> bool:
    """The one denies what the other, a sentence or two before, says of it."""
    denies = b.reading.tokens[b.verb].lower in words("counterclaims")
    near = (
        a.evidence.article.id == b.evidence.article.id
        and 0 < b.evidence.sentence.index - a.evidence.sentence.index <= 2
    )
    return denies and near and a.mentions(b.speaker)


def _merged(conflicts: Sequence[ConflictDraft]) -> list[ConflictDraft]:
    """Each pair of evidence sentences once."""
    seen: set[frozenset[int]] = set()
    kept = []
    for conflict in conflicts:
        numbers = frozenset(n for side in conflict.sides for n in side.numbers)
        if numbers not in seen:
            seen.add(numbers)
            kept.append(conflict)
    return kept
