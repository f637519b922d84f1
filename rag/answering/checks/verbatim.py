"""Whether a statement is a quote's own words: then there is nothing to find wrong."""

from __future__ import annotations

import re
from datetime import date

from rag.answering.checks.case import Case, Reading
from rag.answering.checks.lexicon import table, words
from rag.answering.checks.text import fold, split_sentences

_MARKS = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "’": "'", "‘": "'",
                        "–": "-", "—": "-", "\u00a0": " ", "\u202f": " "})  # fmt: skip
_NEARLY = 0.8


def verbatim(case: Case) -> bool:
    """The statement is a quote's own words: whole, after an introduction, or nearly whole.

    Nearly whole is four fifths of the sentences it comes from, in one piece, with no negation
    in what is left out.
    """
    said, whole = f" {_plain(case.statement.text.raw)} ", False
    if not said.strip():
        return False
    for quote in case.quotes:
        own = f" {_plain(quote.text.raw)} "
        if own.strip() and own in said:
            said, whole = said.replace(own, " ", 1), True
        elif said.strip() and _nearly(said, quote):
            return True
    return whole and all(_introducing(word, case.known, case.published) for word in said.split())


def _plain(text: str) -> str:
    return re.sub(r"\W+", " ", text.translate(_MARKS).lower()).strip()


def _nearly(said: str, quote: Reading) -> bool:
    raw = quote.text.raw
    sentences = [plain for a, b in split_sentences(raw) if (plain := _plain(raw[a:b]))]
    whole = f" {' '.join(sentences)} "
    at = whole.find(said)
    while at >= 0:
        end, start, touched = at + len(said), 0, []
        for sentence in sentences:
            # Each sentence with the blank before it; the blank after belongs to the next.
            if start + 1 < end - 1 and start + 1 + len(sentence) > at + 1:
                touched.append((start, start + 1 + len(sentence)))
            start += 1 + len(sentence)
        first, last = touched[0][0], touched[-1][1]
        left_out = f"{whole[first:at]} {whole[end:last]}".split()
        if len(said) >= _NEARLY * (last - first) and not words("negators") & {*left_out}:
            return True
        at = whole.find(said, at + 1)
    return False


def _introducing(word: str, known: frozenset[str], published: tuple[date, ...]) -> bool:
    """A word of an introduction: outlet, title or id, the publication date, small words."""
    if word.isdigit():
        days = {str(n) for day in published for n in (day.day, day.year)}
        days |= {f"{n:02}" for day in published for n in (day.day, day.month)}
        return word in days or word in known
    dated = word in table("months") or word in table("weekdays")
    return dated or word in words("introductions") or fold(word) in known
