"""Negation: what a statement denies its quote must deny, and the other way round."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.answering.checks.bilingual import places
from rag.answering.checks.case import Case, Finding, Reading
from rag.answering.checks.lexicon import phrases, words
from rag.answering.checks.text import Language, Token, is_stop
from rag.answering.reasons import why

# A negation reaches some words on: "did not agree to lower the tariffs".
_REACH = 6
# In a statement of so few words one denied word is enough to tell.
_SHORT = 5
_TURNS = frozenset(
    [
        "but",
        "men",
        "however",
        "although",
        "though",
        "while",
        "whereas",
        "medan",
        "because",
        "eftersom",
    ]
)


_REPLY = re.compile(r"\?\W*(yes|no|ja|nej)\b", re.IGNORECASE)

# Words that deny by their form: unknown, insufficient, odugligt, arbetslös.
_NEGATIVE = re.compile(
    r"^un(?!der|it|i[otv]|til)\w{4,}|^dis(?!t|c|p)\w{4,}|^in(?:suf|cap|ef|com|ad|cor|ac|vis|abil)\w{4,}"
    r"|^im(?:pos|prob|perf)\w{3,}|^ir(?:reg|res|rev|rel)\w{3,}|\w{3,}less$"
    r"|^o(?:möj|lag|säk|kän|kla|gil|rim|san|til|vän|fär|rät|eni|lös|du)\w{2,}|\w{3,}lös[at]?$"
)


def negators(tokens: Sequence[Token]) -> list[int]:
    """Positions of the words that negate; `not only` and `inte minst` do not."""
    lowered = [t.lower for t in tokens]
    idle: set[int] = set()
    for phrase in phrases("not_negating"):
        for i in range(len(lowered) - len(phrase) + 1):
            if tuple(lowered[i : i + len(phrase)]) == phrase:
                idle.update(range(i, i + len(phrase)))
    found = [
        i
        for i, word in enumerate(lowered)
        if i not in idle and (word in words("negators") or word.endswith("n't"))
    ]
    # After another negation `utan` is "but", not "without".
    return [i for i in found if lowered[i] != "utan" or "inte" not in lowered[:i]]


def scope(tokens: Sequence[Token], i: int) -> list[int]:
    """Positions of the content words that a negation at `i` reaches."""
    found: list[int] = []
    # Swedish puts `inte` after the verb: "han sade inte", "räntan höjs inte".
    if tokens[i].lower in {"inte", "aldrig", "ej", "inget", "inga"}:
        found.extend(k for k in range(max(0, i - 2), i) if _content(tokens[k]))
    for k in range(i + 1, min(len(tokens), i + 1 + _REACH)):
        if tokens[k].lower in _TURNS:
            break
        if _content(tokens[k]):
            found.append(k)
    return found


def _content(token: Token) -> bool:
    return not is_stop(token) and not token.number


def denied(tokens: Sequence[Token]) -> set[int]:
    """Positions of all that the tokens deny, by a negator or a verb of denial."""
    at = [*negators(tokens), *(i for i, t in enumerate(tokens) if t.lower in words("denials"))]
    return {k for i in at for k in scope(tokens, i)}


def has_denial(tokens: Sequence[Token]) -> bool:
    return bool(negators(tokens)) or any(
        t.lower in words("denials") or _NEGATIVE.match(t.lower) for t in tokens
    )


def check_negation(case: Case) -> list[Finding]:
    """A negation in the statement or its quote that the other does not have, of one thing."""
    focus = [(reading.tokens[a:b], reading.text.language) for reading, a, b in case.focus()]
    if not focus:
        return []
    return _added(case, focus) or _dropped(case, focus) or _spliced(case)


Part = tuple[Sequence[Token], Language]


def _asserted(statement: Reading) -> tuple[Token, ...]:
    """The statement without the "Yes" or "No" that answers its own question."""
    reply = _REPLY.search(statement.text.raw)
    at = reply.start(1) if reply else -1
    return tuple(t for t in statement.tokens if t.start != at)


def _denied(statement: Reading) -> bool:
    """A question answered by "No"."""
    reply = _REPLY.search(statement.text.raw)
    return reply is not None and reply.group(1).lower() in {"no", "nej"}


def _spliced(case: Case) -> list[Finding]:
    """The same words in the same order, but for a negation put in or taken out."""
    stated = case.statement.tokens
    for reading, a, b in case.focus():
        if reading.text.language != case.statement.text.language:
            continue
        quoted = reading.tokens[a:b]
        if (i := _put_in(stated, quoted)) is not None:
            return [Finding("negation", why("negation_added", word=stated[i].text))]
        if (i := _put_in(quoted, stated)) is not None:
            return [Finding("negation", why("negation_dropped", word=quoted[i].text))]
    return []


def _put_in(longer: Sequence[Token], other: Sequence[Token]) -> int | None:
    """Where `longer` has a negation between two words and two words that `other` has in a row."""
    runs = {tuple(t.lower for t in other[i : i + 4]) for i in range(len(other) - 3)}
    for i in negators(longer):
        around = (*longer[max(0, i - 2) : i], *longer[i + 1 : i + 3])
        if tuple(t.lower for t in around) in runs:
            return i
    return None


def _added(case: Case, focus: Sequence[Part]) -> list[Finding]:
    """The statement denies what no quote denies."""
    tokens, language = _asserted(case.statement), case.statement.text.language
    for i in negators(tokens):
        reason = why("negation_added", word=tokens[i].text)
        if not any(has_denial(part) for part, _ in focus):
            return [Finding("negation", reason)]
        aligned = [
            (place in denied(part))
            for part, other in focus
            for k in scope(tokens, i)
            for place in places(tokens[k], language, part, other)
        ]
        if len(aligned) >= 2 and not any(aligned):
            return [Finding("negation", reason)]
    return []


def _dropped(case: Case, focus: Sequence[Part]) -> list[Finding]:
    """A quote denies what the statement affirms."""
    stated, language = _asserted(case.statement), case.statement.text.language
    if has_denial(stated) or _denied(case.statement):
        return []
    for part, other in focus:
        for i in negators(part):
            reach = scope(part, i)
            said = [k for k in reach if places(part[k], other, stated, language)]
            least = 1 if len(stated) <= _SHORT else 2
            if len(said) >= max(least, round(0.6 * len(reach))):
                return [Finding("negation", why("negation_dropped", word=part[i].text))]
    return []
