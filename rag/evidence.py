"""Evidence: from the chunks that retrieval proposed to a few numbered sentences.

The reader says of each chunk whether it answers the question and which of its sentences carry
the answer. The best sentences are taken over all chunks: not too many from one article, so that
several witnesses are heard, and one of a set of near-duplicates.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

from rag.models.reader import Reader
from rag.settings import Settings
from rag.store.store import Store
from rag.types import ArticleInfo, Evidence, EvidenceSet, Hit, Passage, Reading, Sentence, Span

# A sentence that opens with one of these leans on the sentence before it.
_LEANING = re.compile(
    r"""[\W_]*(?:
        he|she|it|they|his|her|its|their|this|that|these|those|such|both|the\s(?:two|deal|move|
        call|agreement|statement|measures?|latter|former|pact|truce)|there|instead|however|but|
        han|hon|den|det|de|hans|hennes|dess|deras|detta|denna|dessa|sådana?|båda|där|men|därför|
        dock|i\suttalandet|samtidigt
    )\b""",
    re.IGNORECASE | re.VERBOSE,
)

# A sentence whose score is under this share of the best one adds noise, not evidence.
_FLOOR = 0.02


@dataclass(frozen=True, slots=True)
class _Scored:
    sentence: Sentence
    score: float


def calibrated_threshold(reader_name: str) -> float:
    """The answerability under which this reader's best passage means: refuse.

    Read from `calibration.json`, which `python -m eval calibrate-refusal` writes together with
    the curve and the data it was chosen on.
    """
    table = json.loads(resources.files("rag").joinpath("calibration.json").read_text("utf-8"))
    entry = table.get(reader_name) or table["default"]
    return float(entry["threshold"])


class EvidenceFinder:
    """Turns hits into evidence; safe to share between threads if its reader is."""

    def __init__(self, store: Store, reader: Reader, settings: Settings) -> None:
        self._store = store
        self._reader = reader
        self._settings = settings
        threshold = settings.refuse_below
        self.threshold = calibrated_threshold(reader.name) if threshold is None else threshold

    def find(self, question: str, language: str, hits: Sequence[Hit]) -> EvidenceSet:
        """At most `settings.evidence` numbered sentences, the best first."""
        if not hits:
            return EvidenceSet((), 0.0, False)
        sentences = [
            self._store.sentences(h.chunk.article_id, h.chunk.first_sentence, h.chunk.last_sentence)
            for h in hits
        ]
        passages = [_passage(h, s) for h, s in zip(hits, sentences, strict=True)]
        readings = self._reader.read(question, passages)
        answerable = max(r.answerable for r in readings)
        info = self._store.info(sorted({h.chunk.article_id for h in hits}))
        ranked = _rank(sentences, readings)
        chosen = self._choose(ranked, info)
        items = tuple(
            Evidence(n, info[s.sentence.article_id], s.sentence, s.score, self._context(s.sentence))
            for n, s in enumerate(chosen, start=1)
        )
        return EvidenceSet(items, answerable, bool(items) and answerable >= self.threshold)

    def _choose(self, ranked: list[_Scored], info: dict[str, ArticleInfo]) -> list[_Scored]:
        """Best first; limits per article; the same words from one witness only once."""
        chosen: list[_Scored] = []
        per_article: dict[str, int] = {}
        said: set[tuple[str, str]] = set()
        for item in ranked:
            article = item.sentence.article_id
            if article not in info or item.score < _FLOOR * ranked[0].score:
                continue
            words = (info[article].witness, _folded(item.sentence.text))
            if words in said or per_article.get(article, 0) >= self._settings.evidence_per_article:
                continue
            said.add(words)
            per_article[article] = per_article.get(article, 0) + 1
            chosen.append(item)
            if len(chosen) == self._settings.evidence:
                break
        return chosen

    def _context(self, sentence: Sentence) -> str | None:
        if sentence.index == 0 or not _LEANING.match(sentence.text):
            return None
        before = self._store.sentences(sentence.article_id, sentence.index - 1, sentence.index - 1)
        return before[0].text if before else None


def _passage(hit: Hit, sentences: Sequence[Sentence]) -> Passage:
    start = hit.chunk.start
    return Passage(hit.chunk.text, tuple(Span(s.start - start, s.end - start) for s in sentences))


def _rank(sentences: Sequence[Sequence[Sentence]], readings: Sequence[Reading]) -> list[_Scored]:
    """Every sentence once, with its best score over the chunks that hold it, best first."""
    best: dict[tuple[str, int], _Scored] = {}
    for run, reading in zip(sentences, readings, strict=True):
        for sentence, score in zip(run, reading.sentence_scores, strict=True):
            key = (sentence.article_id, sentence.index)
            if key not in best or score > best[key].score:
                best[key] = _Scored(sentence, score)
    return sorted(best.values(), key=lambda s: (-s.score, s.sentence.article_id, s.sentence.index))


def _folded(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))
