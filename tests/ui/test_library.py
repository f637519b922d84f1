from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from rag.errors import SettingsError, StoreError
from rag.settings import Settings, load_settings
from rag.store.lexical import LexicalQuery
from rag.types import Filters, IngestSummary
from rag.ui import library_render as render
from rag.ui.library import PAGE, Added, Adding, Library, Waiting, editable_at
from rag.ui.strings import Strings
from rag.ui.uploads import Upload
from tests.ui.shelf import FERRY, Shelf

EN, SV = Strings("en"), Strings("sv")
CORPUS = Path(__file__).parents[2] / "rag" / "corpus"


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    made = Shelf(tmp_path)
    yield made
    made.close()


@pytest.fixture
def sent(tmp_path: Path) -> Any:
    """`sent("name.txt", text)`: a file as it lies in Gradio's temporary folder."""

    def write(name: str, content: str | bytes) -> Upload:
        path = tmp_path / "tmp" / str(time.monotonic_ns()) / "blob"
        path.parent.mkdir(parents=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return Upload(name, path)

    return write


def _added(library: Library, *files: Upload) -> Added:
    *_, last = library.add(files)
    assert isinstance(last, Added)
    return last


# Looking through


def test_a_list_is_searched_filtered_and_paged(shelf: Shelf) -> None:
    shelf.put_rows(
        [
            {
                "id": f"note-{n}",
                "text": f"The mayor opened school {n}.",
                "publish_date": f"2024-01-{n % 28 + 1:02}",
            }
            for n in range(PAGE + 7)
        ]
    )
    shelf.put(ferry=FERRY)
    every = Filters()
    first, last = shelf.library.page("", every, 0), shelf.library.page("", every, PAGE)
    assert (len(first.rows), first.total) == (PAGE, PAGE + 8)
    assert len(last.rows) == 8
    assert {r.info.id for r in first.rows}.isdisjoint(r.info.id for r in last.rows)
    assert [r.info.id for r in shelf.library.page("aurora buoy", every, 0).rows] == ["ferry"]
    january = Filters(date_from=date(2024, 1, 3), date_to=date(2024, 1, 3))
    assert shelf.library.page("", january, 0).total == 2
    # Where the list has become shorter meanwhile, its last page is shown.
    assert shelf.library.page("", every, 10 * PAGE).offset == PAGE
    assert shelf.library.page("nowhere", every, PAGE).rows == ()


def test_near_duplicates_name_each_other(shelf: Shelf) -> None:
    shelf.put(
        ferry=FERRY * 3,
        wire=FERRY * 3 + "More at eight.\n",
        other="Nothing of the kind was heard in Oslo on Friday.\n",
    )
    twins = {r.info.id: r.twin for r in shelf.library.page("", Filters(), 0).rows}
    assert twins["other"] is None
    assert twins["ferry"] is not None and twins["ferry"].id == "wire"
    assert twins["wire"] is not None and twins["wire"].id == "ferry"
    found = shelf.library.read("wire")
    assert found is not None and found[1] is not None and found[1].id == "ferry"
    assert "same story as" in _listed(shelf.library)
    assert shelf.library.read("gone") is None


# Adding


def test_files_are_added_under_their_own_names(shelf: Shelf, sent: Any) -> None:
    page = (
        "<html><head><title>Dockers strike in Hull</title></head><body><article><p>Two thousand "
        "dockers in Hull walked out on Monday over pay, the union said. The port handles ten "
        "million tonnes a year.</p></article></body></html>"
    )
    rows = '{"id": "r1", "text": "The lake froze on Friday."}\n{"id": "r2"}\n'
    files = [
        sent("Räntan höjs.txt", "Riksbanken höjer räntan till 3,5 procent på tisdagen.\n"),
        sent("strike.html", page),
        sent("rows.jsonl", rows),
        sent("broken.pdf", b"%PDF-1.4 nonsense"),
        sent("photo.png", b"\x89PNG"),
        sent("empty.txt", b""),
    ]
    told = list(shelf.library.add(files))
    assert [n.number for n in told if isinstance(n, Adding)][:1] == [1]
    assert {n.name for n in told if isinstance(n, Adding)} == {f.name for f in files}
    done = told[-1]
    assert isinstance(done, Added)
    assert (done.added, done.unchanged, len(done.failed)) == (3, 0, 4)
    assert [f.error for f in done.failed] == [
        'rows.jsonl, line 2, has no "text": each row needs its article\'s text.',
        "broken.pdf is not a readable PDF (damaged or cut off): export it again.",
        "photo.png has an ending that is not read: use one of .txt, .md, .html, .htm, .pdf, .docx,"
        " .jsonl, .jsonl.gz.",
        "empty.txt is empty: put text in it or leave it out.",
    ]
    assert [i.id for i in done.articles] == ["Räntan höjs", "strike"]
    kept = shelf.settings.data.absolute() / "uploads"
    found = shelf.store.article("Räntan höjs")
    assert found is not None and found.info.source == str(kept / "Räntan höjs.txt")
    # What could not be read is not kept, and nothing is left in the temporary folder.
    assert {p.name for p in kept.iterdir()} == {"Räntan höjs.txt", "strike.html", "rows.jsonl"}
    assert not any(f.path.exists() for f in files)
    summary = render.news(EN, done)
    assert "3 added, 4 failed" in summary


def test_the_same_file_again_changes_nothing_and_another_of_its_name_gets_a_number(
    shelf: Shelf, sent: Any
) -> None:
    shelf.put(bridge="The council of Cork approved a new bridge over the Lee.\n")
    assert _added(shelf.library, sent("ferry.txt", FERRY)).added == 1
    assert _added(shelf.library, sent("ferry.txt", FERRY)).unchanged == 1
    other = _added(shelf.library, sent("ferry.txt", "No ferry sails to Gotland on Sunday.\n"))
    assert (other.added, other.articles[0].id) == (1, "ferry-2")
    # The very text of an article that came from elsewhere is no second article,
    again = "The council of Cork approved a new bridge over the Lee.\r\n"
    assert _added(shelf.library, sent("bridge.txt", again)) == Added(unchanged=1)
    # and another text is, without taking that one's id.
    new = _added(shelf.library, sent("bridge.txt", "Residents of Cork said no to the bridge.\n"))
    assert new.articles[0].id == "bridge-2"
    first = shelf.store.article("bridge")
    assert first is not None and "approved" in first.text
    assert shelf.library.size() == 4


def test_a_file_of_rows_replaces_its_namesake(shelf: Shelf, sent: Any) -> None:
    row = '{"id": "r1", "text": "The lake %s on Friday."}\n'
    _added(shelf.library, sent("rows.jsonl", row % "froze"))
    assert _added(shelf.library, sent("rows.jsonl", row % "thawed")).changed == 1
    found = shelf.store.article("r1")
    assert found is not None and "thawed" in found.text
    # One that cannot be read leaves the one before.
    assert len(_added(shelf.library, sent("rows.jsonl", "nonsense\n")).failed) == 1
    (kept,) = (shelf.settings.data / "uploads").iterdir()
    assert "thawed" in kept.read_text()


def test_files_that_are_too_large_or_never_came_are_named(tmp_path: Path, sent: Any) -> None:
    shelf = Shelf(tmp_path, most_mb=1)
    huge = sent("huge.txt", b"x" * 1_200_000)
    lost = Upload("lost.txt", None, "did not arrive: try again.", 10)
    stopped = Upload("film.txt", None, "did not arrive: try again.", 5_000_000)
    done = _added(shelf.library, huge, lost, stopped)
    assert [f.error for f in done.failed] == [
        "huge.txt has 1 MB, more than the 1 MB allowed: split it.",
        "lost.txt did not arrive: try again.",
        "film.txt has 5 MB, more than the 1 MB allowed: split it.",
    ]
    assert not huge.path.exists()
    shelf.close()


def test_new_articles_are_found_at_once(shelf: Shelf, sent: Any) -> None:
    shelf.put(bridge="The council of Cork approved a new bridge over the Lee.\n")

    def dense() -> list[str]:
        vector = shelf.embedder.embed_query("Aurora ran aground outside Visby")
        found = shelf.store.search_dense(vector, language=None, filters=Filters(), k=1)
        return [chunk_id for chunk_id, _ in found]

    before = dense()  # everything that is kept open or remembered is so now
    _added(shelf.library, sent("ferry.txt", FERRY))
    (after,) = shelf.store.chunks(dense()).values()
    assert after.article_id == "ferry" and [after.id] != before
    terms = LexicalQuery.from_question("Aurora aground", "en")
    found = shelf.store.search_lexical(terms, language=None, filters=Filters(), k=5)
    assert {c.article_id for c in shelf.store.chunks([i for i, _ in found]).values()} == {"ferry"}


def test_two_people_add_one_after_the_other(shelf: Shelf, sent: Any) -> None:
    go = threading.Event()
    inside: list[int] = []

    def slow(paths: Sequence[Path]) -> IngestSummary:
        inside.append(1)
        assert len(inside) == 1, "two ingests at once"
        go.wait(10)
        try:
            return shelf.ingest(paths)
        finally:
            inside.pop()

    library = Library(shelf.store, slow, folder=shelf.settings.data / "uploads")
    first, second = library.add([sent("a.txt", FERRY)]), library.add([sent("b.txt", FERRY * 2)])
    assert isinstance(next(first), Adding)
    assert isinstance(next(second), Waiting)
    go.set()
    assert isinstance(list(first)[-1], Added)
    told = list(second)
    assert isinstance(told[-1], Added) and told[-1].added == 1
    assert "someone else" in render.news(EN, Waiting())


def test_someone_who_leaves_lets_the_next_one_in(shelf: Shelf, sent: Any) -> None:
    gone = shelf.library.add([sent("a.txt", FERRY), sent("b.txt", FERRY)])
    next(gone)
    gone.close()
    assert _added(shelf.library, sent("c.txt", "It rained in Cork on Friday.\n")).added == 1


def test_a_store_that_fails_ends_it_and_leaves_what_was_there(shelf: Shelf, sent: Any) -> None:
    shelf.put(bridge="The council of Cork approved a new bridge over the Lee.\n")

    def broken(paths: Sequence[Path]) -> IngestSummary:
        raise StoreError("The disk is full: free some space.")

    library = Library(shelf.store, broken, folder=shelf.settings.data / "uploads")
    done = _added(library, sent("a.txt", FERRY), sent("b.txt", FERRY))
    assert done.problem == "The disk is full: free some space."
    assert [f.path for f in done.failed] == ["b.txt"]
    assert library.size() == 1
    assert list((shelf.settings.data / "uploads").iterdir()) == []


# Removing


def test_an_article_is_removed_and_brought_back(shelf: Shelf) -> None:
    shelf.put(ferry=FERRY)
    before = shelf.store.article("ferry")
    removed = shelf.library.remove("ferry")
    assert removed is not None and removed.id == "ferry"
    assert shelf.library.size() == 0
    assert shelf.library.remove("ferry") is None
    assert shelf.library.restore("ferry")
    assert shelf.store.article("ferry") == before


def test_a_page_for_reading_changes_nothing_whoever_asks(tmp_path: Path, sent: Any) -> None:
    shelf = Shelf(tmp_path, editable=False)
    shelf.put(ferry=FERRY)
    with pytest.raises(SettingsError, match="ORDAGRANT_ARTICLES_EDITABLE"):
        list(shelf.library.add([sent("a.txt", FERRY)]))
    with pytest.raises(SettingsError):
        shelf.library.remove("ferry")
    with pytest.raises(SettingsError):
        shelf.library.restore("ferry")
    assert shelf.library.size() == 1
    for part in (
        _listed(shelf.library),
        render.head(EN, shelf.library.choices(), editable=False, most_mb=1),
    ):
        assert "Remove" not in part and 'type="file"' not in part
    shelf.close()


@pytest.mark.parametrize(
    ("host", "said", "editable"),
    [
        ("127.0.0.1", "", True),
        ("::1", "", True),
        ("localhost", "", True),
        ("0.0.0.0", "", False),  # noqa: S104
        ("192.168.1.4", "", False),
        ("news.example", "", False),
        ("0.0.0.0", "true", True),  # noqa: S104
        ("127.0.0.1", "false", False),
    ],
)
def test_visitors_from_elsewhere_only_read_unless_it_is_allowed(
    host: str, said: str, editable: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ORDAGRANT_ARTICLES_EDITABLE", said)
    assert editable_at(load_settings(), host) is editable
    assert Settings.model_fields["articles_editable"].description


def _listed(library: Library) -> str:
    page = library.page("", Filters(), 0)
    return render.articles(EN, page, editable=library.editable, narrowed=False)
