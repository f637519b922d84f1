from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from rag.errors import StoreError
from rag.settings import Settings
from rag.store import schema
from rag.store.doctor import diagnose
from rag.store.ingest import ingest
from rag.store.lexical import LexicalQuery
from rag.store.store import Store
from rag.types import Filters
from tests.store.conftest import HashedWords, make_prepared, write_prepared
from tests.store.test_conversations import age

Add = Callable[..., None]
ANY = Filters()
LONG = [f"The ferry Aurora met wave number {n} on its way to Visby." for n in range(30)]


def found(store: Store, embedder: HashedWords, question: str) -> tuple[list[Any], list[Any]]:
    """What both searches find, with scores."""
    dense = store.search_dense(embedder.embed_query(question), language=None, filters=ANY, k=50)
    terms = LexicalQuery.from_question(question, "en")
    lexical = store.search_lexical(terms, language=None, filters=ANY, k=50)
    return [(chunk, round(score, 5)) for chunk, score in dense], lexical


def rows(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """All that SQL holds of articles, the numbers of rows aside."""
    keys = {"key", "article_key"}
    held = {}
    with store.database.read() as connection:
        for table in schema.metadata.sorted_tables:
            if table.name in ("meta", "ingest_runs", "vector_outbox", "bin_articles"):
                continue
            columns = [column for column in table.c if column.name not in keys]
            some = connection.execute(table.select().with_only_columns(*columns))
            held[table.name] = sorted(map(tuple, some), key=repr)
    return held


def test_undoing_brings_back_all_of_it(
    store: Store, folder: Path, embedder: HashedWords, settings: Settings
) -> None:
    (folder / "ferry_copy.txt").write_text((folder / "ferry.txt").read_text())
    ingest(store, [folder], embedder, settings)
    article, before, sql = store.article("ferry"), found(store, embedder, "ferry"), rows(store)
    embedder.embedded.clear()

    assert store.remove("ferry")
    assert store.article("ferry") is None
    assert store.articles(search="ferry")[1] == 1
    assert found(store, embedder, "ferry") != before
    assert diagnose(store).lines == ()
    assert [info.id for info in store.bin()] == ["ferry"]

    assert store.undo_remove("ferry")
    assert store.bin() == []
    assert store.article("ferry") == article
    assert found(store, embedder, "ferry") == before
    assert rows(store) == sql
    assert diagnose(store).lines == ()
    assert embedder.embedded == []


def test_what_is_removed_is_in_no_search(store: Store, add: Add, embedder: HashedWords) -> None:
    add("a", ["The zeppelin was late."], outlet="SVT", day=date(2025, 1, 1))
    add("b", ["Rain fell on Cork."])
    assert store.remove("a")
    dense, lexical = found(store, embedder, "zeppelin")
    assert [chunk for chunk, _ in dense] == ["b:0"]
    assert lexical == []
    assert store.outlets() == []
    assert store.dates() == (None, None)
    # A word that only the removed article had is no known spelling any longer.
    slip = LexicalQuery.from_question("zepelin", "en")
    assert store.known_spellings(slip, "en") == slip
    assert store.undo_remove("a")
    assert "zeppelin" in store.known_spellings(slip, "en").plain


def test_there_is_nothing_to_remove_or_to_undo(store: Store, add: Add) -> None:
    add("a", ["The ferry was late."])
    assert not store.remove("missing")
    assert not store.undo_remove("a")
    assert not store.undo_remove("missing")
    assert store.remove("a") and not store.remove("a")
    assert store.undo_remove("a") and not store.undo_remove("a")


def test_the_last_removed_is_listed_first(store: Store, add: Add) -> None:
    add("a", ["One."], title="Första", day=date(2025, 1, 1))
    add("b", ["Two."])
    infos = store.info(["a", "b"])
    store.remove("a")
    store.remove("b")
    assert store.bin() == [infos["b"], infos["a"]]


def test_the_bin_survives_and_is_emptied_in_time(
    store: Store, add: Add, settings: Settings, embedder: HashedWords
) -> None:
    add("a", LONG)
    before = found(store, embedder, "ferry")
    store.remove("a")
    age(store, 29.9)
    with Store.open(settings) as again:
        assert again.undo_remove("a")
        assert found(again, embedder, "ferry") == before
        again.remove("a")
    age(store, 30.1)
    with Store.open(settings) as again:
        assert again.bin() == []
        assert not again.undo_remove("a")


def test_an_ingest_brings_an_article_back_and_takes_it_out_of_the_bin(
    store: Store, folder: Path, embedder: HashedWords, settings: Settings
) -> None:
    ingest(store, [folder], embedder, settings)
    store.remove("ferry")
    store.remove("bridge")
    (folder / "ferry.txt").write_text("The ferry is back in Visby, and nobody was hurt.\n")
    (folder / "bridge.txt").unlink()
    summary = ingest(store, [folder], embedder, settings)
    assert (summary.added, summary.unchanged) == (1, 1)
    assert [info.id for info in store.bin()] == ["bridge"]
    assert not store.undo_remove("ferry")
    assert "back in Visby" in (store.article("ferry") or pytest.fail("it is gone")).text


def test_an_index_made_anew_meanwhile(
    store: Store, folder: Path, embedder: HashedWords, settings: Settings
) -> None:
    ingest(store, [folder], embedder, settings)
    for article_id in ("ferry", "bridge", "ranta"):
        store.remove(article_id)
    ingest(store, [folder / "ranta.txt"], HashedWords(16, "other"), settings)
    with pytest.raises(StoreError, match=r"ferry cannot be put back.*add its file again"):
        store.undo_remove("ferry")
    assert store.count()[0] == 1
    store.check_fingerprint("other", 16)


def test_an_article_that_lacks_a_vector_is_removed_all_the_same(
    store: Store, add: Add, embedder: HashedWords
) -> None:
    add("a", ["The ferry was late.", "Rain fell."])
    found(store, embedder, "ferry")
    with store.database.read() as connection:
        key = connection.execute(schema.articles.select()).one().index_key
    with store.vectors.session() as session:
        session.drop(key, "en", ["a:1"])
    assert store.remove("a")
    with pytest.raises(StoreError, match="cannot be put back"):
        store.undo_remove("a")


def test_a_running_ingest_is_waited_for_in_vain(
    store: Store, settings: Settings, add: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    add("a", ["The ferry was late."])
    monkeypatch.setattr("rag.store.store._PATIENCE", 0.1)
    with Store.open(settings) as other, store.writing():
        for use in (other.remove, other.undo_remove):
            with pytest.raises(StoreError, match="being written"):
                use("a")
    assert store.count() == (1, 1)


def test_a_crash_between_sql_and_vectors_is_mended_by_the_next(
    store: Store, add: Add, embedder: HashedWords, monkeypatch: pytest.MonkeyPatch
) -> None:
    add("a", ["The ferry was late.", "Rain fell."])
    before = found(store, embedder, "ferry")
    for change in (store.remove, store.undo_remove):
        with monkeypatch.context() as patch:
            patch.setattr("rag.store.outbox._apply", lambda *_: 1 / 0)
            with pytest.raises(StoreError, match="cannot be used"):
                change("a")
        with store.writing():
            pass
        assert diagnose(store).lines == ()
    assert found(store, embedder, "ferry") == before


def test_threads_search_while_articles_go_and_come(
    store: Store, add: Add, embedder: HashedWords
) -> None:
    add("stays", ["The ferry was late."])
    add("goes", LONG)
    problems: list[BaseException] = []

    def look() -> None:
        try:
            for _ in range(20):
                dense, _ = found(store, embedder, "ferry")
                assert "stays:0" in [chunk for chunk, _ in dense]
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        assert store.remove("goes")
        assert store.undo_remove("goes")
    for thread in threads:
        thread.join()
    assert problems == []
    assert diagnose(store).lines == ()


def test_outlets_languages_and_dates_are_told(store: Store, add: Add) -> None:
    assert (store.outlets(), store.article_languages(), store.dates()) == ([], [], (None, None))
    add("a", ["One.", "Two.", "Three."], outlet="SVT", language="sv", day=date(2025, 4, 22))
    add("b", ["One."], outlet="BBC", day=date(2024, 12, 31))
    add("c", ["One."], outlet="BBC")
    add("d", ["One."])
    assert store.outlets() == [("BBC", 2), ("SVT", 1)]
    assert store.article_languages() == [("en", 3), ("sv", 1)]
    assert store.dates() == (date(2024, 12, 31), date(2025, 4, 22))


@hypothesis_settings(max_examples=15, deadline=None)
@given(
    lines=st.lists(
        st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\n"), min_size=1),
        max_size=5,
    ),
    title=st.none() | st.text(max_size=20),
)
def test_any_article_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], title: str | None
) -> None:
    data = tmp_path_factory.getbasetemp() / "any-article"
    embedder = HashedWords()
    with Store.open(Settings(data=data)) as store:
        if lines:
            prepared = make_prepared("a", lines, embedder, title=title)
            write_prepared(store, prepared, embedder)
            before = rows(store)
            assert store.remove("a")
            assert rows(store)["articles"] == []
            assert store.undo_remove("a")
            assert rows(store) == before
