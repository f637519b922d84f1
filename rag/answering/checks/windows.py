"""Which sentences of a long text to hold a statement against.

The support score reads a few sentences at a time. Of an article it gets those that share most
with the statement: runs of neighbours, and the best ones from anywhere, since a summary joins
what stands apart. The best-supporting window counts (Laban et al. 2022, SummaC).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from rag.answering.checks.bilingual import places
from rag.answering.checks.case import Reading
from rag.answering.checks.text import is_stop, split_sentences

# The reader was trained on evidence of up to 800 characters.
MOST_CHARS = 900
_WIDTH = 3  # sentences in a run, and sentences picked from anywhere
_RUNS = 3
_TITLE_CHARS = 150
_ENDS = '.!?…:;"”’»)'


def windows(statement: Reading, evidence: Reading) -> list[str]:
    """The whole text where it is short, else at most `_RUNS` + 1 windows, the likeliest first.

    A first line that is no sentence is a title, which every window keeps in front.
    """
    title, body = titled(evidence.text.raw)
    ahead = f"{title}: " if title else ""
    if len(body) <= MOST_CHARS:
        return [ahead + _plain(body)]
    bounds = evidence.text.bounds[1:] if title else evidence.text.bounds
    shared = [_shared(statement, evidence, *span) for span in bounds]
    worth = _worth(shared)
    runs = [tuple(range(i, min(len(shared), i + _WIDTH))) for i in range(len(shared))]
    runs.sort(key=lambda run: -_sum(frozenset().union(*(shared[i] for i in run)), worth))
    chosen = [picked] if (picked := _picked(shared, worth)) else []
    for run in runs:
        if len(chosen) > _RUNS:
            break
        if all(len({*run} & {*other}) < 2 for other in chosen):
            chosen.append(run)
    texts = _texts(evidence, bounds)
    return [ahead + _cut([texts[i] for i in run]) for run in chosen]


def titled(text: str) -> tuple[str, str]:
    """(title, rest): the first line, where it is short and no sentence; else no title."""
    first, _, rest = text.strip().partition("\n")
    first = first.strip()
    if rest.strip() and 0 < len(first) <= _TITLE_CHARS and first[-1] not in _ENDS:
        return first, rest.strip()
    return "", text.strip()


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def _cut(sentences: Sequence[str]) -> str:
    """The sentences as one text, as many as the reader can take, and never none."""
    kept = _plain(sentences[0])
    for sentence in sentences[1:]:
        if len(kept) + len(sentence) > MOST_CHARS:
            break
        kept += f" {_plain(sentence)}"
    return kept


def _texts(evidence: Reading, bounds: Sequence[tuple[int, int]]) -> list[str]:
    """The sentences of these token ranges, with the marks around them."""
    raw = evidence.text.raw
    starts = [evidence.tokens[first].start for first, _ in bounds]
    spans = split_sentences(raw)
    return [next(raw[a:b] for a, b in spans if a <= start < b) for start in starts]


def _shared(statement: Reading, evidence: Reading, first: int, last: int) -> frozenset[int]:
    """Which of the statement's words (positions) a sentence of the evidence says."""
    language, other = statement.text.language, evidence.text.language
    sentence = evidence.tokens[first:last]
    return frozenset(
        i
        for i, token in enumerate(statement.tokens)
        if not is_stop(token) and places(token, language, sentence, other)
    )


def _worth(shared: Sequence[frozenset[int]]) -> dict[int, float]:
    """Weight of each word of the statement: the fewer sentences say it, the more it tells."""
    rows = len(shared)
    said = {i: sum(i in row for row in shared) for row in shared for i in row}
    return {i: math.log(1 + rows / n) for i, n in said.items()}


def _sum(words: frozenset[int], worth: dict[int, float]) -> float:
    return sum(worth[i] for i in words)


def _picked(shared: Sequence[frozenset[int]], worth: dict[int, float]) -> tuple[int, ...]:
    """Sentences from anywhere that together say most of the statement, in the text's order."""
    chosen: list[int] = []
    left = frozenset(worth)
    while left and len(chosen) < _WIDTH:
        best = max(range(len(shared)), key=lambda i: _sum(shared[i] & left, worth))
        if not shared[best] & left:
            break
        chosen.append(best)
        left -= shared[best]
    return tuple(sorted(chosen))
