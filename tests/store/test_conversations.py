from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from rag.settings import Settings
from rag.store import schema
from rag.store.conversations import MOST_TITLE, UNREADABLE, StoredExchange
from rag.store.ingest import ingest
from rag.store.store import Store
from rag.types import Answer, Filters, Quote, Statement
from tests.store.conftest import HashedWords

ME, YOU = "token-of-mine", "token-of-yours"
NEW_TABLES = (
    "conversation_filters",
    "conversation_exchanges",
    "conversations",
    "feedback",
    "bin_articles",
)


def answer_to(question: str, says: str = "It sank.") -> Answer:
    return Answer(
        question=question,
        standalone_question=question,
        language="en",
        status="answered",
        answer=f"{says} [1]",
        statements=(Statement(text=says, quotes=(1,)),),
        quotes=(
            Quote(n=1, article_id="a", source="/a.txt", title=None, published=None,
                  published_is=None, language="en", start=0, end=len(says), text=says,
                  article_sha256="0" * 64),
        ),
        llm="none",
        timings_ms={"total": 1.5},
        trace_id="t1",
    )  # fmt: skip


def asked(place: int, question: str, says: str = "It sank.") -> StoredExchange:
    return StoredExchange(place, question, None, answer_to(question, says), None, False)


def age(store: Store, days: float) -> None:
    """Let all that is deleted have been so for this long."""
    then = (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="microseconds")
    with store.database.write() as connection:
        for column in (schema.conversations.c.deleted, schema.bin_articles.c.removed):
            gone = column.table.update().where(column.is_not(None))  # type: ignore[attr-defined]
            connection.execute(gone.values({column.name: then}))


def test_a_conversation_is_read_back_as_it_was(store: Store, settings: Settings) -> None:
    name = store.conversations.start(ME, "  Ferries\n and bridges ")
    first = StoredExchange(0, "What of it?", "What of the ferry?", None, "No room.", True)
    second = asked(1, "Vad hände 🌊?")
    assert store.conversations.write(ME, name, first)
    assert store.conversations.write(ME, name, second)
    with Store.open(settings) as again:
        assert again.conversations.read(ME, name) == [first, second]
        (listed,) = again.conversations.list(ME)
    assert (listed.id, listed.title, listed.exchanges) == (name, "Ferries and bridges", 2)
    assert listed.created < listed.updated
    assert datetime.fromisoformat(listed.updated).tzinfo is UTC


def test_writing_in_the_middle_drops_what_followed(store: Store) -> None:
    name = store.conversations.start(ME, "")
    for place in range(4):
        store.conversations.write(ME, name, asked(place, f"question {place}"))
    store.conversations.write(ME, name, asked(1, "another"))
    found = store.conversations.read(ME, name)
    assert found is not None
    assert [(x.place, x.question) for x in found] == [(0, "question 0"), (1, "another")]
    with pytest.raises(ValueError, match="counts from 0"):
        store.conversations.write(ME, name, asked(-1, "before all"))


def test_the_filters_of_a_question_are_kept_with_it(store: Store) -> None:
    name = store.conversations.start(ME, "")
    spring = Filters(date(2025, 4, 1), date(2025, 6, 30), "SVT", "sv")
    all_of_them = [replace(asked(0, "q"), filters=spring), asked(1, "q")]
    all_of_them.append(replace(asked(2, "q"), filters=Filters(date_to=date(2025, 1, 2))))
    for exchange in all_of_them:
        store.conversations.write(ME, name, exchange)
    assert store.conversations.read(ME, name) == all_of_them
    store.conversations.write(ME, name, asked(0, "q"))  # asked again, of all articles
    assert store.conversations.read(ME, name) == [asked(0, "q")]
    with store.database.read() as connection:
        assert connection.execute(schema.exchange_filters.select()).all() == []


def test_an_answer_is_amended_in_its_place(store: Store) -> None:
    name = store.conversations.start(ME, "")
    for place in range(3):
        store.conversations.write(ME, name, asked(place, f"question {place}"))
    assert store.conversations.amend(ME, name, asked(1, "question 1", "It floated."))
    assert not store.conversations.amend(ME, name, asked(1, "another", "It flew."))
    assert not store.conversations.amend(ME, name, asked(7, "question 7"))
    assert not store.conversations.amend(YOU, name, asked(1, "question 1", "Mine."))
    found = store.conversations.read(ME, name)
    assert found == [
        asked(0, "question 0"),
        asked(1, "question 1", "It floated."),
        asked(2, "question 2"),
    ]
    assert [c.id for c in store.conversations.list(ME, "floated")] == [name]


def test_the_last_written_comes_first(store: Store) -> None:
    one, two, three = (store.conversations.start(ME, title) for title in ("1", "2", "3"))
    store.conversations.write(ME, one, asked(0, "q"))
    store.conversations.rename(ME, two, "renamed")
    assert [c.id for c in store.conversations.list(ME)] == [one, three, two]
    assert [c.id for c in store.conversations.list(ME, limit=1)] == [one]


def test_nobody_sees_or_changes_what_is_anothers(store: Store) -> None:
    mine = store.conversations.start(ME, "ferry")
    store.conversations.write(ME, mine, asked(0, "ferry?"))
    theirs = store.conversations
    assert theirs.list(YOU) == theirs.list(YOU, "ferry") == []
    assert theirs.read(YOU, mine) is None
    assert theirs.title(YOU, mine) is None
    assert theirs.title(ME, mine) == "ferry"
    assert not theirs.write(YOU, mine, asked(0, "mine now"))
    assert not theirs.rename(YOU, mine, "mine now")
    assert not theirs.delete(YOU, mine)
    theirs.delete(ME, mine)
    assert not theirs.restore(YOU, mine)
    assert theirs.restore(ME, mine)
    assert [c.title for c in theirs.list(ME)] == ["ferry"]
    assert [x.question for x in theirs.read(ME, mine) or []] == ["ferry?"]


def test_an_owner_without_a_token_is_refused(store: Store) -> None:
    for use in (
        lambda: store.conversations.start("", "t"),
        lambda: store.conversations.list(""),
        lambda: store.feedback.give("", "t", "answer", 0, "up"),
    ):
        with pytest.raises(ValueError, match="token"):
            use()


def test_the_token_itself_is_not_stored(store: Store, settings: Settings) -> None:
    store.conversations.start("a-very-secret-token", "t")
    store.feedback.give("a-very-secret-token", "t", "answer", 0, "up")
    store.close()
    for path in settings.data.iterdir():
        if path.is_file():
            assert b"a-very-secret-token" not in path.read_bytes(), path.name


def test_search_looks_in_title_questions_and_answers_in_any_case(store: Store) -> None:
    here = store.conversations
    name = here.start(ME, "Åskan över Visby")
    here.write(ME, name, asked(0, "Hur många ÄGG gick sönder?", "Alla 412 ägg krossades."))
    other = here.start(ME, "Bridges")
    here.write(ME, other, asked(0, "50% of what?", "It has under_scores."))
    for search, expected in (
        ("åskan", [name]),
        ("ÅSKAN", [name]),
        ("a\u030askan", [name]),  # the ring as a sign of its own
        ("ägg", [name]),
        ("KROSS visby", [name]),
        ("kross bridges", []),
        ("50%", [other]),
        ("5%", []),
        ("r_s", [other]),
        ("d_r", []),
        ("", [other, name]),
        ("  ", [other, name]),
        ("' OR 1=1 --", []),
        ("x" * 100_000, []),
    ):
        assert [c.id for c in here.list(ME, search)] == expected, search
    here.rename(ME, other, "Broar")
    assert here.list(ME, "bridges") == []
    assert [c.id for c in here.list(ME, "broar")] == [other]


def test_deleting_can_be_undone_for_a_while(store: Store, settings: Settings) -> None:
    here = store.conversations
    name, kept = here.start(ME, "gone"), here.start(ME, "kept")
    here.write(ME, name, asked(0, "q"))
    assert here.delete(ME, name)
    assert not here.delete(ME, name)
    assert here.read(ME, name) is None
    assert here.title(ME, name) is None
    assert not here.rename(ME, name, "x")
    assert [c.id for c in here.list(ME)] == [kept]
    # An answer that was being made when its conversation was deleted is not lost.
    assert here.write(ME, name, asked(1, "late"))
    assert here.read(ME, name) is None

    age(store, 29.9)
    with Store.open(settings) as again:
        assert again.conversations.restore(ME, name)
        assert not again.conversations.restore(ME, name)
        assert [x.question for x in again.conversations.read(ME, name) or []] == ["q", "late"]
        again.conversations.delete(ME, name)

    age(store, 30.1)
    with Store.open(settings) as again:
        assert not again.conversations.restore(ME, name)
        assert [c.id for c in again.conversations.list(ME)] == [kept]
        with again.database.read() as connection:
            rows = connection.execute(schema.exchanges.select()).all()
    assert rows == []


def test_titles_are_kept_short_and_on_one_line(store: Store) -> None:
    name = store.conversations.start(ME, "å" * 5_000)
    assert store.conversations.list(ME)[0].title == "å" * MOST_TITLE
    assert store.conversations.rename(ME, name, "a\r\n\tb" + " " * 5_000)
    assert not store.conversations.rename(ME, name, " \n ")
    assert store.conversations.list(ME)[0].title == "a b"


def test_an_answer_of_another_shape_becomes_a_problem(store: Store) -> None:
    name = store.conversations.start(ME, "t")
    store.conversations.write(ME, name, asked(0, "q"))
    for body in ('{"answer": "it", "mood": "newer"}', "[]", "not json", ""):
        with store.database.write() as connection:
            connection.execute(schema.exchanges.update().values(answer=body))
        found = store.conversations.read(ME, name)
        assert found == [StoredExchange(0, "q", None, None, UNREADABLE, False)]


def test_a_database_from_before_conversations_gets_their_tables(
    store: Store, settings: Settings, add: Callable[..., None]
) -> None:
    add("a", ["The ferry was late."])
    store.close()
    path = settings.data / "ordagrant.db"
    with sqlite3.connect(path) as connection:
        for table in NEW_TABLES:
            connection.execute(f"DROP TABLE {table}")
        version = connection.execute("PRAGMA user_version").fetchone()
    connection.close()
    with Store.open(settings) as opened:
        name = opened.conversations.start(ME, "t")
        opened.conversations.write(ME, name, asked(0, "q"))
        opened.feedback.give(ME, "t1", "answer", 0, "up")
        assert opened.count() == (1, 1)
        assert opened.remove("a") and opened.undo_remove("a")
        assert len(opened.conversations.list(ME)) == 1
    # The layout's number stays, so that the program of before can still read the folder.
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == version
    connection.close()


def test_conversations_are_written_while_another_holds_the_store(
    store: Store, settings: Settings
) -> None:
    """The write lock that an ingest holds from its start to its end is not theirs."""
    with Store.open(settings) as other, store.writing():
        name = other.conversations.start(ME, "t")
        assert other.conversations.write(ME, name, asked(0, "q"))


def test_threads_write_while_an_ingest_runs(
    store: Store,
    settings: Settings,
    embedder: HashedWords,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("many")
    for number in range(60):
        words = " ".join(f"The ferry {number} met wave {wave}." for wave in range(20))
        (folder / f"n{number}.txt").write_text(words)
    problems: list[BaseException] = []
    began = threading.Event()
    running = threading.Event()
    running.set()

    def talk(owner: str) -> None:
        try:
            began.wait(10)
            name = store.conversations.start(owner, owner)
            place = 0
            while running.is_set() or place < 3:
                store.conversations.write(owner, name, asked(place, f"{owner} asks {place}"))
                store.feedback.give(owner, f"{owner}-{place}", "answer", 0, "up")
                place += 1
            found = store.conversations.read(owner, name)
            assert found is not None
            assert [x.question for x in found] == [f"{owner} asks {n}" for n in range(place)]
            assert [c.title for c in store.conversations.list(owner)] == [owner]
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=talk, args=(f"owner-{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    try:
        summary = ingest(store, [folder], embedder, settings, progress=lambda *_: began.set())
    finally:
        running.clear()
    for thread in threads:
        thread.join()
    assert problems == []
    assert summary.added == 60 and not summary.failed


_WORDS = st.text(max_size=40)


@hypothesis_settings(max_examples=30, deadline=None)
@given(title=_WORDS, question=_WORDS, standalone=st.none() | _WORDS, said=_WORDS)
def test_any_text_survives(
    tmp_path_factory: pytest.TempPathFactory,
    title: str,
    question: str,
    standalone: str | None,
    said: str,
) -> None:
    data = tmp_path_factory.getbasetemp() / "any-text"
    exchange = replace(asked(0, question, said), standalone=standalone)
    with Store.open(Settings(data=data)) as store:
        name = store.conversations.start(ME, title)
        store.conversations.write(ME, name, exchange)
        assert store.conversations.read(ME, name) == [exchange]
        for searched in (title, question, said):
            assert name in [c.id for c in store.conversations.list(ME, searched, limit=1_000)]


def test_half_a_character_is_not_the_end(store: Store) -> None:
    """A browser can send half a surrogate pair, which no database takes."""
    name = store.conversations.start("owner\ud800", "t\ud800")
    exchange = StoredExchange(0, "q\udc00", "s\udc00", None, "p\udc00", False)
    assert store.conversations.write("owner\ud800", name, exchange)
    found = store.conversations.read("owner\ud800", name)
    assert found == [StoredExchange(0, "q?", "s?", None, "p?", False)]
    assert store.conversations.list("owner\ud800", "\ud800")[0].title == "t?"
    assert store.conversations.read(ME, "\ud800") is None
