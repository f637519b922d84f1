"""Trains the reader on the CPU: `python tools/train_reader.py --train DIR --bench DIR --out DIR`.

Seeded and resumable: run again with the same `--out` and it goes on from the last checkpoint.
About an hour on two cores. OUT/reader.safetensors is what ships; tools/calibrate_reader.py is next.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from claim_data import SUPPORTED, UNSUPPORTED, Claim, claims
from reader_data import Example, training, validation
from reader_metrics import auc, span_f1
from tokenizers import Encoding, Tokenizer
from torch import Tensor
from torch.nn import functional

from rag.models.e5 import unpacked
from rag.models.encoder import pad
from rag.models.reader_net import ReaderNet, untrained
from rag.models.reader_weights import load_tuned, save_tuned
from rag.settings import load_settings

PREFIX = "passage: "
PAD = 1


@dataclass(frozen=True, slots=True)
class Batch:
    ids: Tensor
    mask: Tensor
    in_passage: Tensor
    start: Tensor  # token positions; 0 where the passage does not answer
    end: Tensor
    answerable: Tensor


def encode(tokenizer: Tokenizer, examples: list[Example]) -> list[Encoding]:
    pairs = [(f"query: {e.question.strip()}", before(e) + e.passage) for e in examples]
    return tokenizer.encode_batch(pairs)


def before(example: Example) -> str:
    """What stands before the passage in its half of the pair."""
    return f"{PREFIX}{example.title}: " if example.title else PREFIX


def gold(encoding: Encoding, example: Example) -> tuple[int, int]:
    """The answer's first and last token, or (0, 0) without one."""
    if example.start < 0:
        return 0, 0
    start, end = (len(before(example)) + at for at in (example.start, example.end))
    tokens = [
        i
        for i, (a, b) in enumerate(encoding.offsets)
        if encoding.sequence_ids[i] == 1 and a < end and b > start
    ]
    return (tokens[0], tokens[-1]) if tokens else (0, 0)


def collate(encodings: list[Encoding], examples: list[Example]) -> Batch:
    longest = max(len(e.ids) for e in encodings)

    def padded(rows: list[list[int]], fill: int) -> Tensor:
        return torch.tensor([row + [fill] * (longest - len(row)) for row in rows])

    spans = [gold(e, x) for e, x in zip(encodings, examples, strict=True)]
    inside = [
        [
            int(s == 1 and b > len(before(x)))
            for s, (_, b) in zip(e.sequence_ids, e.offsets, strict=True)
        ]
        for e, x in zip(encodings, examples, strict=True)
    ]
    return Batch(
        ids=padded([e.ids for e in encodings], PAD),
        mask=padded([[1] * len(e.ids) for e in encodings], 0).bool(),
        in_passage=padded(inside, 0).bool(),
        start=torch.tensor([s for s, _ in spans]),
        end=torch.tensor([t for _, t in spans]),
        answerable=torch.tensor([float(s > 0) for s, _ in spans]),
    )


def batches(lengths: list[int], size: int, seed: int) -> list[list[int]]:
    """Indices by batch: shuffled, with texts of like length together (less padding)."""
    rng = random.Random(seed)
    order = list(range(len(lengths)))
    rng.shuffle(order)
    out = []
    for first in range(0, len(order), size * 40):
        pool = sorted(order[first : first + size * 40], key=lambda i: lengths[i])
        out += [pool[i : i + size] for i in range(0, len(pool), size)]
    rng.shuffle(out)
    return out


def loss_of(net: ReaderNet, batch: Batch) -> Tensor:
    with torch.autocast("cpu", torch.bfloat16):
        answer, start, end = net(batch.ids, batch.mask, batch.in_passage)
    judged = functional.binary_cross_entropy_with_logits(answer, batch.answerable)
    spans = functional.cross_entropy(start, batch.start) + functional.cross_entropy(end, batch.end)
    return judged + 0.5 * spans


def claim_batch(tokenizer: Tokenizer, items: list[Claim]) -> tuple[Tensor, Tensor]:
    """Ids and mask of claims and their evidence."""
    pairs = [
        (
            f"claim: {c.claim.strip()}",
            f"{PREFIX}{c.title}: {c.evidence}" if c.title else f"{PREFIX}{c.evidence}",
        )
        for c in items
    ]
    return pad([e.ids for e in tokenizer.encode_batch(pairs)])


def claim_loss(net: ReaderNet, tokenizer: Tokenizer, items: list[Claim]) -> Tensor:
    """Cross-entropy; where a claim is only known not to be supported, of the two together."""
    ids, mask = claim_batch(tokenizer, items)
    with torch.autocast("cpu", torch.bfloat16):
        logits = net.judge(ids, mask)
    logs = functional.log_softmax(logits, dim=-1)
    wanted = [
        torch.logsumexp(row[:SUPPORTED], 0) if c.label == UNSUPPORTED else row[c.label]
        for row, c in zip(logs, items, strict=True)
    ]
    return -torch.stack(wanted).mean()


@torch.inference_mode()
def judge_claims(
    net: ReaderNet, tokenizer: Tokenizer, items: list[Claim]
) -> dict[str, dict[str, float]]:
    """AUC of "supported" among the held-out claims of each group (the first word of a kind)."""
    out = {}
    for group in sorted({c.kind.split()[0] for c in items}):
        chosen = [c for c in items if c.kind.split()[0] == group][:400]
        scores: list[float] = []
        for at in range(0, len(chosen), 16):
            ids, mask = claim_batch(tokenizer, chosen[at : at + 16])
            with torch.autocast("cpu", torch.bfloat16):
                odds = functional.softmax(net.judge(ids, mask), dim=-1)
            scores += odds[:, SUPPORTED].tolist()
        truth = [c.label == SUPPORTED for c in chosen]
        right = [t == (s > 0.5) for t, s in zip(truth, scores, strict=True)]
        out[f"claims {group}"] = {
            "auc": auc(truth, scores),
            "accuracy": sum(right) / len(right),
            "n": len(chosen),
        }
    return out


@torch.inference_mode()
def evaluate(
    net: ReaderNet, tokenizer: Tokenizer, sets: dict[str, list[Example]], most: int
) -> dict[str, dict[str, float]]:
    """Answerability AUC (by the answer output, the spans, both) and span F1 of each set."""
    out = {}
    for name, examples in sets.items():
        chosen = examples[:: max(1, len(examples) // most)]
        truth, by_answer, by_span, f1 = [], [], [], []
        for at in range(0, len(chosen), 16):
            part = chosen[at : at + 16]
            encodings = encode(tokenizer, part)
            batch = collate(encodings, part)
            with torch.autocast("cpu", torch.bfloat16):
                answer, start, end = net(batch.ids, batch.mask, batch.in_passage)
            for row, example in enumerate(part):
                score, text = best_span(start[row], end[row], encodings[row], example.passage)
                truth.append(example.start >= 0)
                by_answer.append(float(answer[row]))
                by_span.append(score)
                if example.start >= 0:
                    f1.append(max(span_f1(text, gold) for gold in example.answers))
        both = [a + 0.5 * s for a, s in zip(by_answer, by_span, strict=True)]
        out[name] = {
            "auc_answer": auc(truth, by_answer),
            "auc_span": auc(truth, by_span),
            "auc_both": auc(truth, both),
            "f1": sum(f1) / max(1, len(f1)),
            "n": len(chosen),
        }
    return out


def best_span(start: Tensor, end: Tensor, encoding: Encoding, passage: str) -> tuple[float, str]:
    """How far the best span (of at most 30 tokens) beats "no answer", and its text."""
    length = len(encoding.ids)
    pair = start[1:length, None] + end[None, 1:length]
    pair = pair.masked_fill(~torch.ones_like(pair, dtype=torch.bool).triu().tril(29), -1e9)
    best = int(pair.argmax())
    first, last = divmod(best, length - 1)
    a = encoding.offsets[first + 1][0] - len(PREFIX)
    b = encoding.offsets[last + 1][1] - len(PREFIX)
    return float(pair.max() - start[0] - end[0]), passage[max(0, a) : max(0, b)].strip()


class Run:
    """One training run and its checkpoint."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self.a = arguments
        settings = load_settings()
        folder = unpacked(settings.cache)
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.enable_truncation(arguments.tokens, strategy="only_second")
        torch.manual_seed(arguments.seed)
        self.net = untrained(folder)
        tuned = self.net.tuned()
        if arguments.start:
            started = {k: torch.from_numpy(v) for k, v in load_tuned(arguments.start).items()}
            self.net.load_state_dict(started, strict=False)
        for name, value in self.net.named_parameters():
            value.requires_grad_(name in tuned)
        heads = ("pool", "answer", "span", "weigh", "support")
        head = [v for n, v in tuned.items() if n.startswith(heads)]
        body = [v for n, v in tuned.items() if not n.startswith(heads)]
        self.optimizer = torch.optim.AdamW(
            [{"params": body}, {"params": head, "lr": arguments.lr * 5}],
            lr=arguments.lr,
            weight_decay=0.01,
        )
        self.examples = training(arguments.train, arguments.bench, arguments.seed, arguments.scale)
        self.claims = claims(arguments.train, arguments.seed, arguments.claims)
        self.plan = self._planned()
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimizer, self._rate)
        self.step = 0

    def _planned(self) -> list[tuple[str, list[int]]]:
        """Batches of questions and batches of claims, mixed."""
        lengths = {
            "question": [len(e.passage) for e in self.examples],
            "claim": [len(c.evidence) + len(c.claim) for c in self.claims],
        }
        plan = [
            (kind, rows)
            for epoch in range(self.a.epochs)
            for kind, of in lengths.items()
            for rows in batches(of, 16, self.a.seed + epoch)
        ]
        random.Random(self.a.seed).shuffle(plan)
        return plan[: self.a.steps]

    def _loss(self, kind: str, rows: list[int]) -> Tensor:
        if kind == "claim":
            return claim_loss(self.net, self.tokenizer, [self.claims[i] for i in rows])
        examples = [self.examples[i] for i in rows]
        return loss_of(self.net, collate(encode(self.tokenizer, examples), examples))

    def _rate(self, step: int) -> float:
        warm = 0.06 * len(self.plan)
        return min(step / warm, max(0.0, (len(self.plan) - step) / (len(self.plan) - warm)))

    @property
    def checkpoint(self) -> Path:
        return self.a.out / "checkpoint.pt"

    def resume(self) -> None:
        if self.checkpoint.exists():
            state = torch.load(self.checkpoint, weights_only=True)
            if state["steps"] != len(self.plan):
                sys.exit(f"{self.checkpoint} is of a run with other settings: use another --out.")
            self.net.load_state_dict(state["net"], strict=False)
            self.optimizer.load_state_dict(state["optimizer"])
            self.schedule.load_state_dict(state["schedule"])
            self.step = state["step"]
            print(f"resumed at step {self.step}", flush=True)

    def save(self) -> None:
        state = {
            "steps": len(self.plan),
            "step": self.step,
            "net": {n: v.detach() for n, v in self.net.tuned().items()},
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
        }
        temporary = self.checkpoint.with_suffix(".part")
        torch.save(state, temporary)
        temporary.replace(self.checkpoint)
        save_tuned(self.net, self.a.out / "reader.safetensors")

    def train(self) -> None:
        began = saved = time.monotonic()
        from_step, total = self.step, len(self.plan)
        recent = {"question": 0.0, "claim": 0.0}
        for kind, rows in self.plan[self.step :]:
            loss = self._loss(kind, rows)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.net.tuned().values(), 1.0)
            self.optimizer.step()
            self.schedule.step()
            self.optimizer.zero_grad()
            self.step += 1
            value = float(loss.detach())
            recent[kind] = 0.98 * recent[kind] + 0.02 * value if recent[kind] else value
            if self.step % 20 == 0:
                pace = (time.monotonic() - began) / (self.step - from_step)
                left = pace * (total - self.step) / 60
                losses = ", ".join(f"{k} {v:.3f}" for k, v in recent.items())
                at = f"step {self.step}/{total} loss of {losses}:"
                print(f"{at} {pace:.2f} s/step, {left:.0f} min left", flush=True)
            if time.monotonic() - saved > self.a.checkpoint_minutes * 60:
                self.save()
                saved = time.monotonic()
        self.save()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", type=Path, required=True, help="folder of the training sets")
    parser.add_argument("--bench", type=Path, required=True, help="folder of the benchmark sets")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--start", type=Path, help="weights to go on from (a second stage)")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--scale", type=float, default=0.9, help="size of the mix; 1: 48,000")
    parser.add_argument("--claims", type=float, default=0.9, help="claims; 1: 41,000")
    parser.add_argument("--steps", type=int, help="end here; the rate falls to 0 by then")
    parser.add_argument("--tokens", type=int, default=256)
    parser.add_argument("--lr", type=float, default=8e-5)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--checkpoint-minutes", type=float, default=8)
    parser.add_argument("--validate-only", action="store_true")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    run = Run(arguments)
    run.resume()
    if not arguments.validate_only:
        run.train()
    sets = validation(arguments.train, arguments.bench, arguments.seed)
    figures = evaluate(run.net.eval(), run.tokenizer, sets, 400)
    held = claims(arguments.train, arguments.seed + 1, 0.5, held=True)
    figures |= judge_claims(run.net, run.tokenizer, held)
    report = {"step": run.step, "steps": len(run.plan), "seed": arguments.seed, "sets": figures}
    (arguments.out / "validation.json").write_text(json.dumps(report, indent=2) + "\n")
    for name, values in figures.items():
        print(f"{name:22}", {k: round(v, 3) for k, v in values.items()}, flush=True)


if __name__ == "__main__":
    main()
