"""Whole processes, as a person starts them: wall time and peak memory."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.errors import InputError


@dataclass(frozen=True, slots=True)
class Run:
    """One process from start to end; `peak_mb` is its largest resident set (1 MB = 2**20)."""

    seconds: float
    peak_mb: float


def ordagrant(*words: str) -> Run:
    """Runs the command line of this environment; raises `InputError` if it fails."""
    script = Path(sys.executable).with_name("ordagrant")
    start = [str(script)] if script.is_file() else [sys.executable, "-m", "rag.cli"]
    return run([*start, *words])


# A child begins with its parent's peak (exec keeps the maximum so far), and the bench itself
# holds models: hence a small process in between, which times and waits.
_BETWEEN = """
import json, os, subprocess, sys, time
begun = time.perf_counter()
child = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(child.pid, 0)
took = time.perf_counter() - begun
child.returncode = os.waitstatus_to_exitcode(status)
print(json.dumps([child.returncode, took, usage.ru_maxrss]))
"""


def run(command: Sequence[str]) -> Run:
    """Waits for a command; raises `InputError` with its last line of stderr if it fails."""
    between = subprocess.run(  # noqa: S603 - our own command line
        [sys.executable, "-S", "-c", _BETWEEN, *command],
        capture_output=True,
        text=True,
        check=False,
    )
    said = (between.stderr.strip().splitlines() or ["nothing"])[-1]
    if between.returncode != 0:
        raise InputError(f"`{command[0]}` could not be started: {said}")
    status, took, peak = json.loads(between.stdout)
    if status != 0:
        raise InputError(f"`{' '.join(command[:3])}` ended with status {status}: {said}")
    return Run(took, peak_mb(peak))


def own_peak_mb() -> float:
    """The largest resident set that this process has had."""
    return peak_mb(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def peak_mb(ru_maxrss: int) -> float:
    """Linux counts in KiB, macOS in bytes."""
    return ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
