from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from sqlalchemy import delete, text, update

from rag.errors import IndexMismatch, StoreError
from rag.settings import Settings
from rag.store import fingerprint
from rag.store.doctor import diagnose, mend
from rag.store.ingest import ingest
from rag.store.rebuild import rebuild
from rag.store.schema import article_sums, articles, chunks, language_sums, sentences, texts
from rag.store.store import Store
from rag.store.vectors import VectorRow
from rag.types import Filters
from tests.store.conftest import HashedWords


@pytest.fixture
def filled(store: Store, folder: Path, embedder: HashedWords, settings: Settings) -> Store:
    ingest(store, [folder], embedder, settings)
    assert diagnose(store, embedder).lines == ()
    return store


def key_of(store: Store) -> str:
    with store.database.read() as connection:
        made = fingerprint.stored(connection)
    assert made is not None
    return made.key


def chunk_ids(store: Store, language: str) -> list[str]:
    with store.vectors.session() as session:
        return sorted(session.ids(key_of(store), language))


def execute(store: Store, statement: object) -> None:
    with store.database.write() as connection:
        connection.execute(statement)  # type: ignore[call-overload]


def test_an_empty_store_is_healthy(store: Store, embedder: HashedWords) -> None:
    health = diagnose(store, embedder)
    assert health.ok
    assert (health.articles, health.chunks, health.vectors) == (0, 0, 0)
    assert mend(store, embedder).ok


def test_lost_vectors_are_found_and_made_again(filled: Store, embedder: HashedWords) -> None:
    (lost, *_) = chunk_ids(filled, "en")
    with filled.vectors.session() as session:
        session.drop(key_of(filled), "en", [lost])
    health = diagnose(filled, embedder)
    assert (health.missing, health.extra) == (1, 0)
    assert "1 of" in health.lines[0]
    embedder.embedded.clear()
    assert mend(filled, embedder).lines == ()
    assert embedder.embedded == [filled.chunks([lost])[lost].text]


def test_a_search_that_lacks_vectors_says_what_to_do(
    filled: Store, embedder: HashedWords, settings: Settings
) -> None:
    filled.close()
    shutil.rmtree(settings.data / "chroma")
    with Store.open(settings) as opened:
        total = opened.count()[1]
        with pytest.raises(StoreError, match=f"lack {total} of {total} .*ordagrant doctor"):
            opened.search_dense(
                embedder.embed_query("ferry"), language=None, filters=Filters(), k=3
            )
        assert mend(opened, embedder).lines == ()
        assert opened.search_dense(
            embedder.embed_query("ferry"), language=None, filters=Filters(), k=3
        )


def test_extra_vectors_are_found_and_dropped(filled: Store, embedder: HashedWords) -> None:
    stray = VectorRow("stray", "nobody", None, embedder.embed_query("ferry passengers"))
    with filled.vectors.session() as session:
        session.put(key_of(filled), "en", [stray])
        session.put(key_of(filled), "fi", [stray])
        session.put("otherprint", "en", [stray])
    found = filled.search_dense(
        embedder.embed_query("ferry passengers"), language="en", filters=Filters(), k=50
    )
    assert "stray" not in dict(found)
    assert diagnose(filled, embedder).extra == 2
    assert mend(filled, embedder).lines == ()
    with filled.vectors.session() as session:
        assert session.total("otherprint") == 0


@pytest.mark.parametrize("statement", ["DELETE FROM chunk_terms WHERE rowid = 1",
    "INSERT INTO chunk_terms (rowid, plain) VALUES (999, 'stray')",
    "UPDATE chunk_terms_data SET block = x'00' WHERE id > 10"])  # fmt: skip
def test_a_wrong_lexical_index_is_made_anew(
    filled: Store, embedder: HashedWords, statement: str
) -> None:
    execute(filled, text(statement))
    assert "lexical index" in " ".join(diagnose(filled, embedder).lines)
    assert mend(filled, embedder).lines == ()


@pytest.mark.parametrize(
    "statement",
    [delete(article_sums), update(language_sums).values(number=99), delete(language_sums)],
)
def test_wrong_means_are_counted_anew(
    filled: Store, embedder: HashedWords, statement: object
) -> None:
    before = filled.language_mean("en")
    execute(filled, statement)
    assert "mean vector" in " ".join(diagnose(filled, embedder).lines)
    assert mend(filled, embedder).lines == ()
    after = filled.language_mean("en")
    assert before is not None and after is not None
    assert before.tolist() == after.tolist()


def test_a_changed_text_is_found_and_read_again(
    filled: Store, folder: Path, embedder: HashedWords, settings: Settings
) -> None:
    execute(filled, update(texts).values(text=texts.c.text + "!").where(texts.c.article_key == 1))
    health = diagnose(filled, embedder)
    assert len(health.damaged) == 1
    assert "does not fit its SHA-256" in health.lines[0]
    assert mend(filled, embedder).damaged == health.damaged  # SQL alone cannot know the text
    assert ingest(filled, [folder], embedder, settings).changed == 1
    assert diagnose(filled, embedder).lines == ()


def test_sentences_out_of_order_are_found_and_read_again(
    filled: Store, folder: Path, embedder: HashedWords, settings: Settings
) -> None:
    execute(filled, update(sentences).values(start=0).where(sentences.c.idx == 1))
    assert len(diagnose(filled, embedder).damaged) == 3
    mend(filled, embedder)
    assert ingest(filled, [folder], embedder, settings).changed == 3
    assert diagnose(filled, embedder).lines == ()


@pytest.mark.parametrize(
    "statement",
    [
        update(chunks).values(end=chunks.c.end - 1).where(chunks.c.key == 1),
        update(chunks).values(last_sentence=77).where(chunks.c.key == 1),
        delete(chunks).where(chunks.c.article_key == 1),
    ],
)
def test_wrong_chunks_are_cut_again(
    filled: Store, embedder: HashedWords, statement: object
) -> None:
    count = filled.count()
    execute(filled, statement)
    assert len(diagnose(filled, embedder).damaged) == 1
    assert mend(filled, embedder).lines == ()
    assert filled.count() == count


def test_pending_work_is_told(filled: Store, embedder: HashedWords) -> None:
    from rag.store import writer

    with filled.database.write() as connection:
        writer.remove_articles(connection, ["ferry"])
    health = diagnose(filled, embedder)
    assert health.pending > 0
    assert health.pending == health.extra
    assert not health.ok
    assert mend(filled, embedder).lines == ()


def test_another_model_is_told_and_not_mended(filled: Store) -> None:
    other = HashedWords(name="other")
    assert "other" in " ".join(diagnose(filled, other).lines)
    with pytest.raises(IndexMismatch):
        mend(filled, other)


def test_damaged_vector_files_are_rebuilt(
    filled: Store, embedder: HashedWords, settings: Settings
) -> None:
    filled.close()
    (settings.data / "chroma" / "chroma.sqlite3").write_bytes(b"nonsense" * 4096)
    with Store.open(settings) as opened:
        health = diagnose(opened, embedder)
        assert health.missing == health.chunks
        assert rebuild(opened, embedder, settings) == 3
        assert diagnose(opened, embedder).lines == ()


def test_a_rebuild_also_indexes_words_and_titles_anew(
    filled: Store, embedder: HashedWords, settings: Settings
) -> None:
    execute(filled, text("DELETE FROM chunk_terms"))
    execute(filled, update(articles).values(content_key="keep"))
    assert rebuild(filled, embedder, settings) == 3
    assert diagnose(filled, embedder).lines == ()
    with filled.database.read() as connection:
        kept = connection.execute(text("SELECT DISTINCT content_key FROM articles")).scalars().all()
    assert kept == ["keep"]
