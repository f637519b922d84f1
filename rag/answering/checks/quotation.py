"""Words between quotation marks are claimed to be somebody's very words: they must be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rag.answering.checks.case import Case, Finding
from rag.answering.reasons import why

# Straight, English, Swedish and angled marks; a lone apostrophe marks nothing.
_MARKED = re.compile(r"[“”\"„«»]([^“”\"„«»]+)[“”\"„«»]")
_LEAST_LETTERS = 2


def check_quotation(case: Case) -> Iterator[Finding]:
    """Each quotation in the statement that no quote holds word for word.

    Across languages the words are others; then the quote must mark as many as quoted.
    """
    quotes = [quote.text.raw for quote in case.quotes]
    if not case.same_language:
        marked = sum(len(quotations(quote)) for quote in quotes)
        if len(quotations(case.statement.text.raw)) <= marked:
            return
    for words in quotations(case.statement.text.raw):
        if not is_verbatim(words, quotes):
            yield Finding("quotation", why("not_verbatim", words=words))


def quotations(text: str) -> list[str]:
    """What stands between quotation marks in `text`."""
    return [m.group(1).strip() for m in _MARKED.finditer(text) if _letters(m.group(1))]


def is_verbatim(words: str, quotes: Sequence[str]) -> bool:
    """Whether some quote holds these words in this order; marks and white space don't count."""
    said = _words(words)
    return any(f" {said} " in f" {_words(quote)} " for quote in quotes)


def unmark(text: str, quotes: Sequence[str]) -> str:
    """`text` without the quotation marks around what no quote holds word for word.

    A model that translates or paraphrases likes to keep the marks. Without them the words are
    its own, and are held to the quote as such.
    """

    def kept(match: re.Match[str]) -> str:
        words = match.group(1)
        said = not _letters(words) or is_verbatim(words, quotes)
        return match.group() if said else words

    # Marks may stand within marks: taking one pair away can pair up the next.
    while (fewer := _MARKED.sub(kept, text)) != text:
        text = fewer
    return text


def _words(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", text.casefold()))


def _letters(words: str) -> bool:
    return sum(c.isalpha() for c in words) >= _LEAST_LETTERS
