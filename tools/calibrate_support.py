"""Fits how the verifier joins its rules and the reader's support score.

    python tools/calibrate_support.py --train DIR --bench DIR [--reader DIR] [--write]

Writes the key "support" of rag/calibration.json, and leaves the file's other keys alone. Two
regressions for each situation (quotes, across languages, an article): with the reader heard,
and by the rules alone. Every set and label weighs the same, so 0.5 means that as many true as
false statements look like this. The figures are of rows that the fit did not see: five parts,
by claim or by article, each judged by a fit on the other four.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray
from verifier_data import Row, claim_rows, part_of, summary_rows
from verifier_figures import figures, report

from rag.answering.checks.case import Case, Check, read
from rag.answering.checks.casing import recased
from rag.answering.checks.verbatim import verbatim
from rag.answering.checks.weighing import KEY, Situation
from rag.answering.verify import parts, weigh
from rag.models.e5 import unpacked
from rag.models.reader import WEIGHTS
from rag.models.reader_trained import TrainedReader
from rag.settings import load_settings
from rag.types import Support

CALIBRATION = Path(__file__).parent.parent / "rag" / "calibration.json"
PARTS = 5
_STEPS = 2_000
# Gaussian priors of the weights: a rule objects until the data say that it need not (some hardly
# ever fire in the public sets), the other features say nothing until they do.
_RULE_PRIOR, _RULE_RIDGE, _RIDGE = -3.0, 1e-3, 3e-4
# Measured, but no guide: "Question? Yes." about long passages, which the reader cannot tell.
_TOLD_ONLY = {"condaqa_claims"}
Floats = NDArray[np.float64]

_SAID = ("words", "near", "phrases")
_RULES = tuple(get_args(Check))
_AGAINST = {*_RULES, "foreign"}
# Across languages word pairs cannot be told, and translated words in quotation marks are none.
NAMES: dict[Situation, tuple[str, ...]] = {
    "quote": (*_SAID, "foreign", *_RULES),
    "across": ("words", "near", "foreign", *_RULES),
    "article": (*_SAID, "foreign", *_RULES),
}


class Scores:
    """The reader's support, remembered in a file: a rerun only pays for what is new."""

    def __init__(self, folder: Path, file: Path | None) -> None:
        self.reader = TrainedReader(unpacked(load_settings().cache), folder)
        self.digest = hashlib.sha256((folder / "reader.safetensors").read_bytes()).hexdigest()[:12]
        self.file = file
        # Remembered as at temperature 1, so that a new temperature costs nothing.
        self.temperature = _temperature(folder / "reader.json")
        known = json.loads(file.read_text()) if file and file.exists() else {}
        self.known: dict[str, list[float]] = known if known.get("of") == self.digest else {}

    def __call__(self, pairs: Sequence[tuple[str, str]]) -> list[Support]:
        out = []
        for claim, evidence in pairs:
            key = hashlib.sha1(f"{claim}\0{evidence}".encode()).hexdigest()  # noqa: S324
            if key not in self.known:
                found = self.reader.support([(claim, evidence)])
                if found is None:
                    sys.exit("This reader gives no support score: name another with --reader.")
                one = found[0]
                raw = [one.refuted, one.neutral, one.supported]
                self.known[key] = _tempered(raw, 1 / self.temperature)
            out.append(Support(*_tempered(self.known[key], self.temperature)))
        return out

    def save(self) -> None:
        if self.file:
            self.file.write_text(json.dumps({"of": self.digest, **self.known}))


def _temperature(file: Path) -> float:
    raw = json.loads(file.read_text("utf-8")) if file.exists() else {}
    return float(raw.get("support", {}).get("temperature", 1.0))


def _tempered(odds: Sequence[float], temperature: float) -> list[float]:
    scaled = [max(p, 1e-9) ** (1 / temperature) for p in odds]
    return [p / sum(scaled) for p in scaled]


@dataclass(frozen=True, slots=True)
class Part:
    """One sentence of a row's statement, as the verifier sees it."""

    where: Situation
    features: dict[str, float]


@dataclass(frozen=True, slots=True)
class Seen:
    """A row with those of its sentences that are not verbatim (those always pass)."""

    row: Row
    parts: tuple[Part, ...]


def look(row: Row, scores: Scores) -> Seen:
    text = read(row.evidence)
    cases = [Case(read(part), (text,)) for part in parts(recased(row.statement, text))]
    weighed = [weigh(case, text, scores) for case in cases if not verbatim(case)]
    return Seen(row, tuple(Part(w.where, w.features) for w in weighed))


def fit(x: Floats, y: Floats, weight: Floats, signs: Floats) -> Floats:
    """A logistic regression whose weights keep to `signs` (+1; -1 for a rule; 0 for either):
    projected gradient with momentum (Nesterov). Returns the weights and, last, the bias."""
    x = np.column_stack([x, np.ones(len(x))])
    weight = weight / weight.sum()
    step = 4 / np.linalg.eigvalsh((x * weight[:, None]).T @ x)[-1]
    ridge = np.append(np.where(signs < 0, _RULE_RIDGE, _RIDGE), 0.0)
    prior = np.append(np.where(signs < 0, _RULE_PRIOR, 0.0), 0.0)
    w = before = prior.copy()
    for i in range(_STEPS):
        ahead = w + i / (i + 3) * (w - before)
        p = 1 / (1 + np.exp(-x @ ahead))
        moved = ahead - step * (x.T @ (weight * (p - y)) + ridge * (ahead - prior))
        moved[:-1] = np.where(moved[:-1] * signs < 0, 0, moved[:-1])
        before, w = w, moved
    return w


class Model:
    """The regression of one situation, with or without the reader."""

    def __init__(self, where: Situation, heard: bool) -> None:
        self.where = where
        self.names = (*NAMES[where], *(("supported",) if heard else ()))
        self.weights: Floats = np.zeros(len(self.names) + 1)
        # To begin with, the part that says least is taken for the false one.
        self.weights[self.names.index("supported" if heard else "near")] = 1.0

    def log_odds(self, part: Part) -> float:
        values = [part.features[name] for name in self.names]
        return float(np.dot(self.weights[:-1], values) + self.weights[-1])

    def fit(self, seen: Sequence[Seen]) -> None:
        """Of a false statement the worst sentence is false, whichever that is by the last fit
        (multiple-instance learning); of a true one all are true."""
        # Only an article's statements have several sentences to choose from.
        for _ in range(3 if self.where == "article" else 1):
            rows: list[tuple[Seen, Part]] = []
            for one in seen:
                mine = [part for part in one.parts if part.where == self.where]
                if one.row.set in _TOLD_ONLY:
                    continue
                if mine and one.row.true:
                    rows += [(one, part) for part in mine]
                elif mine:
                    rows.append((one, min(mine, key=self.log_odds)))
            x = np.array([[part.features[n] for n in self.names] for _, part in rows])
            y = np.array([float(one.row.true) for one, _ in rows])
            signs = np.array([self._sign(n) for n in self.names])
            self.weights = fit(x, y, _balanced([one.row for one, _ in rows]), signs)

    def _sign(self, name: str) -> float:
        """Of an article "phrases" may count either way: it tells copied summaries from retold
        ones, and what else speaks for a statement means more in the one than in the other."""
        if name in _AGAINST:
            return -1.0
        return 0.0 if (self.where, name) == ("article", "phrases") else 1.0

    def entry(self) -> dict[str, Any]:
        *weights, bias = (round(float(w), 4) for w in self.weights)
        return {"weights": dict(zip(self.names, weights, strict=True)), "bias": bias}


def _group(row: Row) -> tuple[str, str]:
    return row.set, row.fault


def _balanced(rows: Sequence[Row]) -> Floats:
    """Each set and fault weighs the same, then all true as much as all false."""
    count = Counter(_group(row) for row in rows)
    weight = np.array([1 / count[_group(row)] for row in rows])
    truth = np.array([row.true for row in rows], bool)
    for side in (truth, ~truth):
        weight[side] /= weight[side].sum()
    return weight


Models = dict[Situation, Model]


def fitted(seen: Sequence[Seen], heard: bool) -> Models:
    models: Models = {where: Model(where, heard) for where in NAMES}
    for model in models.values():
        model.fit(seen)
    return models


def score(one: Seen, models: Models) -> float:
    """Log-odds of the worst sentence; a statement that is all verbatim is sure."""
    return min((models[part.where].log_odds(part) for part in one.parts), default=20.0)


def out_of_fold(seen: Sequence[Seen], heard: bool) -> list[float]:
    """The log-odds of each row by a fit that did not see its part."""
    parted = [part_of(one.row.key, PARTS) for one in seen]
    models = {
        k: fitted([s for s, p in zip(seen, parted, strict=True) if p != k], heard)
        for k in range(PARTS)
    }
    return [score(one, models[k]) for one, k in zip(seen, parted, strict=True)]


def precision(seen: Sequence[Seen]) -> dict[str, dict[str, str]]:
    """By situation and rule: the share of true and of false statements it objects to."""
    out: dict[str, dict[str, str]] = {}
    for where in NAMES:
        chosen = [(one, p) for one in seen for p in one.parts if p.where == where]
        weight = _balanced([one.row for one, _ in chosen])
        truth = np.array([one.row.true for one, _ in chosen], bool)
        out[where] = {}
        for rule in _RULES:
            fires = np.array([p.features[rule] for _, p in chosen])
            right = float((weight * fires)[~truth].sum())
            wrong = float((weight * fires)[truth].sum())
            share = right / (right + wrong) if right + wrong else float("nan")
            out[where][rule] = f"true {wrong:.4f}, false {right:.4f}, precision {share:.3f}"
    return out


def reliability(seen: Sequence[Seen], scores: Sequence[float]) -> list[str]:
    """How many of those scored so were true, true and false weighing the same."""
    chosen = [(one.row, s) for one, s in zip(seen, scores, strict=True) if one.parts]
    weight = _balanced([row for row, _ in chosen])
    p = 1 / (1 + np.exp(-np.array([s for _, s in chosen])))
    truth = np.array([float(row.true) for row, _ in chosen])
    out = []
    for low in np.arange(0, 1, 0.1):
        inside = (p >= low) & (p < low + 0.1)
        if inside.any():
            of = weight[inside]
            mean, held = (float(np.average(v[inside], weights=of)) for v in (p, truth))
            out.append(f"score {mean:.3f}, true {held:.3f}, share {of.sum() / weight.sum():.3f}")
    return out


def _line(values: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:g}" for name, value in values.items())


def write(value: dict[str, Any]) -> None:
    """Replaces our key of the calibration, whatever else is in the file by now."""
    whole = json.loads(CALIBRATION.read_text("utf-8"))
    whole[KEY] = value
    temporary = CALIBRATION.with_suffix(".part")
    temporary.write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", "utf-8")
    temporary.replace(CALIBRATION)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--train", type=Path, required=True, metavar="DIR")
    parser.add_argument("--bench", type=Path, required=True, metavar="DIR")
    parser.add_argument("--reader", type=Path, default=WEIGHTS, metavar="DIR")
    parser.add_argument("--scores", type=Path, help="remember the reader's scores in this file")
    parser.add_argument("--limit", type=int, default=250, help="rows of a set and label")
    parser.add_argument("--summaries", type=int, default=100, help="per cent of FRANK's articles")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--write", action="store_true", help="write rag/calibration.json")
    args = parser.parse_args()
    scores = Scores(args.reader, args.scores)
    rows = claim_rows(args.train, args.seed, args.limit)
    rows += [row for row in summary_rows(args.bench) if part_of(row.key, 100) < args.summaries]
    seen = []
    for i, row in enumerate(rows):
        seen.append(look(row, scores))
        if i % 500 == 499:
            print(f"{i + 1} of {len(rows)} rows", file=sys.stderr, flush=True)
            scores.save()
    scores.save()
    value: dict[str, Any] = {where: {} for where in NAMES}
    for key, heard in (("rules", False), ("heard", True)):
        for where, model in fitted(seen, heard).items():
            value[where][key] = model.entry()
        unseen = out_of_fold(seen, heard)
        found = figures(rows, unseen)
        value.setdefault("figures", {})[key] = {name: _line(v) for name, v in found.items()}
        report(f"{key}, out of fold", found)
    value["reliability"] = reliability(seen, unseen)
    value["rules"] = precision(seen)
    value["data"] = {
        "weights": scores.digest,
        "rows": len(rows),
        "seed": args.seed,
        "held_out": "claims by text, parallel passages by article; figures out of fold",
        "article": "calibrated on FRANK's development rows; nothing was trained on them",
    }
    print(json.dumps({where: value[where] for where in NAMES}, indent=1))
    print(json.dumps(value["rules"]))
    print(json.dumps(value["reliability"]))
    if args.write:
        write(value)


if __name__ == "__main__":
    main()
