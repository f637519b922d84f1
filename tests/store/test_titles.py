"""An article's title is searched with each of its chunks, and never part of their text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rag.errors import IndexMismatch
from rag.settings import Settings
from rag.store import fingerprint
from rag.store.doctor import mend
from rag.store.ingest import ingest
from rag.store.rebuild import rebuild
from rag.store.store import Store
from tests.store.conftest import HashedWords


def write(path: Path, title: str) -> Path:
    text = "It ran aground outside Visby on Tuesday. All aboard were taken ashore by noon."
    row = {"id": "a", "title": title, "text": text, "language": "en"}
    path.write_text(json.dumps(row) + "\n", encoding="utf-8")
    return path


def test_a_chunk_is_embedded_under_its_title_and_quoted_without(
    store: Store, settings: Settings, embedder: HashedWords, tmp_path: Path
) -> None:
    ingest(store, [write(tmp_path / "a.jsonl", "Ferry news")], embedder, settings)
    assert all(text.startswith("Ferry news\n") for text in embedder.embedded)
    article = store.article("a")
    assert article is not None and "Ferry" not in article.text


def test_without_titles_only_the_text_is_embedded(
    settings: Settings, embedder: HashedWords, tmp_path: Path
) -> None:
    plain = settings.model_copy(update={"chunk_titles": False})
    with Store.open(plain) as store:
        ingest(store, [write(tmp_path / "a.jsonl", "Ferry news")], embedder, plain)
    assert not any("Ferry" in text for text in embedder.embedded)


def test_another_title_is_embedded_anew(
    store: Store, settings: Settings, embedder: HashedWords, tmp_path: Path
) -> None:
    ingest(store, [write(tmp_path / "a.jsonl", "Ferry news")], embedder, settings)
    embedder.embedded.clear()
    summary = ingest(store, [write(tmp_path / "a.jsonl", "Boat news")], embedder, settings)
    assert summary.changed == 1
    assert embedder.embedded and all(t.startswith("Boat news\n") for t in embedder.embedded)


def test_a_lost_vector_is_made_again_under_its_title(
    store: Store, settings: Settings, embedder: HashedWords, tmp_path: Path
) -> None:
    ingest(store, [write(tmp_path / "a.jsonl", "Ferry news")], embedder, settings)
    with store.database.read() as connection:
        made = fingerprint.stored(connection)
    assert made is not None
    with store.vectors.session() as session:
        session.drop(made.key, "en", list(session.ids(made.key, "en")))
    embedder.embedded.clear()
    assert mend(store, embedder).ok
    assert embedder.embedded and all(t.startswith("Ferry news\n") for t in embedder.embedded)


def test_vectors_with_and_without_titles_never_mix(
    settings: Settings, embedder: HashedWords, tmp_path: Path
) -> None:
    with Store.open(settings) as store:
        ingest(store, [write(tmp_path / "a.jsonl", "Ferry news")], embedder, settings)
    plain = settings.model_copy(update={"chunk_titles": False})
    with Store.open(plain) as other:
        with pytest.raises(IndexMismatch, match="chunk_titles"):
            other.check_fingerprint(embedder.name)
        rebuild(other, embedder, plain)
        other.check_fingerprint(embedder.name)


def test_an_index_from_before_titles_were_embedded_is_told_apart(
    store: Store, settings: Settings, embedder: HashedWords, tmp_path: Path
) -> None:
    ingest(store, [write(tmp_path / "a.jsonl", "Ferry news")], embedder, settings)
    with store.database.write() as connection:
        told = json.loads(fingerprint.get_meta(connection, "fingerprint") or "")
        del told["chunk_titles"]
        fingerprint.set_meta(connection, "fingerprint", json.dumps(told))
    with pytest.raises(IndexMismatch, match="without the articles' titles"):
        store.check_fingerprint(embedder.name)
