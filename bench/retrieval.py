"""What each part of retrieval is worth: `python -m bench retrieval --bench DIR`.

Each set is ingested as a person would do it, into a store of its own with the real models, once
for each way of indexing; then every row of the table searches it with one part less.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.table import Table

from bench.remembered import Memory, RememberingEmbedder, RememberingReader
from bench.retrieval_measure import Figures, measure
from bench.retrieval_rows import ROWS, RowOf, searcher
from bench.retrieval_sets import SETS, BenchSet, Corpus, load_set, write_articles
from eval.report import commit, cpus, public_settings, versions
from rag.errors import InputError, SettingsError
from rag.models import reader as reader_model
from rag.models.embedding import load_embedder
from rag.models.reader import load_reader
from rag.settings import Settings, load_settings
from rag.store.ingest import ingest
from rag.store.store import Store

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Models:
    """The real models, remembering; `memories` count the milliseconds they took."""

    embedder: RememberingEmbedder
    reader: RememberingReader
    memories: tuple[Memory, Memory]

    def remembered_ms(self) -> float:
        return sum(memory.ms - memory.fresh_ms for memory in self.memories)


def run(
    bench: Path,
    names: Sequence[str],
    rows: Sequence[str],
    limit: int | None,
    full: bool,
    memory: Path | None,
    say: Say,
) -> dict[str, Any]:
    """The whole ablation as plain JSON data; raises `SettingsError` for an unknown name."""
    chosen = _chosen(rows)
    sets = _sets(bench, names, limit, full, say)
    if not sets:
        raise InputError(f"{bench} holds none of these sets: see --bench.")
    with (
        tempfile.TemporaryDirectory(prefix="ordagrant-retrieval-") as folder,
        models(memory or Path(folder)) as loaded,
    ):
        figures: dict[str, dict[str, Any]] = {row.name: {} for row in chosen}
        for one in sets:
            for row, found in _of_set(one, chosen, loaded, Path(folder), say):
                figures[row.name].update(found)
    at = commit()
    return {
        "schema": 1,
        "commit": at.sha,
        "dirty": at.dirty,
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "sets": {s.name: {"questions": s.queries, "note": s.note} for s in sets},
        "settings": public_settings(load_settings(llm="none")),
        "versions": versions(),
        "machine": {"cpus": cpus()},
        "rows": figures,
    }


def _chosen(names: Sequence[str]) -> list[RowOf]:
    unknown = sorted(set(names) - {row.name for row in ROWS})
    if unknown:
        raise SettingsError(
            f"There is no row {unknown[0]!r}: the rows are "
            f"{', '.join(repr(row.name) for row in ROWS)}."
        )
    return [row for row in ROWS if not names or row.name in names]


def _sets(
    bench: Path, names: Sequence[str], limit: int | None, full: bool, say: Say
) -> list[BenchSet]:
    unknown = sorted(set(names) - set(SETS))
    if unknown:
        raise SettingsError(f"There is no set {unknown[0]}: the sets are {', '.join(SETS)}.")
    found = []
    for name in names or SETS:
        one = load_set(name, bench, limit, full=full)
        if one is None:
            say(f"{name}: its file is not in {bench}, so it is left out")
        else:
            found.append(one)
    return found


@contextmanager
def models(folder: Path) -> Iterator[Models]:
    settings = load_settings(llm="none")
    files = [reader_model.WEIGHTS / name for name in ("reader.safetensors", "reader.json")]
    told = b"".join(file.read_bytes() for file in files if file.is_file())
    label = hashlib.sha256(told).hexdigest()
    vectors, readings = Memory(folder / "vectors.db"), Memory(folder / "readings.db")
    with closing(vectors), closing(readings):
        embedder = load_embedder(settings)
        reader = RememberingReader(load_reader(settings, embedder), readings, label)
        yield Models(RememberingEmbedder(embedder, vectors), reader, (vectors, readings))


def _of_set(
    one: BenchSet, rows: Sequence[RowOf], models: Models, folder: Path, say: Say
) -> Iterator[tuple[RowOf, dict[str, Any]]]:
    """The figures of each row, a way of indexing after the other."""
    ways = dict.fromkeys(row.indexing for row in rows)
    for number, way in enumerate(ways):
        settings = load_settings({}, llm="none", **dict(way))
        own = [row for row in rows if row.indexing == way]
        parts: dict[str, list[Figures]] = {row.name: [] for row in own}
        for corpus in one.corpora:
            data = folder / f"{corpus.name}-{number}"
            at = settings.model_copy(update={"data": data})
            with ingested(corpus, at, models, say) as store:
                for row in own:
                    search = searcher(row, store, models.embedder, models.reader)
                    parts[row.name].append(measure(corpus, search, at, models.remembered_ms))
        for row in own:
            found = Figures.together(parts[row.name])
            say(f"  {one.name} · {row.name}: {found.line()}")
            yield row, found.values()


@contextmanager
def ingested(corpus: Corpus, settings: Settings, models: Models, say: Say) -> Iterator[Store]:
    settings.data.mkdir(parents=True)
    source = corpus.folder or write_articles(corpus.articles, settings.data / "articles.jsonl")
    with Store.open(settings) as store:
        done = ingest(store, [source], models.embedder, settings)
        if done.failed:
            raise InputError(f"{len(done.failed)} articles failed: {done.failed[0].error}")
        say(
            f"{corpus.name}: {done.articles} articles, {done.chunks} chunks of at most "
            f"{settings.chunk_tokens} tokens ({done.seconds:.0f} s)"
        )
        yield store


def table(document: Mapping[str, Any]) -> Table:
    """Rows of parts, columns of sets: Hit@1 / Hit@10 / MRR, and milliseconds a question."""
    dirty = " + local changes" if document["dirty"] else ""
    out = Table(title=f"retrieval · {document['commit'][:12]}{dirty}", title_justify="left",
                caption=_caption(document), caption_justify="left")  # fmt: skip
    columns = list(dict.fromkeys(c for row in document["rows"].values() for c in row))
    out.add_column("")
    for column in columns:
        out.add_column(column, justify="right")
    for name, row in document["rows"].items():
        out.add_row(name, *(_cell(row.get(column)) for column in columns))
    return out


def _caption(document: Mapping[str, Any]) -> str:
    notes = [f"{n}: {s['questions']} questions, {s['note']}" for n, s in document["sets"].items()]
    return "Hit@1 / Hit@10 / MRR, ms a question. " + "; ".join(notes) + "."


def _cell(value: Mapping[str, Any] | float | None) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        parts = [f".{round(1000 * value[m]):03d}" for m in ("hit1", "hit10", "mrr") if m in value]
        return " ".join(p if p != ".1000" else "1.0" for p in parts) + f" {value['ms']:.0f}"
    return f"{value:.3f}"
