"""Judges judged: how well they agree with labels, in all and by kind of error.

Balanced accuracy, the mean of the shares of true and of false items that are ruled on rightly,
as in SummaC (Laban et al. 2022) and AggreFact (Tang et al. 2023): most labelled sets are lopsided.
The interval is over groups of rows (all summaries of one article). What a judge left unjudged
is counted by itself. The figures are kept in `eval/judges.json`, with commit, data and n.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from eval.bootstrap import estimate
from eval.judge_sets import SETS, Labelled, LabelledSet, drawn
from eval.judges import Judge, Ruling
from eval.report import commit
from eval.runner import Report
from rag.errors import SettingsError

TABLE = Path(__file__).parent / "judges.json"
_SUPPORT = Path(__file__).parent.parent / "rag" / "calibration.json"

# Sets on whose rows the weights of a judge were fitted: what it scores there is too good. Its
# figures on rows that a fit had not seen are in rag/calibration.json.
SEEN = {("verifier", "frank"): "frank", ("rules", "frank"): "frank"}
_FITTED = {"verifier": "heard", "rules": "rules"}

_Ruled = tuple[Labelled, Ruling]


def measure(
    labelled_set: LabelledSet,
    labelled: Sequence[Labelled],
    judge: Judge,
    report: Report | None = None,
) -> dict[str, Any]:
    """The entry of `eval/judges.json` for a judge and a set, but for `data` and commit."""
    ruled = list(zip(labelled, judge.judge([x.item for x in labelled], report), strict=True))
    judged = [(x, r) for x, r in ruled if r.holds is not None]
    faults = sorted({fault for x, _ in judged for fault in x.faults})
    parts = sorted({x.part for x, _ in judged if x.part})
    return {
        "aspect": labelled_set.aspect,
        "labels": labelled_set.labels,
        "balanced": balanced(judged),
        "kept": _share(judged, lambda x: x.holds, lambda r: r.holds is True),
        "caught": _share(judged, lambda x: not x.holds, lambda r: r.holds is False),
        "parts": {part: balanced([p for p in judged if p[0].part == part]) for part in parts},
        "errors": {
            fault: balanced([p for p in judged if p[0].holds or fault in p[0].faults])
            | {"false": sum(fault in x.faults for x, _ in judged)}
            for fault in faults
        },
        "unjudged": len(ruled) - len(judged),
        "repeats": judge.repeats,
        "seen": (judge.name, labelled_set.name) in SEEN,
    }


def balanced(ruled: Sequence[_Ruled]) -> dict[str, Any]:
    """Balanced accuracy; None where there are no true or no false items. `n` counts items.

    Of a set in parts the mean of theirs, as in AggreFact: FRANK's BBC summaries are nearly all
    false and its CNN/DM ones mostly true, so telling the parts apart would score well. Parts
    without both labels are left out.
    """
    labels: dict[str, set[bool]] = defaultdict(set)
    for labelled, _ in ruled:
        labels[labelled.part].add(labelled.holds)
    cells = [
        (part, holds)
        for part in sorted(labels)
        if len(labels[part]) == 2
        for holds in (False, True)
    ]
    groups = list(dict.fromkeys(labelled.group for labelled, _ in ruled))
    sums = {cell: {group: [0.0, 0.0] for group in groups} for cell in cells}
    counted = [(x, r) for x, r in ruled if len(labels[x.part]) == 2]
    for labelled, ruling in counted:
        cell = sums[labelled.part, labelled.holds][labelled.group]
        cell[0] += ruling.holds is labelled.holds
        cell[1] += 1
    ratios = [[(up, down) for up, down in sums[cell].values()] for cell in cells]
    return asdict(estimate(ratios)) | {"n": len(counted)}


def _share(
    ruled: Sequence[_Ruled], of: Callable[[Labelled], bool], yes: Callable[[Ruling], bool]
) -> dict[str, Any]:
    groups: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
    chosen = [(x, r) for x, r in ruled if of(x)]
    for labelled, ruling in chosen:
        groups[labelled.group][0] += yes(ruling)
        groups[labelled.group][1] += 1
    return asdict(estimate([[(up, down) for up, down in groups.values()]])) | {"n": len(chosen)}


def calibrate(
    bench: Path,
    judge: Judge,
    *,
    only: Sequence[str] = (),
    most: int | None = None,
    report: Report | None = None,
) -> tuple[dict[str, Any], list[str]]:
    """(entries by set, a sentence for each set that was left out). Raises `SettingsError` when
    the folder is not there or a set is not known."""
    if not bench.is_dir():
        raise SettingsError(f"The folder {bench} does not exist: give the one with the sets.")
    if unknown := sorted(set(only) - {s.name for s in SETS}):
        known = ", ".join(s.name for s in SETS)
        raise SettingsError(f"There is no labelled set {unknown[0]}: the sets are {known}.")
    entries: dict[str, Any] = {}
    skipped = []
    at = commit()
    for one in SETS:
        path = bench / one.file
        if (only and one.name not in only) or one.aspect not in judge.aspects:
            continue
        if not path.is_file():
            skipped.append(f"{one.name} is left out: {one.file} is not in {bench}.")
            continue
        labelled = drawn(one.load(path), most)
        entry = measure(one, labelled, judge, report)
        if entry["seen"]:
            entry["out_of_fold"] = out_of_fold(judge.name, SEEN[judge.name, one.name])
        data = {
            "file": one.file,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest()[:12],
            "rows": len(labelled),
            "most": most,
        }
        finished = datetime.now(UTC).isoformat(timespec="seconds")
        entries[one.name] = entry | {
            "data": data, "commit": at.sha, "dirty": at.dirty, "finished": finished,
        }  # fmt: skip
    return entries, skipped


def out_of_fold(judge: str, prefix: str, file: Path = _SUPPORT) -> dict[str, str]:
    """What the fit of the verifier noted of rows it had not seen, by part of the set."""
    try:
        figures = json.loads(file.read_text("utf-8"))["support"]["figures"][_FITTED[judge]]
    except (OSError, ValueError, KeyError):
        return {}
    return {name: line for name, line in figures.items() if name.startswith(f"{prefix} ")}


def load_table(file: Path = TABLE) -> dict[str, Any]:
    """What is known of judges, by judge and set; empty where nothing was measured yet."""
    if not file.is_file():
        return {}
    try:
        table = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{file} cannot be read: {error}.") from None
    return dict(table)


def merged(table: Mapping[str, Any], judge: str, entries: Mapping[str, Any]) -> dict[str, Any]:
    """The table with a judge's new entries in place of its old ones on the same sets."""
    return {**table, judge: {**table.get(judge, {}), **entries}}
