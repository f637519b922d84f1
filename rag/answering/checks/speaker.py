"""Who said it: a statement's attribution against its quote's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.answering.checks.case import Case, Finding, Reading
from rag.answering.checks.lexicon import phrases, words
from rag.answering.checks.names import Name, same_word
from rag.answering.reasons import why

_ASIDE = 12
_LOOK = 6  # words between a speaker and the verb: "Brian Wong, an assistant professor, said"


@dataclass(frozen=True, slots=True)
class Attribution:
    """A speaker by name, or by a pronoun (`name` is None)."""

    name: Name | None
    verb: int  # token position


def attributions(reading: Reading) -> list[Attribution]:
    """Who says something in the text."""
    found: list[Attribution] = []
    by_first = {name.first: name for name in reading.names}
    for first, last in reading.text.bounds:
        for i in range(first, last):
            if reading.tokens[i].lower in words("says"):
                found.extend(_of_verb(reading, i, first, last))
            elif (name := _according(reading, i, by_first)) is not None:
                found.append(Attribution(name, i))
    return found


def _according(reading: Reading, i: int, by_first: dict[int, Name]) -> Name | None:
    for phrase in phrases("according"):
        if tuple(t.lower for t in reading.tokens[i : i + len(phrase)]) != phrase:
            continue
        for at in range(i + len(phrase), i + len(phrase) + 4):
            if at in by_first:
                return by_first[at]
    return None


def _of_verb(reading: Reading, verb: int, first: int, last: int) -> list[Attribution]:
    before = reading.tokens[verb - 1] if verb > first else None
    if before is not None and before.lower in words("pronouns"):
        return [Attribution(None, verb)]
    names = [n for n in reading.names if first <= n.first and n.last <= last]
    direct = [n for n in names if n.last == verb]
    after = _after(reading, verb, names)
    if not direct and after is not None:
        return [Attribution(after, verb)]
    left = direct or [
        n for n in names if verb - _LOOK <= n.last <= verb and _subject(reading, n, verb)
    ]
    return [Attribution(left[0], verb)] if left else []


def _after(reading: Reading, verb: int, names: Sequence[Name]) -> Name | None:
    """`said Brian Wong`, `säger SVT:s Asienkorrespondent Tilde Lewin`: the person is last."""
    tokens = reading.tokens
    before = reading.text.raw[: tokens[verb].start].rstrip()[-1:]
    if before not in {",", "”", '"', "’", "»", "“", "?", "!"}:
        return None
    at, found = verb + 1, None
    by_first = {name.first: name for name in names}
    while at < len(tokens) and at - verb <= _LOOK + 2:
        if at in by_first:
            found, at = by_first[at], by_first[at].last
        elif (
            tokens[at].lower in words("roles")
            or len(tokens[at].text) == 1
            or (found is None and tokens[at].lower in {"the", "den", "det"})
        ):
            at += 1
        else:
            break
    return found


def _subject(reading: Reading, name: Name, verb: int) -> bool:
    before = reading.tokens[name.first - 1].lower if name.first else ""
    between = reading.tokens[name.last : verb]
    return before not in words("prepositions") and not any(
        t.lower in words("subordinators") - {"which", "who"} for t in between
    )


def check_speaker(case: Case) -> list[Finding]:
    """A named speaker of the statement must not be another than the quote's."""
    stated = [a.name for a in attributions(case.statement) if a.name is not None]
    quoted = [a for quote in case.quotes for a in attributions(quote)]
    named = [a.name for a in quoted if a.name is not None]
    if any(a.name is None for a in quoted):
        named.extend(_antecedents(case))
    findings = []
    for name in stated:
        if _introduces(name, case) or any(_same_person(name, other) for other in named):
            continue
        if any(_speaks(name, quote) for quote in case.quotes):
            continue
        if named:
            reason = why("speaker", other=named[0].text, name=name.text)
            findings.append(Finding("speaker", reason))
    return findings


def _speaks(name: Name, quote: Reading) -> bool:
    """Whether the quote has a verb of saying soon after the name, a long aside between."""
    return any(
        token.lower in words("says")
        for other in quote.names
        if _same_person(name, other)
        for token in quote.tokens[other.last : other.last + _ASIDE]
    )


def _antecedents(case: Case) -> list[Name]:
    """Whom a pronoun may mean: anyone named in the quotes or their context."""
    return [name for source in case.sources() for name in source.names]


def _introduces(name: Name, case: Case) -> bool:
    return all(part in case.known for part in name.parts)


def _same_person(a: Name, b: Name) -> bool:
    if a.key is not None and a.key == b.key:
        return True
    return any(same_word(x, y) for x in a.parts for y in b.parts if x and not _title(x))


def _title(word: str) -> bool:
    return word in words("roles")
