"""Fits and calibrates the readers: `python tools/calibrate_reader.py --train DIR --bench DIR`.

Writes `features.json` (the feature reader's coefficients and figures) and `reader.json` (the
trained reader's calibration and figures) beside the weights in rag/models/weights, each with a
refusal threshold and the curve it was read from. Articles that the trained reader learnt from
are used for the feature reader's coefficients only.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from claim_data import SUPPORTED, Claim, claims
from numpy.typing import NDArray
from reader_apart import apart
from reader_data import Example, questions_with_neighbours, sentences, training, validation
from reader_metrics import auc, span_f1

from rag.models import e5
from rag.models.embedding import Embedder, load_embedder
from rag.models.reader import WEIGHTS, Reader
from rag.models.reader_features import (
    PASSAGE_FEATURES,
    SENTENCE_FEATURES,
    asked,
    passage_features,
    sentence_features,
)
from rag.models.reader_plain import FeatureReader
from rag.models.reader_trained import TrainedReader, graph_file
from rag.models.runtime import load_tokenizer
from rag.settings import load_settings
from rag.types import Passage, Span

APART_ROWS = 15  # of each set
ANSWER_RATE = 0.93  # the threshold keeps this share of the answerable questions


def passage_of(text: str) -> Passage:
    """A passage with its sentences, blank ends left out."""
    spans = []
    for a, b in sentences(text):
        piece = text[a:b]
        spans.append(Span(a + len(piece) - len(piece.lstrip()), a + len(piece.rstrip())))
    return Passage(text, tuple(spans))


def logistic(x: NDArray[np.float64], y: NDArray[np.float64], ridge: float = 1.0) -> list[float]:
    """Weights and, last, the bias of a logistic regression (Newton's method, L2)."""
    x = np.column_stack([x, np.ones(len(x))])
    w = np.zeros(x.shape[1])
    penalty = np.full(x.shape[1], ridge)
    penalty[-1] = 0
    for _ in range(30):
        p = 1 / (1 + np.exp(-x @ w))
        gradient = x.T @ (p - y) + penalty * w
        hessian = (x * (p * (1 - p))[:, None]).T @ x + np.diag(penalty + 1e-9)
        step = np.linalg.solve(hessian, gradient)
        w -= step
        if np.abs(step).max() < 1e-8:
            break
    return [round(float(v), 4) for v in w]


def fit_features(examples: Iterable[Example], embedder: Embedder) -> dict[str, Any]:
    """The two regressions of the feature reader."""
    of_passage, of_sentence, answered, carries = [], [], [], []
    for example in examples:
        passage = passage_of(example.passage)
        texts = [s.slice(passage.text) for s in passage.sentences]
        if not texts:
            continue
        vector = embedder.embed_query(example.question)
        cosines = (embedder.embed_passages(texts) @ vector).astype(np.float64)
        wanted = asked(example.question)
        rows = sentence_features(wanted, texts, cosines)
        of_passage.append(passage_features(wanted, passage.text, rows))
        of_sentence.append(rows)
        answered.append(float(example.start >= 0))
        carries += [
            float(example.start >= 0 and s.start < example.end and s.end > example.start)
            for s in passage.sentences
        ]
    fitted = {}
    for key, names, x, y in (
        ("passage", PASSAGE_FEATURES, np.array(of_passage), np.array(answered)),
        ("sentence", SENTENCE_FEATURES, np.concatenate(of_sentence), np.array(carries)),
    ):
        *weights, bias = logistic(x, y)
        fitted[key] = {"weights": dict(zip(names, weights, strict=True)), "bias": bias}
    return fitted | {"examples": len(answered)}


def figures(reader: Reader, sets: dict[str, list[Example]], most: int) -> dict[str, Any]:
    """By set: AUC of `answerable`, F1 of the span, share of right best sentences."""
    out = {}
    for name, examples in sets.items():
        chosen = examples[:: max(1, len(examples) // most)]
        truth, scores, f1, right = [], [], [], []
        for example in chosen:
            passage = passage_of(example.passage)
            reading = reader.read(example.question, [passage])[0]
            truth.append(example.start >= 0)
            scores.append(reading.answerable)
            if example.start >= 0:
                said = passage.text[reading.start : reading.end]
                f1.append(max(span_f1(said, gold) for gold in example.answers))
                best = passage.sentences[int(np.argmax(reading.sentence_scores))]
                right.append(best.start < example.end and best.end > example.start)
        out[name] = {
            "auc": round(auc(truth, scores), 3),
            "span_f1": round(float(np.mean(f1)), 3),
            "best_sentence": round(float(np.mean(right)), 3),
            "n": len(chosen),
        }
    return out


def refusal(reader: Reader, asked_: Sequence[tuple[Example, list[str]]]) -> dict[str, Any]:
    """The threshold on the best of several passages, with and without the answering one.

    Each question is read against its answering passage and its nearest neighbours of the same
    article, then against the neighbours alone: a near miss, as a search would find it.
    """
    with_, without = [], []
    for example, neighbours in asked_:
        passages = [passage_of(text) for text in [example.passage, *neighbours]]
        scores = [r.answerable for r in reader.read(example.question, passages)]
        with_.append(max(scores))
        without.append(max(scores[1:]))
    threshold = float(np.quantile(with_, 1 - ANSWER_RATE))
    grid = sorted({round(float(np.quantile(with_ + without, q)), 4) for q in np.linspace(0, 1, 41)})
    return {
        "refuse_below": round(threshold, 4),
        "answers_when_it_can": round(float(np.mean(np.array(with_) >= threshold)), 3),
        "refuses_when_it_should": round(float(np.mean(np.array(without) < threshold)), 3),
        "auc": round(auc([True] * len(with_) + [False] * len(without), with_ + without), 3),
        "questions": len(with_),
        "curve": [
            {
                "threshold": t,
                "answers_when_it_can": round(float(np.mean(np.array(with_) >= t)), 3),
                "refuses_when_it_should": round(float(np.mean(np.array(without) < t)), 3),
            }
            for t in grid
        ],
    }


def write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", type=Path, required=True, help="folder of the training sets")
    parser.add_argument("--bench", type=Path, required=True, help="folder of the benchmark sets")
    parser.add_argument("--only", choices=["features", "trained"], help="one reader only")
    parser.add_argument("--weights", type=Path, default=WEIGHTS, help="folder of trained weights")
    parser.add_argument("--keep", action="store_true", help="figures only: fit nothing")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--most", type=int, default=120, help="examples of a set in the figures")
    a = parser.parse_args()
    sets = validation(a.train, a.bench, a.seed)
    asked_ = questions_with_neighbours(a.train, a.seed, 40)
    if a.only != "trained":
        embedder = load_embedder(load_settings())
        path = WEIGHTS / "features.json"
        if not a.keep:
            write(path, fit_features(feature_mix(a), embedder))
        report(FeatureReader(embedder), path, sets, asked_, a.most)
    if a.only != "features":
        path = a.weights / "reader.json"
        if not a.keep:
            unfitted = {"answer": 1.0, "margin": 0.0, "bias": 0.0}
            write(path, {"apart": find_apart(a, sets), "platt": unfitted})
            write(path, known(path) | {"platt": fit_platt(trained(a), sets, a.most)})
            held = claims(a.train, a.seed + 1, 0.1, held=True)
            write(path, known(path) | {"support": weigh(trained(a), held)})
        report(trained(a), path, sets, asked_, a.most)


def known(path: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return value


def weigh(reader: TrainedReader, held: list[Claim]) -> dict[str, Any]:
    """The temperature of the support output (Guo et al. 2017), fitted on every other held-out
    claim, and figures on the rest: AUC of "supported" and accuracy at one half, by set."""
    logits = reader.support_logits([(c.claim, _told(c)) for c in held])
    labels = np.array([c.label for c in held])

    def loss(temperature: float, rows: slice) -> float:
        scaled = logits[rows] / temperature
        logs = scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))
        either = np.log(np.exp(logs[:, :SUPPORTED]).sum(axis=1))
        of = labels[rows]
        each = np.where(of < 0, either, logs[np.arange(len(of)), np.maximum(of, 0)])
        return float(-each.mean())

    grid = np.round(np.arange(0.5, 4.01, 0.05), 2)
    temperature = float(min(grid, key=lambda t: loss(t, slice(0, None, 2))))
    odds = np.exp(logits / temperature)
    supported = (odds / odds.sum(axis=1, keepdims=True))[:, SUPPORTED]
    by_set: dict[str, list[int]] = defaultdict(list)
    for i in range(1, len(held), 2):
        by_set[" ".join(held[i].kind.split()[:2])].append(i)
    figures_ = {}
    for name, rows in sorted(by_set.items()):
        truth = [bool(labels[i] == SUPPORTED) for i in rows]
        if len(set(truth)) < 2:
            continue  # nothing to tell apart
        right = [t == (supported[i] > 0.5) for t, i in zip(truth, rows, strict=True)]
        figures_[name] = {
            "auc": round(auc(truth, [float(supported[i]) for i in rows]), 3),
            "accuracy": round(float(np.mean(right)), 3),
            "n": len(rows),
        }
    return {"temperature": temperature, "claims": len(held), "sets": figures_}


def _told(claim: Claim) -> str:
    return f"{claim.title}: {claim.evidence}" if claim.title else claim.evidence


def trained(a: argparse.Namespace) -> TrainedReader:
    return TrainedReader.load(load_settings(), a.weights)


def find_apart(a: argparse.Namespace, sets: dict[str, list[Example]]) -> dict[str, list[int]]:
    """The channels that the int8 graph leaves apart, over some rows of every set."""
    folder = e5.unpacked(load_settings().cache)
    tokenizer = load_tokenizer(folder)
    texts = [
        f"query: {example.question}</s></s>passage: {example.passage}"
        for examples in even(sets).values()
        for example in examples[:: max(1, len(examples) // APART_ROWS)]
    ]
    rows = [one.ids[:400] for one in tokenizer.encode_batch(texts)]
    return apart(folder, graph_file(folder, a.weights / "reader.safetensors", int8=False), rows)


def feature_mix(a: argparse.Namespace) -> list[Example]:
    """Examples for the coefficients: answerable, and near misses of the ordinary sort."""
    kinds = defaultdict(list)
    for example in training(a.train, a.bench, a.seed, 0.05):
        if "adversarial" not in example.kind and "swap" not in example.kind:
            kinds[example.kind.split()[0]].append(example)
    mix = [e for group in kinds.values() for e in group[:200]]
    random.Random(a.seed).shuffle(mix)
    return mix


def report(
    reader: Reader,
    path: Path,
    sets: dict[str, list[Example]],
    asked_: Sequence[tuple[Example, list[str]]],
    most: int,
) -> None:
    """Adds the reader's figures to its file, and prints them."""
    value = known(path)
    value["refusal"] = refusal(reader, asked_)
    value["sets"] = figures(reader, odd(sets), most)
    write(path, value)
    print(reader.name, {k: v for k, v in value["refusal"].items() if k != "curve"})
    for name, values in (value["sets"] | value.get("support", {}).get("sets", {})).items():
        print(f"  {name:22}", values)


def even(sets: dict[str, list[Example]]) -> dict[str, list[Example]]:
    """The rows that calibration is fitted on."""
    return {name: rows[::2] for name, rows in sets.items()}


def odd(sets: dict[str, list[Example]]) -> dict[str, list[Example]]:
    """The rows that figures are reported on."""
    return {name: rows[1::2] for name, rows in sets.items()}


def fit_platt(reader: TrainedReader, sets: dict[str, list[Example]], most: int) -> dict[str, Any]:
    """The trained reader's calibration (Platt 1999) from its two judgements of answerability."""
    raw, truth = [], []
    for examples in even(sets).values():
        for example in examples[:: max(1, len(examples) // most)]:
            _, answer, margin = reader.judge(example.question, [passage_of(example.passage)])[0]
            raw.append((answer, margin))
            truth.append(float(example.start >= 0))
    answer, margin, bias = logistic(np.array(raw), np.array(truth), ridge=0.1)
    return {"answer": answer, "margin": margin, "bias": bias, "examples": len(truth)}


if __name__ == "__main__":
    main()
