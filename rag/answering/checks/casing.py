"""A statement all in lower case, written as its evidence writes the words.

Summaries are often kept in lower case with blanks around every mark. Neither the rules for
names nor the reader can make much of that: on FRANK's, which are all like it, the support
score told BBC's true ones from the false at an AUC of 0.56 before.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict

from rag.answering.checks.case import Reading
from rag.answering.checks.lexicon import name_forms, table
from rag.answering.checks.text import split_sentences

_WORD = re.compile(r"[^\W\d_]+")


def recased(statement: str, evidence: Reading) -> str:
    """The statement with capitals where the evidence has them; as it is, if it has any itself."""
    if statement != statement.lower() or evidence.text.raw == evidence.text.raw.lower():
        return statement
    closed = re.sub(r"\s+([.,;:!?%)\]]|'s\b|n't\b)", r"\1", statement)
    closed = re.sub(r"([(\[$£€])\s+", r"\1", closed)
    forms = _forms(evidence)
    written = _WORD.sub(lambda m: forms.get(m.group(), _name(m.group())), closed)
    starts = {start for start, _ in split_sentences(written)}
    return "".join(c.upper() if i in starts else c for i, c in enumerate(written))


def _forms(evidence: Reading) -> dict[str, str]:
    """How the evidence mostly writes each word, where it does not start a sentence."""
    seen: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for token in evidence.tokens:
        if not token.initial:
            for word in _WORD.findall(token.text):
                seen[word.lower()][word] += 1
    return {lower: counts.most_common(1)[0][0] for lower, counts in seen.items()}


def _name(word: str) -> str:
    """A country, a month: a name whether the evidence has it or not."""
    form = name_forms().get(word)
    known = (form is not None and not form.word and len(word) > 3) or (
        word in table("months") and len(word) > 5
    )
    return word.capitalize() if known else word
