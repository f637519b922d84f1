"""Kill an ingest at random points and see that nothing is lost and nothing is doubled.

    python tools/kill_ingest.py --kills 20 --articles 300 --seed 1

A corpus of .txt files is made; ingests of it are killed with SIGKILL after random times, and
between them some articles are changed, removed and added. After every kill the store is opened
and looked at; at the end it must equal one made by an ingest that was left in peace.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from rag.settings import Settings, load_settings  # noqa: E402
from rag.store.doctor import diagnose  # noqa: E402
from rag.store.ingest import ingest  # noqa: E402
from rag.store.store import Store  # noqa: E402

_WORDS = (
    "harbour", "council", "bridge", "ferry", "election", "minister", "budget", "river", "storm",
    "police", "court", "school", "hospital", "railway", "tunnel", "forest", "island", "museum",
    "factory", "strike", "union", "harvest", "winter", "summer",
)  # fmt: skip
_SLOW = 0.002  # seconds a passage: about what a fast model takes


class HashedWords:
    """An embedder without a model, as slow as asked."""

    name = "hashed-words"
    dimension = 64

    def __init__(self, seconds: float = 0.0) -> None:
        self._seconds = seconds

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        time.sleep(self._seconds * len(texts))
        return np.stack([self.embed_query(text) for text in texts])

    def embed_query(self, text: str) -> NDArray[np.float32]:
        vector = np.full(self.dimension, 1e-3, dtype=np.float32)
        for word in text.lower().split():
            vector[zlib.crc32(word.encode()) % self.dimension] += 1
        return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]


@dataclass
class Report:
    kills: int = 0
    finished: int = 0  # ingests that were done before they could be killed
    problems: list[str] = field(default_factory=list)
    articles: int = 0
    chunks: int = 0
    seconds: float = 0.0


def write_article(folder: Path, number: int, chance: random.Random) -> None:
    lines = [
        f"The {chance.choice(_WORDS)} near the {chance.choice(_WORDS)} cost "
        f"{chance.randrange(10, 9999)} crowns in {chance.randrange(1990, 2026)}, said witness "
        f"{number} of the {chance.choice(_WORDS)}."
        for _ in range(chance.randrange(3, 30))
    ]
    (folder / f"article{number:05}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def settings_for(data: Path) -> Settings:
    return load_settings({}, data=data, chunk_tokens=48)


def kill_ingests(work: Path, *, kills: int, articles: int, seed: int) -> Report:
    """Do it in the empty folder `work`; see the report's `problems`."""
    chance = random.Random(seed)
    began = time.monotonic()
    report = Report()
    folder, data = work / "news", work / "data"
    folder.mkdir(parents=True)
    for number in range(articles):
        write_article(folder, number, chance)
    span = _time_of_ingest(folder, work / "timing")
    settled: dict[str, str] = {}
    while report.kills < kills:
        done_in = _time_unless_killed(folder, data, chance.uniform(0.0, span))
        if done_in is None:
            report.kills += 1
        else:
            report.finished += 1
            span = done_in  # later ingests have less to do than the first
        settled = _look(data, folder, settled, report)
        _change(folder, articles, chance)
    with Store.open(settings_for(data)) as store:
        ingest(store, [folder], HashedWords(), store.settings, prune=True)
    _compare_with_peaceful(folder, data, work / "peaceful", report)
    report.seconds = time.monotonic() - began
    return report


def _command(folder: Path, data: Path) -> list[str]:
    return [sys.executable, __file__, "--ingest", str(folder), "--data", str(data)]


def _time_of_ingest(folder: Path, data: Path) -> float:
    """Seconds from "ready" to the end of an ingest in a process of its own."""
    with subprocess.Popen(_command(folder, data), stdout=subprocess.PIPE) as process:
        _wait_until_ready(process)
        began = time.monotonic()
        process.wait()
    return time.monotonic() - began


def _wait_until_ready(process: subprocess.Popen[bytes]) -> None:
    if process.stdout is not None:
        process.stdout.readline()


def _time_unless_killed(folder: Path, data: Path, after: float) -> float | None:
    """Start an ingest and kill it; its seconds when it was done before, else None."""
    with subprocess.Popen(_command(folder, data), stdout=subprocess.PIPE) as process:
        _wait_until_ready(process)
        began = time.monotonic()
        try:
            process.wait(timeout=after)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            return None
    return time.monotonic() - began


def _look(data: Path, folder: Path, settled: dict[str, str], report: Report) -> dict[str, str]:
    """Open after a kill, finish what is pending, and hold the store against what it held."""
    with Store.open(settings_for(data)) as store:
        with store.writing():
            pass
        health = diagnose(store)
        report.problems += [f"after kill {report.kills}: {line}" for line in health.lines]
        now = {info.id: info.sha256 for info in store.articles(limit=1_000_000)[0]}
    lost = [name for name in settled if name not in now and (folder / f"{name}.txt").exists()]
    if lost:
        report.problems.append(f"after kill {report.kills}: lost {', '.join(sorted(lost)[:5])}")
    return now


def _change(folder: Path, articles: int, chance: random.Random) -> None:
    """Change a third of the articles, remove a few, and bring a few back."""
    for number in chance.sample(range(articles), max(1, articles // 3)):
        write_article(folder, number, chance)
    for number in chance.sample(range(articles), max(1, articles // 40)):
        (folder / f"article{number:05}.txt").unlink(missing_ok=True)


def _compare_with_peaceful(folder: Path, data: Path, peaceful: Path, report: Report) -> None:
    with Store.open(settings_for(peaceful)) as calm:
        ingest(calm, [folder], HashedWords(), calm.settings)
        with Store.open(settings_for(data)) as store:
            health = diagnose(store)
            report.articles, report.chunks = health.articles, health.chunks
            report.problems += [f"at the end: {line}" for line in health.lines]
            if store.count() != calm.count():
                report.problems.append(f"at the end: {store.count()} is not {calm.count()}")
            if store.languages() != calm.languages():
                report.problems.append("at the end: the languages differ")
            for info in calm.articles(limit=1_000_000)[0]:
                if store.article(info.id) is None or _told(store, info.id) != _told(calm, info.id):
                    report.problems.append(f"at the end: {info.id} differs")
            for language in calm.languages():
                mean, wanted = store.language_mean(language), calm.language_mean(language)
                if mean is None or wanted is None or not np.array_equal(mean, wanted):
                    report.problems.append(f"at the end: the mean of {language} differs")


def _told(store: Store, article_id: str) -> tuple[str, int] | None:
    article = store.article(article_id)
    return None if article is None else (article.text, len(article.sentences))


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--articles", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ingest", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--data", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.ingest is not None:
        with Store.open(settings_for(asked.data)) as store:
            print("ready", flush=True)
            ingest(store, [asked.ingest], HashedWords(_SLOW), store.settings, prune=True)
        return 0
    with tempfile.TemporaryDirectory(prefix="ordagrant-kill-") as work:
        report = kill_ingests(
            Path(work), kills=asked.kills, articles=asked.articles, seed=asked.seed
        )
    print(
        f"{report.kills} kills ({report.finished} ingests were done first), then "
        f"{report.articles} articles and {report.chunks} passages in {report.seconds:.0f} s: "
        + ("nothing lost, nothing doubled" if not report.problems else "PROBLEMS")
    )
    for problem in report.problems:
        print(f"  {problem}")
    return 1 if report.problems else 0


if __name__ == "__main__":
    sys.exit(main())
