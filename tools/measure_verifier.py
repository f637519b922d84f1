"""Measure the verifier, as `ordagrant check` judges, on claims, planted faults and summaries.

    python tools/measure_verifier.py --train DIR --bench DIR [--limit N] [--rules] [--show FILE]

The rows are those of calibrate_support.py, none of which the reader or the word table learnt
from; the calibration did, so its own figures (out of fold) are the honest ones, and these tell
whether the program does what was calibrated. For each set: balanced accuracy and AUC of what
holds against the rest, the share of faults caught, and of true statements flagged (alarms).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from verifier_data import Row, claim_rows, part_of, summary_rows
from verifier_figures import figures, report

from rag.answering.verify import SupportOf, check
from rag.calibration import logit
from rag.models.e5 import unpacked
from rag.models.reader import WEIGHTS
from rag.models.reader_trained import TrainedReader
from rag.settings import load_settings
from rag.types import Verdict


def judged(rows: Sequence[Row], support: SupportOf | None) -> list[Verdict]:
    out = []
    for i, row in enumerate(rows):
        out.append(check(row.statement, row.evidence, support=support))
        if i % 500 == 499:
            print(f"{i + 1} of {len(rows)} rows", file=sys.stderr, flush=True)
    return out


def wrong(rows: Sequence[Row], verdicts: Sequence[Verdict]) -> str:
    """What went wrong, to read."""
    return "\n\n".join(
        f"{row.set} {'FALSE ALARM' if row.true else f'MISSED {row.fault}'}\n"
        f"  S: {row.statement}\n  E: {row.evidence[:700]}\n  {verdict}"
        for row, verdict in zip(rows, verdicts, strict=True)
        if verdict.supported != row.true
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--train", type=Path, required=True, metavar="DIR")
    parser.add_argument("--bench", type=Path, required=True, metavar="DIR")
    parser.add_argument("--reader", type=Path, default=WEIGHTS, metavar="DIR")
    parser.add_argument("--rules", action="store_true", help="by the rules alone")
    parser.add_argument("--limit", type=int, default=100, help="rows of a set and label")
    parser.add_argument("--summaries", type=int, default=10, help="per cent of FRANK's articles")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--show", type=Path, help="write what went wrong to this file")
    args = parser.parse_args()
    rows = claim_rows(args.train, args.seed, args.limit)
    rows += [r for r in summary_rows(args.bench) if part_of(r.key, 100) < args.summaries]
    support = None
    if not args.rules:
        support = TrainedReader(unpacked(load_settings().cache), args.reader).support
    verdicts = judged(rows, support)
    report("ordagrant check", figures(rows, [logit(verdict.score) for verdict in verdicts]))
    if args.show:
        args.show.write_text(wrong(rows, verdicts), encoding="utf-8")


if __name__ == "__main__":
    main()
