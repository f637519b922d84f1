from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from rag.errors import IndexMismatch, StoreError
from rag.settings import Settings
from rag.store import fingerprint
from rag.store.doctor import diagnose
from rag.store.ingest import ingest
from rag.store.lexical import LexicalQuery
from rag.store.rebuild import rebuild
from rag.store.store import Store
from rag.store.vectors import VectorRow
from rag.store.writer import write_articles
from rag.types import Filters, IngestSummary
from tests.store.conftest import HashedWords, make_prepared


def counts(summary: IngestSummary) -> tuple[int, int, int, int, int]:
    return (
        summary.added, summary.changed, summary.unchanged, summary.removed, len(summary.failed)
    )  # fmt: skip


def found(store: Store, question: str, language: str = "en") -> set[str]:
    query = LexicalQuery.from_question(question, language)
    hits = store.search_lexical(query, language=None, filters=Filters(), k=10)
    return {chunk.article_id for chunk in store.chunks([name for name, _ in hits]).values()}


def nearest(store: Store, embedder: HashedWords, text: str) -> str:
    hits = store.search_dense(embedder.embed_query(text), language=None, filters=Filters(), k=1)
    return store.chunks([hits[0][0]])[hits[0][0]].article_id


def test_articles_become_searchable_and_their_text_stays_exact(
    store: Store, folder: Path, embedder: HashedWords, settings: Settings
) -> None:
    told: list[tuple[str, int, int]] = []
    summary = ingest(store, [folder], embedder, settings, progress=lambda *step: told.append(step))
    assert counts(summary) == (3, 0, 0, 0, 0)
    assert (summary.articles, summary.chunks) == store.count()
    assert told[-1] == ("ingest", 3, 3)
    for name in ("ferry", "bridge", "ranta"):
        article = store.article(name)
        assert article is not None
        assert article.text == (folder / f"{name}.txt").read_text(encoding="utf-8")
    assert store.languages().keys() == {"en", "sv"}
    assert found(store, "Did Riksbanken go to 2.5%?") == {"ranta"}
    assert nearest(store, embedder, "passengers were taken ashore by the coast guard") == "ferry"
    assert diagnose(store, embedder).lines == ()


def test_the_same_again_does_nothing(
    store: Store, folder: Path, embedder: HashedWords, settings: Settings
) -> None:
    ingest(store, [folder], embedder, settings)
    embedder.embedded.clear()
    before = store.articles()
    assert counts(ingest(store, [folder], embedder, settings, prune=True)) == (0, 0, 3, 0, 0)
    assert embedder.embedded == []
    assert store.articles() == before


def test_changed_content_replaces(
    store: Store, folder: Path, embedder: HashedWords, settings: Settings
) -> None:
    ingest(store, [folder], embedder, settings)
    (folder / "ferry.txt").write_text("The ferry Aurora was towed to Gdansk. Nobody was hurt.\n")
    assert counts(ingest(store, [folder], embedder, settings)) == (0, 1, 2, 0, 0)
    assert found(store, "Visby") == set()
    assert found(store, "Gdansk") == {"ferry"}
    assert diagnose(store, embedder).lines == ()


def test_new_metadata_is_searched_without_embedding_again(
    store: Store, folder: Path, embedder: HashedWords, settings: Settings
) -> None:
    ingest(store, [folder], embedder, settings)
    embedder.embedded.clear()
    (folder / "manifest.yaml").write_text(
        "articles:\n  ferry:\n    outlet: Gotlandsposten\n    published: 2025-04-22\n"
    )
    assert counts(ingest(store, [folder], embedder, settings)) == (0, 1, 2, 0, 0)
    assert embedder.embedded == []
    assert store.info(["ferry"])["ferry"].outlet == "Gotlandsposten"
    assert found(store, "Gotlandsposten") == {"ferry"}
    hits = store.search_dense(
        embedder.embed_query("ferry"), language="en", k=9,
        filters=Filters(date_from=store.info(["ferry"])["ferry"].published.on),
    )  # fmt: skip
    assert {chunk.article_id for chunk in store.chunks([c for c, _ in hits]).values()} == {"ferry"}
    assert counts(ingest(store, [folder], embedder, settings)) == (0, 0, 3, 0, 0)


def test_another_language_by_manifest_moves_the_article(
    store: Store, folder: Path, embedder: HashedWords, settings: Settings
) -> None:
    ingest(store, [folder], embedder, settings)
    (folder / "manifest.yaml").write_text("articles:\n  ferry:\n    language: da\n")
    ingest(store, [folder], embedder, settings)
    assert store.languages().keys() == {"da", "en", "sv"}
    assert diagnose(store, embedder).lines == ()


def test_prune_removes_what_is_gone_and_nothing_else(
    store: Store, folder: Path, tmp_path: Path, embedder: HashedWords, settings: Settings
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "other.txt").write_text("A lighthouse was painted red this spring in Lysekil.\n")
    ingest(store, [folder, elsewhere], embedder, settings)
    (folder / "ferry.txt").unlink()
    (elsewhere / "other.txt").unlink()
    assert counts(ingest(store, [folder], embedder, settings)) == (0, 0, 2, 0, 0)
    assert counts(ingest(store, [folder], embedder, settings, prune=True)) == (0, 0, 2, 1, 0)
    assert {info.id for info in store.articles()[0]} == {"bridge", "ranta", "other"}
    assert found(store, "Visby") == set()
    assert diagnose(store, embedder).lines == ()


def test_prune_by_glob_keeps_to_the_pattern(
    store: Store, folder: Path, embedder: HashedWords, settings: Settings
) -> None:
    ingest(store, [folder], embedder, settings)
    (folder / "ferry.txt").unlink()
    (folder / "bridge.txt").unlink()
    summary = ingest(store, [folder / "[f-r]*.txt"], embedder, settings, prune=True)
    assert summary.removed == 1
    assert {info.id for info in store.articles()[0]} == {"bridge", "ranta"}


def test_a_folder_that_is_not_there_prunes_nothing(
    store: Store, folder: Path, embedder: HashedWords, settings: Settings
) -> None:
    ingest(store, [folder], embedder, settings)
    folder.rename(folder.with_name("unmounted"))
    summary = ingest(store, [folder], embedder, settings, prune=True)
    assert counts(summary) == (0, 0, 0, 0, 1)
    assert store.count()[0] == 3


def test_a_row_taken_out_is_pruned_but_not_when_a_row_is_broken(
    store: Store, tmp_path: Path, embedder: HashedWords, settings: Settings
) -> None:
    rows = tmp_path / "news.jsonl"
    lines = [
        json.dumps({"id": name, "text": f"The town of {name} got a new library this year."})
        for name in ("Arboga", "Boden", "Cork")
    ]
    rows.write_text("\n".join(lines))
    ingest(store, [rows], embedder, settings)
    rows.write_text("\n".join([lines[0], "{broken"]))
    assert counts(ingest(store, [rows], embedder, settings, prune=True)) == (0, 0, 1, 0, 1)
    assert store.count()[0] == 3
    rows.write_text("\n".join(lines[:2]))
    assert counts(ingest(store, [rows], embedder, settings, prune=True)) == (0, 0, 2, 1, 0)
    assert {info.id for info in store.articles()[0]} == {"Arboga", "Boden"}


def test_a_file_that_fails_keeps_its_previous_version(
    store: Store, folder: Path, embedder: HashedWords, settings: Settings
) -> None:
    ingest(store, [folder], embedder, settings)
    (folder / "ferry.txt").write_bytes(b"")
    (folder / "image.txt").write_bytes(bytes(range(256)) * 20)
    summary = ingest(store, [folder], embedder, settings, prune=True)
    assert counts(summary) == (0, 0, 2, 0, 2)
    assert {Path(failure.path).name for failure in summary.failed} == {"ferry.txt", "image.txt"}
    assert found(store, "Visby") == {"ferry"}


def test_an_article_that_trips_the_cleaning_fails_alone(
    store: Store, folder: Path, embedder: HashedWords, settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    import rag.store.ingest as module

    real = module.build_article

    def build(raw: object, said: object) -> object:
        if "ferry" in str(raw):
            raise IndexError("no such thing")
        return real(raw, said)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "build_article", build)
    summary = ingest(store, [folder], embedder, settings)
    assert counts(summary) == (2, 0, 0, 0, 1)
    assert "ferry.txt cannot be cut into sentences" in summary.failed[0].error


def test_an_id_belongs_to_the_file_that_had_it_first(
    store: Store, folder: Path, embedder: HashedWords, settings: Settings
) -> None:
    twin = folder / "deeper" / "ferry.txt"
    twin.parent.mkdir()
    twin.write_text("Another ferry entirely left Holyhead for Dublin in the morning.\n")
    summary = ingest(store, [folder], embedder, settings)
    assert counts(summary) == (3, 0, 0, 0, 1)
    assert "rename one of them" in summary.failed[0].error
    kept = store.article("ferry")
    summary = ingest(store, [twin], embedder, settings)
    assert counts(summary)[-1] == 1
    assert store.article("ferry") == kept


def test_a_file_that_was_moved_keeps_its_article(
    store: Store, folder: Path, embedder: HashedWords, settings: Settings
) -> None:
    ingest(store, [folder], embedder, settings)
    moved = folder.rename(folder.with_name("archive"))
    embedder.embedded.clear()
    assert counts(ingest(store, [moved], embedder, settings)) == (0, 3, 0, 0, 0)
    assert embedder.embedded == []
    assert store.info(["ferry"])["ferry"].source.endswith("archive/ferry.txt")


def test_near_duplicates_are_one_witness_until_they_differ(
    store: Store, folder: Path, embedder: HashedWords, settings: Settings
) -> None:
    text = (folder / "ferry.txt").read_text()
    (folder / "a_copy.txt").write_text(text)
    (folder / "z_copy.txt").write_text(text.replace("412", "413"))
    ingest(store, [folder], embedder, settings)

    def witnesses() -> dict[str, str]:
        return {info.id: info.witness for info in store.articles()[0]}

    assert witnesses() == {"ferry": "a_copy", "a_copy": "a_copy", "z_copy": "a_copy",
                           "bridge": "bridge", "ranta": "ranta"}  # fmt: skip
    (folder / "a_copy.txt").write_text("Something else altogether was reported from the harbour.\n")
    ingest(store, [folder], embedder, settings)
    assert witnesses()["a_copy"] == "a_copy"
    assert witnesses()["ferry"] == witnesses()["z_copy"] == "ferry"
    assert store.remove("ferry")
    assert witnesses()["z_copy"] == "z_copy"


def test_metadata_does_not_part_a_witness(
    store: Store, folder: Path, embedder: HashedWords, settings: Settings
) -> None:
    (folder / "a_copy.txt").write_text((folder / "ferry.txt").read_text())
    ingest(store, [folder], embedder, settings)
    (folder / "manifest.yaml").write_text("articles:\n  ferry:\n    outlet: Posten\n")
    ingest(store, [folder], embedder, settings)
    assert store.info(["ferry"])["ferry"].witness == "a_copy"


def test_an_article_of_very_many_chunks_goes_in(
    store: Store, embedder: HashedWords, settings: Settings
) -> None:
    """More than Chroma takes at once (5,461), in one article, that is in one transaction."""
    # In eight dimensions thousands of chunks would share a vector, and HNSW then finds but some.
    small = HashedWords(dimension=64)
    mark = fingerprint.Fingerprint.of(small.name, small.dimension, settings)
    lines = [f"Number {n} of the long list was read aloud." for n in range(6_001)]
    prepared = make_prepared("long", lines, small, index_key=mark.key)
    with store.writing(), store.database.write() as connection:
        fingerprint.store(connection, mark)
        write_articles(connection, [prepared])
    with store.writing():
        pass  # tells Chroma
    assert diagnose(store, small).vectors == 6_001
    assert diagnose(store, small).lines == ()
    hits = store.search_dense(
        small.embed_query(lines[777]), language="en", filters=Filters(), k=200
    )
    assert len(hits) == 200
    with store.vectors.session() as session:  # and in one call
        rows = [VectorRow(f"x{n}", "x", None, v) for n, v in enumerate(prepared.vectors)]
        session.put(mark.key, "sv", rows)
        assert session.count(mark.key, "sv") == 6_001
        session.drop(mark.key, "sv", [row.chunk_id for row in rows])
        assert session.count(mark.key, "sv") == 0


def test_another_model_is_refused_until_rebuilt(
    store: Store, folder: Path, embedder: HashedWords, settings: Settings
) -> None:
    ingest(store, [folder], embedder, settings)
    other = HashedWords(dimension=32, name="other")
    with pytest.raises(IndexMismatch, match="doctor --rebuild"):
        ingest(store, [folder], other, settings)
    told: list[tuple[str, int, int]] = []
    assert rebuild(store, other, settings, progress=lambda *step: told.append(step)) == 3
    assert told[-1] == ("index", 3, 3)
    store.check_fingerprint("other", 32)
    assert diagnose(store, other).lines == ()
    assert nearest(store, other, "passengers were taken ashore by the coast guard") == "ferry"
    assert counts(ingest(store, [folder], other, settings)) == (0, 0, 3, 0, 0)
    mean = store.language_mean("sv")
    assert mean is not None and mean.shape == (32,)


def test_an_interrupted_rebuild_is_noticed_and_goes_on(
    store: Store, folder: Path, embedder: HashedWords, settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("rag.store.rebuild._AT_ONCE", 1)
    ingest(store, [folder], embedder, settings)
    other = HashedWords(dimension=32, name="other")
    calls: list[int] = []

    def interrupt(what: str, done: int, total: int) -> None:
        calls.append(done)
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rebuild(store, other, settings, progress=interrupt)
    with pytest.raises(IndexMismatch, match="interrupted"):
        store.check_fingerprint("other")
    assert rebuild(store, other, settings) == 2
    assert diagnose(store, other).lines == ()


def test_an_emptied_store_takes_any_model(
    store: Store, folder: Path, embedder: HashedWords, settings: Settings
) -> None:
    ingest(store, [folder], embedder, settings)
    for article_id in ("ferry", "bridge", "ranta"):
        store.remove(article_id)
    ingest(store, [folder], HashedWords(dimension=16, name="other"), settings)
    store.check_fingerprint("other", 16)


def test_a_model_that_gives_nonsense_writes_nothing(
    store: Store, folder: Path, settings: Settings
) -> None:
    class Broken(HashedWords):
        def embed_passages(self, texts: object) -> np.ndarray:  # type: ignore[override,type-arg]
            return np.full((1, 3), np.nan, dtype=np.float32)

    with pytest.raises(Exception, match="gave vectors that cannot be used"):
        ingest(store, [folder], Broken(), settings)
    assert store.count() == (0, 0)


def test_a_full_disk_is_one_sentence_and_loses_nothing(
    store: Store, folder: Path, embedder: HashedWords, settings: Settings
) -> None:
    ingest(store, [folder], embedder, settings)
    with store.database.read() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 1}")
    (folder / "long.txt").write_text("It rained all day in the long valley.\n" * 4_000)
    with pytest.raises(StoreError, match="the disk is full"):
        ingest(store, [folder], embedder, settings)
    with store.database.read() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 100000000")
    assert store.count()[0] == 3
    assert diagnose(store, embedder).lines == ()
    assert ingest(store, [folder], embedder, settings).added == 1
