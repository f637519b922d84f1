"""Make rag/answering/lexicon/en_sv.tsv: word stems that translate each other.

IBM Model 1 in both directions over sentences that a translation put side by side; a pair is
kept where both directions give it weight. Used to see which words of a statement its quote
says in the other language.

    python tools/build_word_pairs.py --train DIR [--out FILE]

`DIR/squad2_en_sv.jsonl.gz` holds rows with passage, passage_sv, question, question_sv
(SQuAD 2.0 and its Swedish translation, CC BY-SA 4.0). Held-out articles are left out: with
their own words in the table the verifier looks much better on them than it is.
"""

from __future__ import annotations

import argparse
import gzip
import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from reader_data import held_out

from rag.answering.checks.text import Language, analyse, is_stop

ROUNDS = 6
LEAST_SEEN = 2  # sentences
LEAST_WEIGHT = 0.12  # geometric mean of the two directions
Pair = tuple[list[str], list[str]]


def stems(text: str, language: Language) -> list[list[str]]:
    """Content stems of each sentence."""
    analysed = analyse(text, language)
    return [
        [t.stem for t in sentence if not is_stop(t) and t.text[0].isalpha() and len(t.stem) > 1]
        for sentence in analysed.sentences()
    ]


def sentence_pairs(path: Path) -> Iterator[Pair]:
    """Sentences of equal standing; texts that split differently are left out."""
    seen: set[str] = set()
    with gzip.open(path, "rt", encoding="utf-8") as rows:
        for line in rows:
            row = json.loads(line)
            if held_out(row["title"]):
                continue
            for key in ("question", "passage"):
                if row[key] in seen or not row.get(f"{key}_sv"):
                    continue
                seen.add(row[key])
                english = stems(row[key], "en")
                swedish = stems(row[f"{key}_sv"], "sv")
                if len(english) == len(swedish):
                    yield from zip(english, swedish, strict=True)


def align(pairs: list[Pair]) -> dict[tuple[str, str], float]:
    """p(target | source) of IBM Model 1 with a null word, after some rounds of EM."""
    weight: dict[tuple[str, str], float] = {}
    for _ in range(ROUNDS):
        counts: dict[tuple[str, str], float] = defaultdict(float)
        totals: dict[str, float] = defaultdict(float)
        for source, target in pairs:
            words = [*source, ""]
            for word in target:
                shares = [weight.get((s, word), 1e-6 if weight else 1.0) for s in words]
                total = sum(shares)
                for s, share in zip(words, shares, strict=True):
                    counts[s, word] += share / total
                    totals[s] += share / total
        weight = {k: v / totals[k[0]] for k, v in counts.items() if v / totals[k[0]] > 1e-4}
    return weight


def build(path: Path) -> list[tuple[str, str]]:
    pairs = [(a, b) for a, b in sentence_pairs(path) if a and b and len(a) < 40 and len(b) < 40]
    there = align(pairs)
    back = align([(b, a) for a, b in pairs])
    seen = Counter((a, b) for source, target in pairs for a in set(source) for b in set(target))
    kept = [
        (a, b)
        for (a, b), share in there.items()
        if a
        and a != b
        and seen[a, b] >= LEAST_SEEN
        and math.sqrt(share * back.get((b, a), 0.0)) >= LEAST_WEIGHT
    ]
    return sorted(kept)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--train", type=Path, required=True, metavar="DIR")
    parser.add_argument("--out", type=Path, default=Path("rag/answering/lexicon/en_sv.tsv"))
    args = parser.parse_args()
    rows = build(args.train / "squad2_en_sv.jsonl.gz")
    text = "".join(f"{a}\t{b}\n" for a, b in rows)
    args.out.write_text(text, encoding="utf-8")
    print(f"{len(rows)} pairs, {len(text.encode()) // 1024} KiB: {args.out}")


if __name__ == "__main__":
    main()
