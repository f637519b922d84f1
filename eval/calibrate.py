"""Fits what `rag/calibration.json` holds, and keeps the curves that thresholds were read from.

Logistic regressions for the reader in use: does a sentence carry the answer (reader score, cosine
and rank; then with a second reading by itself); does the evidence answer the question (the best
passage, the best sentence, and names that nothing names); and the same again with what the LLM
thinks. Only the dev half of the cases is used, so that the held-out
half can tell how well it went.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from eval.cases import GoldCase
from eval.metrics import covers
from eval.runner import Report
from rag.answering.answerability import unnamed
from rag.answering.compose import compose
from rag.bot import Bot
from rag.calibration import Logistic, logit
from rag.corpus.language import detect_question
from rag.errors import SettingsError
from rag.types import EvidenceSet, Sentence

# The case files whose dev half is used.
CASES = ("seeds", "seeds2", "elsewhere", "adversarial")
STEPS = 100
# The LLM's probabilities under this say no more than that it was sure.
_LEAST = 1e-6
# Under this AUC an LLM's doubt says too little to be heard: for Swedish questions the local
# model's was .55, for English ones .79.
LEAST_AUC = 0.65


@dataclass(frozen=True, slots=True)
class SentenceSeen:
    """A candidate sentence: the reader's log-odds, its cosine, the log of its rank, whether it is
    gold, and the reader's log-odds for it by itself, if it was read so."""

    reader: float
    cosine: float
    rank: float
    gold: bool
    near: float | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A question: whether it has an answer, and what was found for it."""

    has_answer: bool
    language: str
    reader: float  # log-odds of the best passage
    near: float  # log-odds of the best sentence by itself
    unnamed: float  # 1 if the question names what no evidence names
    declines: float | None = None  # log of the LLM's "not answered"
    sentences: tuple[SentenceSeen, ...] = ()


@dataclass(frozen=True, slots=True)
class Point:
    """What refusing below `threshold` does."""

    threshold: float
    answer_rate: float
    refusal_recall: float


def look(
    cases: Sequence[GoldCase], bot: Bot, report: Report, heard: Collection[str] | None = None
) -> list[Seen]:
    """The dev cases as the bot sees them; those resting on something untrue are left out.

    The LLM is asked about questions in the languages `heard` (None: in all).
    """
    chosen = [g for g in cases if g.case.split == "dev" and g.case.refuse != "allowed"]
    seen = []
    for n, gold in enumerate(chosen, start=1):
        seen.append(_look_at(gold, bot, heard))
        report(gold.case.id, n, len(chosen))
    return seen


def _look_at(gold: GoldCase, bot: Bot, heard: Collection[str] | None) -> Seen:
    question = gold.case.question
    language = detect_question(question)
    hits = bot.retriever.search(question, language, bot.settings.hits)
    found = bot.finder.find(question, language, hits)
    return Seen(
        has_answer=gold.case.refuse is False,
        language=language,
        reader=logit(found.answerable),
        near=logit(found.closest),
        unnamed=float(unnamed(question, found.items)),
        declines=(
            _declines(question, language, found, bot)
            if heard is None or language in heard
            else None
        ),
        sentences=tuple(
            SentenceSeen(c.reader, c.cosine, math.log(c.rank), _is_gold(c.sentence, gold), c.near)
            for c in found.candidates
        ),
    )


def _is_gold(sentence: Sentence, gold: GoldCase) -> bool:
    return any(covers(sentence, excerpt) for group in gold.groups for excerpt in group)


def _declines(question: str, language: str, found: EvidenceSet, bot: Bot) -> float | None:
    if bot.chat is None or not found.items:
        return None
    # Declining at next to nothing stops the LLM as soon as it has chosen.
    drafts = compose(question, language, found.items, bot.chat, decline_at=_LEAST / 1000)
    try:
        next(drafts, None)
    finally:
        drafts.close()
    said = drafts.not_answered_probability
    return None if said is None else math.log(max(said, _LEAST))


def fit(
    features: NDArray[np.float64],
    labels: NDArray[np.bool_],
    names: Sequence[str],
    groups: Sequence[int] | None = None,
) -> Logistic:
    """A logistic regression in which every group, and each label within it, weighs the same."""
    from sklearn.linear_model import LogisticRegression

    cells = list(zip(groups or [0] * len(labels), labels.tolist(), strict=True))
    sizes = Counter(cells)
    weights = [1 / sizes[cell] for cell in cells]
    scale = len(weights) / sum(weights)
    model = LogisticRegression(C=1.0)
    model.fit(features, labels, sample_weight=[w * scale for w in weights])
    fitted = dict(zip(names, (round(float(w), 4) for w in model.coef_[0]), strict=True))
    return Logistic(fitted, round(float(model.intercept_[0]), 4))


def fit_sentence(seen: Sequence[Seen]) -> Logistic:
    """From each answerable question's candidates; bias so that scores are of one sentence."""
    rows = [(n, s) for n, q in enumerate(seen) if q.has_answer for s in q.sentences]
    asked = {n for n, s in rows if s.gold}
    rows = [(n, s) for n, s in rows if n in asked]
    features = np.array([[s.reader, s.cosine, s.rank] for _, s in rows])
    labels = np.array([s.gold for _, s in rows])
    return fit(features, labels, ["reader", "cosine", "rank"], [n for n, _ in rows])


def fit_closer(seen: Sequence[Seen], sentence: Logistic) -> Logistic:
    """From the sentences that were read again, by themselves."""
    rows = [
        (n, sentence.log_odds(reader=s.reader, cosine=s.cosine, rank=s.rank), s.near, s.gold)
        for n, q in enumerate(seen)
        if q.has_answer
        for s in q.sentences
        if s.near is not None
    ]
    asked = {n for n, _, _, gold in rows if gold}
    rows = [row for row in rows if row[0] in asked]
    features = np.array([[first, near] for _, first, near, _ in rows], dtype=np.float64)
    labels = np.array([gold for *_, gold in rows])
    return fit(features, labels, ["first", "near"], [n for n, *_ in rows])


def fit_question(seen: Sequence[Seen]) -> Logistic:
    features = np.array([[s.reader, s.near, s.unnamed] for s in seen])
    labels = np.array([s.has_answer for s in seen])
    return fit(features, labels, ["reader", "near", "unnamed"])


def fit_declining(seen: Sequence[Seen], question: Logistic) -> Logistic:
    features = np.array([[odds(s, question), s.declines] for s in seen], dtype=np.float64)
    labels = np.array([s.has_answer for s in seen])
    return fit(features, labels, ["question", "llm"])


def odds(seen: Seen, question: Logistic) -> float:
    return question.log_odds(reader=seen.reader, near=seen.near, unnamed=seen.unnamed)


def curve(scores: Sequence[tuple[float, bool]]) -> list[Point]:
    """What each threshold from 0 to 1 would do to `(probability, has answer)` pairs."""
    yes = [p for p, has_answer in scores if has_answer]
    no = [p for p, has_answer in scores if not has_answer]
    if not yes or not no:
        raise SettingsError(
            "There is nothing to calibrate on: both answerable and unanswerable questions are "
            "needed. Add cases with `refuse: true` and without."
        )
    return [
        Point(t, sum(p >= t for p in yes) / len(yes), sum(p < t for p in no) / len(no))
        for t in (n / STEPS for n in range(STEPS + 1))
    ]


def choose(points: Sequence[Point], answer_rate: float) -> Point:
    """The most refusals of the unanswerable that leave at least `answer_rate` answered.

    Between equals the middle of the run of thresholds: it is furthest from both cliffs.
    """
    usable = [p for p in points if p.answer_rate >= answer_rate]
    best = max(p.refusal_recall for p in usable)
    equal = [p for p in usable if p.refusal_recall == best]
    return equal[(len(equal) - 1) // 2]


def calibration(seen: Sequence[Seen], answer_rate: float, outright_rate: float) -> dict[str, Any]:
    """One reader's entry of `calibration.json`.

    Without an LLM the question is refused below the threshold that answers `answer_rate`. With
    one, only below the threshold that answers `outright_rate`, and after that by both together.
    """
    question = fit_question(seen)
    alone = curve([(_sigmoid(odds(s, question)), s.has_answer) for s in seen])
    sentence = fit_sentence(seen)
    entry: dict[str, Any] = {
        "sentence": asdict(sentence),
        "closer": asdict(fit_closer(seen, sentence)),
        "question": asdict(question),
        "refuse_below": choose(alone, answer_rate).threshold,
        "refuse_outright": choose(alone, outright_rate).threshold,
        "at": {
            "answer_rate": answer_rate,
            "outright_rate": outright_rate,
            "without_llm": asdict(choose(alone, answer_rate)),
        },
        "data": {
            "cases": list(CASES),
            "answerable": sum(s.has_answer for s in seen),
            "unanswerable": sum(not s.has_answer for s in seen),
        },
        "curve": [asdict(p) for p in alone if p.threshold * 20 % 1 == 0],
    }
    for language in sorted({s.language for s in seen if s.declines is not None}):
        heard = [s for s in seen if s.language == language and s.declines is not None]
        if _auc([(-(s.declines or 0.0), s.has_answer) for s in heard]) < LEAST_AUC:
            continue
        declining = fit_declining(heard, question)
        both = curve(
            [
                (_with_llm(s, question, declining, entry["refuse_outright"]), s.has_answer)
                for s in heard
            ]
        )
        at = choose(both, answer_rate)
        entry.setdefault("declining", {})[language] = {
            **asdict(declining),
            "below": at.threshold,
            "curve": [asdict(p) for p in both if p.threshold * 20 % 1 == 0],
        }
        entry["at"][f"with_llm_{language}"] = asdict(at)
    return entry


def _auc(scores: Sequence[tuple[float, bool]]) -> float:
    """How often an answerable question scores above an unanswerable one; 0.5 is chance."""
    yes = [s for s, has_answer in scores if has_answer]
    no = [s for s, has_answer in scores if not has_answer]
    if not yes or not no:
        return 0.5
    wins = sum((a > b) + (a == b) / 2 for a in yes for b in no)
    return wins / (len(yes) * len(no))


def _with_llm(seen: Seen, question: Logistic, declining: Logistic, outright: float) -> float:
    """The probability that decides when an LLM composes; 0 where it is never asked."""
    alone = odds(seen, question)
    if _sigmoid(alone) < outright or seen.declines is None:
        return 0.0
    return _sigmoid(declining.log_odds(question=alone, llm=seen.declines))


def _sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))
