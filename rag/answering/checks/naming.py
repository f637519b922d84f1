"""Names of a statement against those of its quotes."""

from __future__ import annotations

from rag.answering.checks.case import Case, Check, Finding, Reading
from rag.answering.checks.lexicon import words
from rag.answering.checks.names import Name, NameIndex, index_names, missing_part
from rag.answering.reasons import why

_BESIDE = 2  # words on either side of a name that tell its place
_OPENING = 4  # words in which a sentence says whom it is about
_DEFINITE = frozenset(["the", "this", "these", "its", "his", "her", "their", "den", "det", "de",
                       "denna", "detta", "dessa", "hans", "hennes", "deras", "dess"])  # fmt: skip


def check_names(case: Case) -> list[Finding]:
    """Each name must be in a quote, its context, or what introduces it.

    A missing one weighs less (`unsaid`) where the quotes name nobody else in its place, and
    where it is what they may call "he" or "the film".
    """
    language = case.statement.text.language
    index = index_names((r.text, r.names) for r in case.sources())
    asked = case.question and index_names([(case.question.text, case.question.names)])
    mine = index_names([(case.statement.text, case.statement.names)])
    competing = _competing(case, mine)
    referring = any(_refers(quote) for quote in case.quotes)
    found = []
    for at, name in enumerate(case.statement.names):
        introduced = all(part in case.known for part in name.parts)
        if introduced or missing_part(name, index, language) is None:
            continue
        # A name only the question gives is fine unless the quotes name somebody else.
        if asked and not competing and missing_part(name, asked, language) is None:
            continue
        other = next((o for q in case.quotes if (o := _in_its_place(case, name, q, mine))), None)
        if other is not None:
            found.append(Finding("swap", why("swapped", other=other.text, what=name.text)))
            continue
        topic = referring and at == 0 and name.first < _OPENING
        weak = topic or not competing
        kind: Check = "unsaid" if weak else "name"
        found.append(Finding(kind, why("missing", what=name.text)))
    return found


def _in_its_place(case: Case, name: Name, quote: Reading, mine: NameIndex) -> Name | None:
    """Another name that the quote has between the same words, and the statement has not."""
    if quote.text.language != case.statement.text.language:
        return None
    before, after = _around(case.statement, name)
    for other in quote.names:
        left, right = _around(quote, other)
        both = before[-1:] == left[-1:] and after[:1] == right[:1]
        said = bool(before and after) and both
        said = said or (len(before) == _BESIDE and before == left)
        said = said or (len(after) == _BESIDE and after == right)
        if said and missing_part(other, mine, quote.text.language) is not None:
            return other
    return None


def _around(reading: Reading, name: Name) -> tuple[list[str], list[str]]:
    """Stems of the words right before and right after the name, within its sentence."""
    first, last = next(b for b in reading.text.bounds if b[0] <= name.first < b[1])
    stems = [t.stem for t in reading.tokens]
    left = stems[max(first, name.first - _BESIDE) : name.first]
    return left, stems[name.last : min(last, name.last + _BESIDE)]


def _competing(case: Case, mine: NameIndex) -> bool:
    """Whether the quotes, where most about it, name what the statement (`mine`) does not."""
    return any(
        missing_part(name, mine, quote.text.language) is not None
        for quote, first, last in case.focus()
        for name in quote.names
        if first <= name.first < last
    )


def _refers(quote: Reading) -> bool:
    """Whether the quote speaks of someone or something before it names anyone: "He won"."""
    first = quote.names[0].first if quote.names else len(quote.tokens)
    return any(
        token.lower in words("pronouns") or token.lower in _DEFINITE
        for token in quote.tokens[: min(first, _OPENING)]
    )
