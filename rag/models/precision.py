"""Which arithmetic embeds fastest on this CPU: measured once, remembered in the cache.

On a CPU with AMX, bfloat16 tripled the rate (25 to 79 chunks a second); on one with AVX-512 BF16
only, it was 1.2 times onnxruntime's fp32; on older ones it is slower.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import platform
import time
from collections.abc import Callable
from pathlib import Path

_FILE = "precision.json"
# Two arithmetics within a tenth of each other are not worth torch's memory.
_GAIN = 1.1


def prefers_half(cache: Path, exact: Callable[[], object], half: Callable[[], object]) -> bool:
    """Whether `half` beats `exact` on this machine; each is run about a second at most.

    The answer is kept in `cache` by CPU model, core features and runtime versions.
    """
    path, key = cache / _FILE, _machine()
    known = _read(path)
    if key not in known:
        if _bfloat16_in_hardware():
            known[key] = _seconds(exact) > _GAIN * _seconds(half)
        else:
            known[key] = False
        # A cache that cannot be written costs a measurement next time, nothing more.
        with contextlib.suppress(OSError):
            temporary = path.with_suffix(".part")
            temporary.write_text(json.dumps(known, indent=1) + "\n", "utf-8")
            temporary.replace(path)
    return known[key]


def _read(path: Path) -> dict[str, bool]:
    try:
        known = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return {k: bool(v) for k, v in known.items()} if isinstance(known, dict) else {}


def _seconds(work: Callable[[], object]) -> float:
    work()  # loading and first-use preparation
    best = float("inf")
    until = time.monotonic() + 0.6
    while True:
        began = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - began)
        if time.monotonic() > until:
            return best


def _cpuinfo() -> dict[str, str]:
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8", "replace").split("\n\n")[0]
    except OSError:
        return {}
    pairs = (line.split(":", 1) for line in text.splitlines() if ":" in line)
    return {key.strip(): value.strip() for key, value in pairs}


def _machine() -> str:
    cpu = _cpuinfo().get("model name") or platform.processor() or platform.machine()
    family = "/".join(_cpuinfo().get(k, "") for k in ("cpu family", "model", "stepping"))
    versions = [f"{name} {importlib.metadata.version(name)}" for name in ("torch", "onnxruntime")]
    return ", ".join([f"{cpu} {family}", *versions])


def _bfloat16_in_hardware() -> bool:
    flags = _cpuinfo().get("flags", "") or _cpuinfo().get("Features", "")
    return any(flag in flags.split() for flag in ("avx512_bf16", "amx_bf16", "bf16"))
