"""Evidence: from the chunks that retrieval proposed to a few numbered sentences.

The reader says of each chunk whether it answers the question and which of its sentences carry
the answer; the similarity of question and sentence adds what the reader overlooks. The best
sentences are taken over all chunks: not too many from one article, so that several witnesses
are heard, and one of a set of near-duplicates.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rag.calibration import Calibration, logit, sigmoid
from rag.models.reader import Reader
from rag.settings import Settings
from rag.similarity import Similarity
from rag.store.store import Store
from rag.types import (
    ArticleInfo,
    Candidate,
    Evidence,
    EvidenceSet,
    Hit,
    Passage,
    Reading,
    Sentence,
    Span,
)

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


# Places among the evidence kept for languages that the best sentences leave out.
_OTHER_LANGUAGES = 2


# How many of the best sentences are read again by themselves (10 ms each). On the development
# questions the best of these readings told the answerable from near misses with an AUC of .68,
# the best passage with .67, both together with .70.
CLOSER = 6


@dataclass(frozen=True, slots=True)
class _Scored:
    candidate: Candidate
    log_odds: float

    @property
    def sentence(self) -> Sentence:
        return self.candidate.sentence

    @property
    def score(self) -> float:
        return sigmoid(self.log_odds)


def _best_first(scored: _Scored) -> tuple[float, str, int]:
    sentence = scored.sentence
    return (-scored.log_odds, sentence.article_id, sentence.index)


@dataclass(frozen=True, slots=True)
class _Read:
    sentence: Sentence
    score: float  # 0..1, by the reader
    rank: int  # from 1: of the first hit that holds it


class EvidenceFinder:
    """Turns hits into evidence; safe to share between threads if its reader is."""

    def __init__(
        self,
        store: Store,
        reader: Reader,
        similarity: Similarity,
        settings: Settings,
        calibration: Calibration,
    ) -> None:
        self._store = store
        self._reader = reader
        self._similarity = similarity
        self._settings = settings
        self._calibration = calibration

    def find(self, question: str, language: str, hits: Sequence[Hit]) -> EvidenceSet:
        """At most `settings.evidence` numbered sentences, the best first.

        `answerable` is the reader's word for its best passage; whether that is `enough` is for
        `rag.answering.answerability` to say, which knows more than this room.
        """
        if not hits:
            return EvidenceSet((), 0.0, False)
        sentences = [
            self._store.sentences(h.chunk.article_id, h.chunk.first_sentence, h.chunk.last_sentence)
            for h in hits
        ]
        info = self._store.info(sorted({h.chunk.article_id for h in hits}))
        passages = [
            _passage(h, s, info.get(h.chunk.article_id))
            for h, s in zip(hits, sentences, strict=True)
        ]
        readings = self._reader.read(question, passages)
        candidates = self._candidates(question, language, sentences, readings, info)
        ranked = self._closer(question, self._ranked(candidates), info)
        items = tuple(
            Evidence(n, info[s.sentence.article_id], s.sentence, s.score, self._context(s.sentence))
            for n, s in enumerate(self._choose(ranked, info), start=1)
        )
        best = max(r.answerable for r in readings)
        near = [s.candidate.near for s in ranked if s.candidate.near is not None]
        return EvidenceSet(
            items,
            best,
            bool(items),
            tuple(s.candidate for s in ranked),
            closest=sigmoid(max(near)) if near else 0.0,
        )

    def _candidates(
        self,
        question: str,
        language: str,
        sentences: Sequence[Sequence[Sentence]],
        readings: Sequence[Reading],
        info: dict[str, ArticleInfo],
    ) -> list[Candidate]:
        """Every sentence of the hits once, with all that is known of it."""
        best = [
            read for read in _best_readings(sentences, readings) if read.sentence.article_id in info
        ]
        spoken = [(r.sentence.text, info[r.sentence.article_id].language) for r in best]
        cosines = self._similarity.sentences(question, language, spoken)
        return [
            Candidate(read.sentence, logit(read.score), cosine, read.rank)
            for read, cosine in zip(best, cosines, strict=True)
        ]

    def _ranked(self, candidates: Sequence[Candidate]) -> list[_Scored]:
        weights = self._calibration.sentence
        scored = [
            _Scored(c, weights.log_odds(reader=c.reader, cosine=c.cosine, rank=math.log(c.rank)))
            for c in candidates
        ]
        return sorted(scored, key=_best_first)

    def _closer(
        self, question: str, ranked: list[_Scored], info: dict[str, ArticleInfo]
    ) -> list[_Scored]:
        """The best sentences read again, each with only the one before it, and ranked anew.

        A long passage lends its sentences what only their neighbours say.
        """
        first, rest = ranked[:CLOSER], ranked[CLOSER:]
        passages = [self._by_itself(s.sentence, info[s.sentence.article_id]) for s in first]
        readings = self._reader.read(question, passages)
        closer = self._calibration.closer
        again = []
        for scored, reading in zip(first, readings, strict=True):
            near = logit(reading.answerable)
            candidate = replace(scored.candidate, near=near)
            again.append(_Scored(candidate, closer.log_odds(first=scored.log_odds, near=near)))
        # What was not read again stays behind what was.
        least = min((s.log_odds for s in again), default=0.0)
        behind = [replace(s, log_odds=min(s.log_odds, least)) for s in rest]
        return [*sorted(again, key=_best_first), *behind]

    def _by_itself(self, sentence: Sentence, info: ArticleInfo) -> Passage:
        """The sentence after the one before it, which says who "he" is."""
        index = sentence.index
        run = self._store.sentences(sentence.article_id, max(0, index - 1), index)
        text, spans = "", []
        for one in run:
            start = len(text) + (1 if text else 0)
            text = f"{text} {one.text}" if text else one.text
            spans.append(Span(start, len(text)))
        return Passage(text, tuple(spans), info.title)

    def _choose(self, ranked: list[_Scored], info: dict[str, ArticleInfo]) -> list[_Scored]:
        """Best first; limits per article; the same words from one witness only once.

        The last places are kept for languages that would otherwise not be heard: sentences in
        the question's own language crowd the others out here as they do in retrieval.
        """
        allowed = self._allowed(ranked, info)
        most = self._settings.evidence
        places = min(_OTHER_LANGUAGES, most - 1)
        heard = {info[s.sentence.article_id].language for s in allowed[: most - places]}
        others: dict[str, _Scored] = {}
        for item in allowed[most - places :]:
            language = info[item.sentence.article_id].language
            if language not in heard:
                others.setdefault(language, item)
        kept = list(others.values())[:places]
        first = [s for s in allowed[:most] if s not in kept][: most - len(kept)]
        return sorted([*first, *kept], key=lambda s: -s.score)

    def _allowed(self, ranked: list[_Scored], info: dict[str, ArticleInfo]) -> list[_Scored]:
        """The sentences that may be evidence, best first."""
        allowed: list[_Scored] = []
        per_article: dict[str, int] = {}
        said: set[tuple[str, str]] = set()
        for item in ranked:
            article = item.sentence.article_id
            words = (info[article].witness, _folded(item.sentence.text))
            if words in said or per_article.get(article, 0) >= self._settings.evidence_per_article:
                continue
            said.add(words)
            per_article[article] = per_article.get(article, 0) + 1
            allowed.append(item)
        return allowed

    def _context(self, sentence: Sentence) -> str | None:
        if sentence.index == 0 or not _LEANING.match(sentence.text):
            return None
        before = self._store.sentences(sentence.article_id, sentence.index - 1, sentence.index - 1)
        return before[0].text if before else None


def _passage(hit: Hit, sentences: Sequence[Sentence], info: ArticleInfo | None) -> Passage:
    start = hit.chunk.start
    spans = tuple(Span(s.start - start, s.end - start) for s in sentences)
    return Passage(hit.chunk.text, spans, info.title if info else None)


def _best_readings(
    sentences: Sequence[Sequence[Sentence]], readings: Sequence[Reading]
) -> list[_Read]:
    """Every sentence once, with its best score and first rank over the chunks that hold it."""
    best: dict[tuple[str, int], _Read] = {}
    for rank, (run, reading) in enumerate(zip(sentences, readings, strict=True), start=1):
        for sentence, score in zip(run, reading.sentence_scores, strict=True):
            key = (sentence.article_id, sentence.index)
            known = best.get(key)
            if known is None:
                best[key] = _Read(sentence, score, rank)
            elif score > known.score:
                best[key] = _Read(sentence, score, known.rank)
    return list(best.values())


def _folded(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))
