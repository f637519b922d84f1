"""Where witnesses disagree, and what changed between them.

Precision comes first: a conflict shown wrongly is worse than one missed. Two sentences
conflict when they come from different witnesses, speak of the same thing (a shared name and
shared words around the number), and give values of one unit that cannot both hold. A later
sentence that says the change itself ("from 145 to 30 per cent") makes it a change instead.
Opposed claims of two parties about each other conflict also within one article.

Every claim is a verbatim slice of its evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations, pairwise

from rag.answering.checks.bilingual import kin
from rag.answering.checks.case import Reading, read
from rag.answering.checks.clauses import clause, said, same_name, subject
from rag.answering.checks.coverage import shared_content
from rag.answering.checks.lexicon import opposites, words
from rag.answering.checks.names import Name
from rag.answering.checks.numbers import compatible, matches
from rag.answering.checks.quantities import Quantity
from rag.answering.checks.speaker import attributions
from rag.types import Evidence

# (query, texts) -> similarity 0..1 of each text to the query
Similarity = Callable[[str, Sequence[str]], list[float]]

_EXACT_KINDS = frozenset({"percent", "points", "money", "duration", "measure", "count"})
# How alike two sentences must be, where a caller can tell, besides sharing words.
_ALIKE = 0.85
# Claims of different articles answer each other only when days apart.
_SAME_TIME = 14
_EXTRA = frozenset(["extra", "additional", "further", "another", "ytterligare", "fler"])


@dataclass(frozen=True, slots=True)
class SideDraft:
    """One side: words of its evidence, and the evidence numbers that carry it."""

    claim: str
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ConflictDraft:
    """Sides that cannot all hold; `about` is in the question's language."""

    about: str
    sides: tuple[SideDraft, ...]


@dataclass(frozen=True, slots=True)
class ChangeDraft:
    """A value that a later article says has changed: earliest first, with the dates."""

    about: str
    steps: tuple[tuple[SideDraft, date | None], ...]


@dataclass(frozen=True, slots=True)
class _Figure:
    """A number of a sentence, with the clause it stands in."""

    evidence: Evidence
    reading: Reading
    quantity: Quantity
    first: int  # tokens of its clause
    last: int

    @property
    def clause(self) -> str:
        return said(self.reading, self.first, self.last)

    @property
    def subject(self) -> Name | None:
        return subject(self.reading, self.first, self.last)


def find_conflicts(
    question: str,
    language: str,
    evidence: Sequence[Evidence],
    *,
    similarity: Similarity | None = None,
) -> list[ConflictDraft]:
    """The disagreements among the evidence, in order of first appearance.

    `similarity` (sentence to sentences, 0..1), where given, must also find two sentences
    alike before their figures are set against each other.
    """
    asked = read(question)
    conflicts = [
        ConflictDraft(_about_figures(a, b, language), (_side(a), _side(b)))
        for a, b in _opposed_figures(asked, evidence, similarity)
        if not _changed(a, b, evidence)
    ]
    return _merged([*conflicts, *_opposed_claims(asked, language, evidence)])


def find_changes(
    question: str,
    language: str,
    evidence: Sequence[Evidence],
) -> list[ChangeDraft]:
    """Figures that differ because time passed: a later article says "from this to that"."""
    asked = read(question)
    return [
        ChangeDraft(
            _about_change(old, new, language), ((_side(old), _day(old)), (_side(new), _day(new)))
        )
        for old, new in _overtaken(evidence)
        if shared_content(asked, old.reading) or shared_content(asked, new.reading)
    ]


def _overtaken(evidence: Sequence[Evidence]) -> Iterator[tuple[_Figure, _Figure]]:
    """A value, and a later article's "from that value to another" about the same."""
    plain = [figure for item in evidence for figure in _figures(item)]
    for item in evidence:
        reading = read(item.sentence.text)
        for source, target in pairwise(reading.quantities):
            if (source.role, target.role) != ("source", "target"):
                continue
            first, last = clause(reading, target.first, target.last)
            new = _Figure(item, reading, target, first, last)
            for old in plain:
                if matches(old.quantity, source) and _overtakes(new, old):
                    yield old, new


def _overtakes(new: _Figure, old: _Figure) -> bool:
    days = _day(old), _day(new)
    later = days[0] is None or days[1] is None or days[0] <= days[1]
    others = old.evidence.article.witness != new.evidence.article.witness
    names = any(same_name(a, b) for a in old.reading.names for b in new.reading.names)
    return later and others and names and bool(shared_content(old.reading, new.reading))


def _day(figure: _Figure) -> date | None:
    return figure.evidence.article.published.on


def _side(figure: _Figure) -> SideDraft:
    return SideDraft(figure.clause, (figure.evidence.n,))


def _opposed_figures(
    asked: Reading,
    evidence: Sequence[Evidence],
    similarity: Similarity | None,
) -> Iterator[tuple[_Figure, _Figure]]:
    figures = [figure for item in evidence for figure in _figures(item)]
    for a, b in combinations(figures, 2):
        if a.evidence.article.witness == b.evidence.article.witness:
            continue
        if not _values_differ(a.quantity, b.quantity) or not _same_thing(a, b, asked):
            continue
        if similarity is not None:
            alike = similarity(a.evidence.sentence.text, [b.evidence.sentence.text])
            if not alike or alike[0] < _ALIKE:
                continue
        yield a, b


def _figures(item: Evidence) -> Iterator[_Figure]:
    """Numbers that state how things are: no threats, extras or changes.

    A sentence with several different values of a kind is left out: which of them answers
    which question cannot be told by rule.
    """
    reading = read(item.sentence.text)
    for quantity in reading.quantities:
        if quantity.kind not in _EXACT_KINDS or quantity.weak:
            continue
        rivals = [q for q in reading.quantities if q is not quantity and q.kind == quantity.kind]
        if any(_values_differ(quantity, rival) for rival in rivals):
            continue
        first, last = clause(reading, quantity.first, quantity.last)
        around = reading.tokens[first:last]
        hedges = words("intents") - {"beräknas", "expected", "expects", "väntas"}
        if any(t.lower in hedges or t.lower in _EXTRA for t in around):
            continue
        yield _Figure(item, reading, quantity, first, last)


def _values_differ(a: Quantity, b: Quantity) -> bool:
    if a.kind != b.kind or not compatible(a, b):
        return False
    if a.kind == "count" and a.unit != b.unit:
        return False
    return not (matches(a, b) or matches(b, a))


def _same_thing(a: _Figure, b: _Figure, asked: Reading) -> bool:
    """A shared subject, no subject of its own on either side, and shared words besides."""
    subject_a, subject_b = a.subject, b.subject
    if subject_a is None or subject_b is None or not same_name(subject_a, subject_b):
        return False
    shared = shared_content(a.reading, b.reading)
    if len(shared) < 1:
        return False
    asks = [shared_content(asked, figure.reading) for figure in (a, b)]
    return all(asks) and (len(shared) >= 2 or all(len(found) >= 2 for found in asks))


def _changed(a: _Figure, b: _Figure, evidence: Sequence[Evidence]) -> bool:
    """Whether the values differ because one gave way to the other.

    Some sentence says the change ("from 145 to 30"), or one of the two speaks of rising or
    falling and was published on another day.
    """
    for item in evidence:
        quantities = read(item.sentence.text).quantities
        sources = [q for q in quantities if q.role == "source"]
        targets = [q for q in quantities if q.role == "target"]
        pairs = [(a.quantity, b.quantity), (b.quantity, a.quantity)]
        for old, new in pairs:
            if any(matches(old, q) for q in sources) and any(matches(new, q) for q in targets):
                return True
    days = {_day(a), _day(b)}
    return len(days) > 1 and any(_moves(figure) for figure in (a, b))


def _moves(figure: _Figure) -> bool:
    tokens = figure.reading.tokens[figure.first : figure.last]
    moving = any(axis == "amount" for t in tokens for axis, _ in opposites().get(t.lower, ()))
    counted = figure.quantity.kind in {"count", "money"}
    return moving or counted or figure.quantity.role is not None


def _about_figures(a: _Figure, b: _Figure, language: str) -> str:
    values = (a.quantity.text, b.quantity.text)
    if language == "sv":
        return f"Olika uppgifter: {values[0]} och {values[1]}"
    return f"Different figures: {values[0]} and {values[1]}"


def _about_change(earlier: _Figure, later: _Figure, language: str) -> str:
    values = (earlier.quantity.text, later.quantity.text)
    if language == "sv":
        return f"Ändrat över tid: {values[0]}, sedan {values[1]}"
    return f"Changed over time: {values[0]}, then {values[1]}"


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
