"""Per cent written one way, for the reader: to it "5%" and "5 per cent" are not the same.

It gave "It rose by 5 per cent." a support of .10 by "It rose by 5%.", and of .96 by the words
written alike. Rules compare the quantities themselves and do not need this.
"""

from __future__ import annotations

import re

_SIGN = re.compile(r"(?<=\d)[ \u00a0\u202f]?%")
_WORD = re.compile(r"\b(?:per cent|percent|procent)\b", re.IGNORECASE)


def alike(statement: str, evidence: str) -> tuple[str, str]:
    """Both with the sign written as the word that one of them uses; as they are without one."""
    found = _WORD.search(statement) or _WORD.search(evidence)
    if found is None:
        return statement, evidence
    word = f" {found.group().lower()}"
    return _SIGN.sub(word, statement), _SIGN.sub(word, evidence)
