from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from rag.errors import IndexMismatch, SettingsError, StoreError
from rag.settings import Settings
from rag.store.fingerprint import Fingerprint
from rag.store.store import Store
from rag.types import Answer, Filters
from tests.store.conftest import HashedWords

Add = Callable[..., None]
ANY = Filters()


def dense(store: Store, embedder: HashedWords, text: str, **about: object) -> list[str]:
    wanted = {"language": None, "filters": ANY, "k": 10} | about
    return [found for found, _ in store.search_dense(embedder.embed_query(text), **wanted)]  # type: ignore[arg-type]


def test_what_was_written_is_read_back(store: Store, add: Add) -> None:
    add("a", ["Först kom en våg 🌊.", "Sedan kom två."], language="sv", day=date(2025, 4, 22),
        title="Vågor", outlet="SVT", source="https://svt.example/a")  # fmt: skip
    article = store.article("a")
    assert article is not None
    assert article.text == "Först kom en våg 🌊.\nSedan kom två."
    assert article.info.published.on == date(2025, 4, 22)
    assert article.info.published.how == "stated"
    assert article.info.authors == ("Ann O'Nym",)
    assert [s.text for s in article.sentences] == ["Först kom en våg 🌊.", "Sedan kom två."]
    assert all(article.text[s.start : s.end] == s.text for s in article.sentences)
    assert store.info(["a", "missing"]) == {"a": article.info}
    assert store.sentences("a", 1, 9) == [article.sentences[1]]
    assert store.sentences("missing", 0, 1) == []
    chunk = store.chunks(["a:1", "missing", "a:0"])
    assert list(chunk) == ["a:1", "a:0"]
    assert chunk["a:1"].text == "Sedan kom två."
    assert store.article("missing") is None
    assert store.count() == (1, 2)


def test_articles_are_listed_newest_first_and_counted(store: Store, add: Add) -> None:
    add("undated", ["Nothing is known."])
    add("old", ["An old ferry."], day=date(2020, 1, 1))
    add("new", ["A new bridge."], day=date(2025, 1, 1), title="BRON är öppen", outlet="Örebro")
    listed, total = store.articles()
    assert [info.id for info in listed] == ["new", "old", "undated"]
    listed, total = store.articles(offset=1, limit=1)
    assert ([info.id for info in listed], total) == (["old"], 3)
    for search, expected in (
        ("bron Är", ["new"]),
        ("örebro", ["new"]),
        ("ferr", ["old"]),
        ("new ferry", []),
        ('%"', []),
        ("", ["new", "old", "undated"]),
    ):
        listed, total = store.articles(search=search)
        assert ([info.id for info in listed], total) == (expected, len(expected))
    assert store.articles(filters=Filters(date_from=date(2024, 1, 1)))[1] == 1


def test_dense_search_finds_the_nearest_within_a_language(
    store: Store, add: Add, embedder: HashedWords
) -> None:
    add("en", ["The ferry was late.", "Rain fell on Cork."])
    add("sv", ["The ferry var sen."], language="sv")
    assert dense(store, embedder, "the ferry was late")[0] == "en:0"
    assert dense(store, embedder, "the ferry was late", language="sv") == ["sv:0"]
    assert dense(store, embedder, "the ferry", language="de") == []
    assert dense(store, embedder, "the ferry", k=0) == []
    found = store.search_dense(
        embedder.embed_query("The ferry was late."), language="en", filters=ANY, k=1
    )
    assert found == [("en:0", pytest.approx(1.0, abs=1e-5))]


def test_dense_search_obeys_the_filters(store: Store, add: Add, embedder: HashedWords) -> None:
    add("old", ["The ferry was late."], day=date(2024, 12, 31), source="https://a.example/1")
    add("new", ["The ferry was late."], day=date(2025, 1, 1), outlet="Örebro Nyheter")
    add("undated", ["The ferry was late."])
    add("sv", ["The ferry var sen."], language="sv")
    for filters, expected in [
        (Filters(date_from=date(2025, 1, 1)), {"new:0"}),
        (Filters(date_to=date(2024, 12, 31)), {"old:0"}),
        (Filters(date_from=date(2024, 1, 1), date_to=date(2025, 12, 31)), {"old:0", "new:0"}),
        (Filters(source="A.EXAMPLE"), {"old:0"}),
        (Filters(source="örebro", date_from=date(2025, 1, 1)), {"new:0"}),
        (Filters(source="nowhere"), set()),
        (Filters(language="sv"), {"sv:0"}),
    ]:
        assert set(dense(store, embedder, "the ferry", filters=filters)) == expected


def test_a_source_of_very_many_articles_is_filtered_too(
    store: Store, add: Add, embedder: HashedWords, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.store.store._MOST_IN", 1)
    for number in range(12):
        add(f"x{number:02}", ["The ferry was late."], source="https://x.example/")
    for number in range(2):
        add(f"y{number}", ["Late rain fell."], source="https://y.example/")
    found = dense(store, embedder, "ferry", filters=Filters(source="y.example"), k=2)
    assert found == ["y0:0", "y1:0"]


def test_removing_takes_everything_with_it(store: Store, add: Add, embedder: HashedWords) -> None:
    add("a", ["The ferry was late."])
    add("b", ["The ferry sank."])
    assert store.remove("a") and not store.remove("a") and not store.remove("missing")
    assert store.count() == (1, 1)
    assert dense(store, embedder, "the ferry") == ["b:0"]
    assert store.remove("b")
    assert store.language_mean("en") is None
    assert store.languages() == {}


def test_the_mean_is_exact_whatever_the_history(
    store: Store, add: Add, embedder: HashedWords
) -> None:
    kept = ["The ferry was late.", "Rain fell."]
    add("kept", kept)
    first = store.language_mean("en")
    for _ in range(3):
        add("other", ["Snow fell in the north.", "It was cold."])
        add("other", ["Snow melted."])
        store.remove("other")
    again = store.language_mean("en")
    assert first is not None and again is not None
    assert np.array_equal(first, again)
    assert np.allclose(again, embedder.embed_passages(kept).mean(axis=0), atol=1e-7)


def test_languages_are_counted_in_chunks(store: Store, add: Add) -> None:
    add("a", ["One.", "Two."])
    add("b", ["Ett."], language="sv")
    assert store.languages() == {"en": 2, "sv": 1}


def test_answers_are_kept_under_their_trace_id(store: Store) -> None:
    answer = Answer(question="Vad?", standalone_question="Vad?", language="sv", status="refused",
                    answer="Nej.", llm="none", trace_id="t1")  # fmt: skip
    store.record_answer(answer)
    store.record_answer(answer)
    assert store.answer("t1") == answer
    assert store.answer("t2") is None


def test_another_model_or_chunking_is_refused(store: Store, add: Add, settings: Settings) -> None:
    store.check_fingerprint("whatever")  # nothing is indexed yet
    add("a", ["The ferry was late."])
    store.check_fingerprint("hashed-words")
    with pytest.raises(IndexMismatch, match=r"hashed-words .* other-model.*doctor --rebuild"):
        store.check_fingerprint("other-model")
    with pytest.raises(IndexMismatch, match="hashed-words"):
        store.check_fingerprint("hashed-words", dimension=7)
    with (
        Store.open(settings.model_copy(update={"chunk_tokens": 99})) as other,
        pytest.raises(IndexMismatch, match=r"chunks of 32 tokens.* say 99"),
    ):
        other.check_fingerprint("hashed-words")


def test_a_fingerprint_names_its_collections() -> None:
    one = Fingerprint("m", 4, 180, 1)
    assert one.key == Fingerprint("m", 4, 180, 1).key
    assert len({one.key, Fingerprint("m", 5, 180, 1).key, Fingerprint("n", 4, 180, 1).key}) == 3


def test_opening_and_lexical_search_leave_chroma_alone(tmp_path: Path) -> None:
    script = (
        "import sys; from rag.settings import Settings; from rag.store.store import Store\n"
        "from rag.store.lexical import LexicalQuery; from rag.types import Filters\n"
        f"with Store.open(Settings(data={str(tmp_path / 'data')!r})) as store:\n"
        "    store.search_lexical(LexicalQuery.from_question('ferry', 'en'), language=None,"
        " filters=Filters(), k=5)\n"
        "print([m for m in ('chromadb', 'torch', 'nltk', 'datasketch') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_threads_search_and_write_at_once(store: Store, add: Add, embedder: HashedWords) -> None:
    add("a", ["The ferry was late."])
    problems: list[BaseException] = []
    vector = embedder.embed_query("ferry")

    def look() -> None:
        try:
            for _ in range(20):
                found = store.search_dense(vector, language="en", filters=ANY, k=3)
                assert "a:0" in [chunk for chunk, _ in found]
                assert "a:0" in store.chunks(["a:0"])
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=look) for _ in range(6)]
    for thread in threads:
        thread.start()
    for number in range(5):
        add(f"new{number}", ["Rain fell."])
    for thread in threads:
        thread.join()
    assert problems == []
    assert store.count() == (6, 6)


def test_a_second_writer_is_told_to_wait(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.store.store._PATIENCE", 0.1)
    with (
        Store.open(settings) as other,
        store.writing(),
        pytest.raises(StoreError, match="being written by process"),
    ):
        other.remove("a")


def test_a_data_folder_that_cannot_be_made(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(StoreError, match="cannot be made"):
        Store.open(Settings(data=blocked / "data"))


def test_a_read_only_folder(settings: Settings) -> None:
    Store.open(settings).close()
    database = settings.data / "ordagrant.db"
    database.unlink()
    database.mkdir()  # even root cannot open a folder as a database
    with pytest.raises(StoreError, match=r"ordagrant\.db cannot be used, it cannot be opened"):
        Store.open(settings)


def test_a_read_only_database(store: Store) -> None:
    with store.database.read() as connection:
        connection.exec_driver_sql("PRAGMA query_only = ON")
    answer = Answer(question="q", standalone_question="q", language="en", status="refused",
                    answer="a", llm="none", trace_id="t")  # fmt: skip
    with pytest.raises(StoreError, match="it is read-only"):
        store.record_answer(answer)


def test_a_damaged_database(settings: Settings) -> None:
    settings.data.mkdir(parents=True)
    (settings.data / "ordagrant.db").write_bytes(b"this is not a database" * 1000)
    with pytest.raises(StoreError, match="is damaged or is not a database") as caught:
        Store.open(settings)
    assert "\n" not in str(caught.value)


def test_a_newer_database(store: Store, settings: Settings) -> None:
    with store.database.write() as connection:
        connection.exec_driver_sql("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match="made by a newer Ordagrant"):
        Store.open(settings)


def test_damaged_vectors(store: Store, add: Add, settings: Settings, embedder: HashedWords) -> None:
    add("a", ["The ferry was late."])
    store.close()
    (settings.data / "chroma" / "chroma.sqlite3").write_bytes(b"nonsense" * 4096)
    with Store.open(settings) as opened, pytest.raises(StoreError, match="doctor --rebuild"):
        dense(opened, embedder, "ferry")


@pytest.mark.parametrize("url", ["postgresql://h/d", "not a url", "sqlite://"])
def test_only_a_database_file_will_do(tmp_path: Path, url: str) -> None:
    with pytest.raises(SettingsError, match="database_url"):
        Store.open(Settings(data=tmp_path, database_url=url))


def test_the_database_may_lie_elsewhere(tmp_path: Path) -> None:
    with Store.open(Settings(data=tmp_path / "d", database_url=f"sqlite:///{tmp_path}/other.db")):
        assert (tmp_path / "other.db").exists()


@pytest.mark.parametrize("url", ["localhost:8000", "http://127.0.0.1:9"])
def test_a_chroma_server_that_is_not_there(
    settings: Settings, add: Add, embedder: HashedWords, url: str
) -> None:
    add("a", ["The ferry was late."])
    with (
        Store.open(settings.model_copy(update={"chroma_url": url})) as other,
        pytest.raises((StoreError, SettingsError), match=url),
    ):
        dense(other, embedder, "ferry")
