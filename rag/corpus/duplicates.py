"""Near-duplicates: articles that are one witness, told by MinHash.

A signature (Broder, "On the resemblance and containment of documents", 1997) estimates the
share of word shingles that two articles have in common. Only unmasked text counts, so the
same report under two pages' furniture is one.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.corpus.build import unmasked_text
from rag.types import Article

Signature = NDArray[np.uint64]

PERMUTATIONS = 128
# Measured on 5,339 news pages of 2009-2025, every pair compared: 88 pairs lie at 0.6 or above,
# and those read are one newsroom's text again (a local edition, an update, a copy). From 0.5
# down come separate articles on one event and the same explainer a year later; 0.3 to 0.6 holds
# 76 pairs, so the line is not fine. One changed number in a brief of 25 words leaves 0.77.
THRESHOLD = 0.6
# Three words: with five, one changed number would cost a short brief twice as much.
_SHINGLE = 3
_FEWEST_WORDS = 8
_WORD = re.compile(r"\w+")
# 4 numbers a band: of pairs at the threshold, 98.8% share at least one of 32 bands.
_ROWS = 4


def signature(article: Article) -> Signature | None:
    """The article's signature, (128,) uint64, or None when it has too few words to tell."""
    from datasketch import MinHash

    words = _WORD.findall(unmasked_text(article.text, article.masks).casefold())
    if len(words) < _FEWEST_WORDS:
        return None
    shingles = {
        " ".join(words[i : i + _SHINGLE]).encode("utf-8") for i in range(len(words) - _SHINGLE + 1)
    }
    sketch: Any = MinHash(num_perm=PERMUTATIONS, seed=1, hashfunc=zlib.crc32)
    sketch.update_batch(sorted(shingles))
    return np.asarray(sketch.hashvalues, dtype=np.uint64)


def similarity(left: Signature, right: Signature) -> float:
    """The estimated share of common shingles (Jaccard), 0 to 1; standard error 0.04."""
    return float(np.mean(left == right))


class Signatures:
    """An index of signatures in memory, for those who have no database of them.

    Bands (locality-sensitive hashing) keep a look-up's cost apart from the index's size.
    """

    def __init__(self, known: Iterable[tuple[str, str, bytes]] = ()) -> None:
        """`known`: article id, witness and `signature.tobytes()` of each article."""
        self._witness: dict[str, str] = {}
        self._signatures: dict[str, Signature] = {}
        self._bands: dict[tuple[int, bytes], list[str]] = {}
        for article_id, witness, data in known:
            self._add(article_id, witness, np.frombuffer(data, dtype=np.uint64))

    def group(self, article_id: str, new: Signature) -> str:
        """The witness of a new article: its nearest neighbour's, or itself; it is added."""
        candidates = {i for key in _bands(new) for i in self._bands.get(key, ()) if i != article_id}
        near = [
            (-score, i)
            for i in candidates
            if (score := similarity(self._signatures[i], new)) >= THRESHOLD
        ]
        witness = self._witness[min(near)[1]] if near else article_id
        self._add(article_id, witness, new)
        return witness

    def _add(self, article_id: str, witness: str, new: Signature) -> None:
        self._witness[article_id] = witness
        self._signatures[article_id] = new
        for key in _bands(new):
            self._bands.setdefault(key, []).append(article_id)


def _bands(of: Signature) -> list[tuple[int, bytes]]:
    return [(i, of[i : i + _ROWS].tobytes()) for i in range(0, len(of), _ROWS)]
