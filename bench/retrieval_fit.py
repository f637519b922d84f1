"""Fit the weights of the search: `python -m bench fit --bench DIR` writes rag/fusion.json.

A conditional logit (McFadden, "Conditional logit analysis of qualitative choice behavior", 1974;
as a ranking loss: ListNet, Cao et al., ICML 2007): the probability of a chunk is the softmax of
its weighted features over all chunks proposed for the question, and what is made as likely as
can be is that the choice falls on a chunk of the right article. Every set counts the same. The
news are only measured on: their texts have no licence.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.retrieval import Say, ingested, models
from bench.retrieval_sets import Query, load_set
from rag.corpus.language import detect_question
from rag.errors import InputError
from rag.fusion import best_first, features, load_weights
from rag.retrieval import READ as READ_CHUNKS
from rag.retrieval import Retriever
from rag.settings import load_settings
from rag.similarity import Similarity
from rag.types import Filters

SETS = ("parallel", "swequad", "squad2_sv", "xquad_en")
OUT = Path(__file__).parent.parent / "rag" / "fusion.json"
FUSED = ("cosine", "bm25", "foreign", "foreign_cosine")
READ = (*FUSED, "reader")
_RIDGE = 0.02  # on features in units of their spread: keeps a useless weight near 0
_ROUNDS = 200

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Choice:
    """One question: the features of its chunks (chunks, features), and which are right."""

    group: str
    features: Floats
    right: NDArray[np.bool_]
    even: bool  # which half of the questions


def fit(choices: Sequence[Choice], names: Sequence[str]) -> dict[str, float]:
    """Weights by name; each group counts the same, however many questions it has."""
    usable = [c for c in choices if c.right.any() and not c.right.all()]
    if not usable:
        raise InputError("No question has its right article among the proposals: nothing to fit.")
    spread = np.concatenate([c.features for c in usable]).std(axis=0)
    spread[spread == 0] = 1.0
    number: dict[str, int] = {}
    for c in usable:
        number[c.group] = number.get(c.group, 0) + 1
    weights = np.zeros(len(names))
    step = np.full(len(names), 0.1)
    before = np.zeros(len(names))
    # Resilient propagation (Riedmiller and Braun, 1993): the loss is smooth, the features few.
    for _ in range(_ROUNDS):
        slope = 2 * _RIDGE * weights
        for c in usable:
            share = 1 / (number[c.group] * len(number))
            slope -= share * _gain(c, weights / spread) / spread
        same = slope * before
        step = np.clip(np.where(same > 0, step * 1.2, np.where(same < 0, step * 0.5, step)), 0, 5)
        weights -= np.sign(slope) * step
        before = slope
    return {n: float(w) for n, w in zip(names, weights / spread, strict=True)}


def _gain(choice: Choice, weights: Floats) -> Floats:
    """The gradient of the log-probability that a right chunk is chosen."""
    scores = choice.features @ weights
    odds = np.exp(scores - scores.max())
    everywhere = odds / odds.sum()
    right = np.where(choice.right, odds, 0.0)
    total = right.sum()
    wanted = right / total if total > 0 else choice.right / choice.right.sum()
    gain: Floats = (wanted - everywhere) @ choice.features
    return gain


def first_right(choices: Iterable[Choice], weights: Mapping[str, float]) -> dict[str, float]:
    """By group, the share of questions whose best chunk is a right one."""
    values = np.array(list(weights.values()))
    found: dict[str, list[bool]] = {}
    for c in choices:
        best = int((c.features @ values).argmax())
        found.setdefault(c.group, []).append(bool(c.right[best]))
    return {group: sum(hits) / len(hits) for group, hits in sorted(found.items())}


def run(bench: Path, limit: int, memory: Path | None, say: Say, out: Path = OUT) -> None:
    """Fits, says what each half's weights find in the other half, and writes all data's weights."""
    fused: list[Choice] = []
    read: list[Choice] = []
    settings = load_settings(llm="none")
    with (
        tempfile.TemporaryDirectory(prefix="ordagrant-fit-") as folder,
        models(memory or Path(folder)) as loaded,
    ):
        for name in SETS:
            one = load_set(name, bench, limit, seen=True)
            if one is None:
                say(f"{name}: its file is not in {bench}, so it is left out")
                continue
            for corpus in one.corpora:
                at = settings.model_copy(update={"data": Path(folder) / corpus.name})
                with ingested(corpus, at, loaded, say) as store:
                    retriever = Retriever(store, Similarity(store, loaded.embedder), loaded.reader)
                    for number, query in enumerate(corpus.queries):
                        _add(fused, read, retriever, query, number % 2 == 0)
    table = {"fused": _entry(fused, FUSED, say), "read": _entry(read, READ, say)}
    out.write_text(json.dumps(table, indent=2) + "\n", encoding="utf-8")
    say(f"Written to {out}")


def _add(
    fused: list[Choice],
    read: list[Choice],
    retriever: Retriever,
    query: Query,
    even: bool,
) -> None:
    language = detect_question(query.text)
    proposals = retriever.propose(query.text, language, Filters())
    right = np.array([one.article_id in query.articles for one in proposals])
    group = query.column

    def choice(names: Sequence[str], said: Mapping[str, float]) -> Choice:
        known = [features(one, language, said.get(one.chunk_id)) for one in proposals]
        return Choice(group, np.array([[f[n] for n in names] for f in known]), right, even)

    if not proposals:
        return
    fused.append(choice(FUSED, {}))
    # The reader learnt from some of these questions: what it says of those proves nothing.
    if query.seen:
        return
    start = load_weights("fused")
    order = best_first({one.chunk_id: start.score(features(one, language)) for one in proposals})
    read.append(choice(READ, retriever.read(query.text, order[:READ_CHUNKS])))


def _entry(choices: Sequence[Choice], names: Sequence[str], say: Say) -> dict[str, Any]:
    halves = [[c for c in choices if c.even is even] for even in (True, False)]
    unseen: dict[str, list[float]] = {}
    for own, other in (halves, halves[::-1]):
        for group, value in first_right(other, fit(own, names)).items():
            unseen.setdefault(group, []).append(value)
    hit1 = {group: round(sum(v) / len(v), 3) for group, v in unseen.items()}
    weights = {n: round(w, 3) for n, w in fit(choices, names).items()}
    say(f"{len(choices)} questions: {weights}")
    for group, value in hit1.items():
        say(f"  {group}: Hit@1 {value:.3f}, by weights fitted on the other half")
    return {"weights": weights, "questions": len(choices), "hit1_other_half": hit1}
