"""What is installed, loaded and healthy; and the mending of what can be made anew."""

from __future__ import annotations

import platform
from dataclasses import asdict, dataclass
from importlib import metadata
from typing import Any

from rag import __version__
from rag.errors import IndexMismatch, OrdagrantError
from rag.models.embedding import Embedder, load_embedder
from rag.models.llm import load_chat
from rag.models.progress import Progress
from rag.models.reader import load_reader
from rag.settings import Settings
from rag.store.doctor import Health, diagnose, mend
from rag.store.rebuild import rebuild as rebuild_store
from rag.store.store import Store

_LIBRARIES = ("llama-index-core", "chromadb", "sentence-transformers", "torch", "gradio")
_OPTIONAL = ("xllamacpp", "llama-index-llms-ollama", "llama-index-llms-openai-like")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what it is, whether it is well, and a sentence about it."""

    what: str
    ok: bool
    says: str


@dataclass(frozen=True, slots=True)
class Report:
    findings: tuple[Finding, ...]
    store: Health | None

    @property
    def healthy(self) -> bool:
        return all(f.ok for f in self.findings)

    def value(self) -> dict[str, Any]:
        return {
            "healthy": self.healthy,
            "findings": [asdict(f) for f in self.findings],
            "store": None if self.store is None else asdict(self.store),
        }


def examine(
    settings: Settings, *, mend: bool, rebuild: bool = False, progress: Progress | None = None
) -> Report:
    """Looks at libraries, models and store; mends the store where asked to."""
    findings = [_versions(), Finding("data folder", True, str(settings.data.resolve()))]
    embedder: Embedder | None = None
    try:
        embedder = load_embedder(settings, progress)
        findings.append(Finding("embedding model", True, embedder.name))
        reader = load_reader(settings, embedder)
        findings.append(Finding("reader", True, reader.name))
    except OrdagrantError as error:
        findings.append(Finding("embedding model", False, str(error)))
    findings.append(_llm(settings, progress))
    health, found = _store(settings, embedder, mend, rebuild, progress)
    return Report((*findings, *found), health)


def _versions() -> Finding:
    names = [f"Ordagrant {__version__}", f"Python {platform.python_version()}"]
    missing = []
    for name in (*_LIBRARIES, *_OPTIONAL):
        try:
            names.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            names.append(f"{name} not installed")
            missing += [name] if name in _LIBRARIES else []
    return Finding("versions", not missing, ", ".join(names))


def _llm(settings: Settings, progress: Progress | None) -> Finding:
    try:
        chat = load_chat(settings, progress)
    except OrdagrantError as error:
        return Finding("LLM", False, str(error))
    if chat is None:
        return Finding("LLM", True, "none: the best quotes themselves are the answer")
    return Finding("LLM", True, chat.label)


def _store(
    settings: Settings,
    embedder: Embedder | None,
    mending: bool,
    rebuild: bool,
    progress: Progress | None,
) -> tuple[Health | None, list[Finding]]:
    try:
        with Store.open(settings) as store:
            if rebuild and embedder is not None:
                rebuild_store(store, embedder, settings, progress)
            health = diagnose(store, embedder)
            findings = []
            if not health.ok and mending and embedder is not None:
                findings = [Finding("mended", True, line) for line in health.lines]
                health = mend(store, embedder, progress)
    except IndexMismatch as error:
        return None, [Finding("index", False, str(error))]
    except OrdagrantError as error:
        return None, [Finding("store", False, str(error))]
    counts = f"{health.articles} articles, {health.chunks} chunks, {health.vectors} vectors"
    findings.append(Finding("store", health.ok, counts))
    findings += [Finding("store", False, line) for line in health.lines]
    return health, findings


def print_report(report: Report) -> None:
    """The findings, a line each, on stdout."""
    for finding in report.findings:
        print(f"{'ok  ' if finding.ok else 'BAD '} {finding.what}: {finding.says}")
