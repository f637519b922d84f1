"""The search over a real store in a temporary folder, with an embedder of hashed words."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path

import pytest

from rag.asking import asks_for_now
from rag.retrieval import Parts, Retriever
from rag.settings import Settings
from rag.similarity import Similarity
from rag.store.store import Store
from rag.types import Filters, Passage, Reading, Support
from tests.store.conftest import HashedWords, make_prepared, write_prepared

Add = Callable[..., None]


class ByWords:
    """A reader that is sure of passages with one of its words, and of no other."""

    name = "words"
    note: str | None = None

    def __init__(self, *words: str) -> None:
        self._words = words
        self.titles: list[str | None] = []

    def read(self, question: str, passages: Sequence[Passage]) -> list[Reading]:
        self.titles = [p.title for p in passages]
        return [
            Reading(0.99 if any(w in p.text for w in self._words) else 0.01, 0, 0, ())
            for p in passages
        ]

    def support(self, claims: Sequence[tuple[str, str]]) -> list[Support] | None:
        return None


@pytest.fixture
def embedder() -> HashedWords:
    return HashedWords()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    settings = Settings(data=tmp_path / "data", cache=tmp_path / "cache", chunk_tokens=32)
    with Store.open(settings) as opened:
        yield opened


@pytest.fixture
def add(store: Store, embedder: HashedWords) -> Add:
    def write(article_id: str, sentences: Sequence[str], **about: object) -> None:
        prepared = make_prepared(article_id, sentences, embedder, **about)  # type: ignore[arg-type]
        write_prepared(store, prepared, embedder)

    return write


def found(
    store: Store,
    embedder: HashedWords,
    question: str,
    *,
    language: str = "en",
    reader: ByWords | None = None,
    parts: Parts = Parts(),  # noqa: B008
    filters: Filters | None = None,
    k: int = 5,
) -> list[str]:
    retriever = Retriever(store, Similarity(store, embedder), reader, parts)
    return [hit.chunk.id for hit in retriever.search(question, language, k, filters)]


def test_words_and_vectors_agree(store: Store, embedder: HashedWords, add: Add) -> None:
    add("ferry", ["The ferry Aurora ran aground.", "The captain blamed a buoy."])
    add("bridge", ["The council approved a bridge."])
    assert found(store, embedder, "Which ferry ran aground?")[0] == "ferry:0"


def test_nothing_is_found_in_nothing(store: Store, embedder: HashedWords) -> None:
    assert found(store, embedder, "Which ferry?") == []


def test_scores_fall_and_ranks_are_told(store: Store, embedder: HashedWords, add: Add) -> None:
    add("a", ["The ferry was late.", "The ferry met a boat.", "Rain fell."])
    for reader in (None, ByWords("boat")):
        hits = Retriever(store, Similarity(store, embedder), reader).search("late ferry", "en", 3)
        scores = [hit.score for hit in hits]
        assert scores == sorted(scores, reverse=True)
        assert {hit.chunk.id: hit.lexical_rank for hit in hits}["a:0"] == 1


def test_the_reader_can_turn_the_order(store: Store, embedder: HashedWords, add: Add) -> None:
    add("asked", ["How long was the ferry delayed on its way?"], title="Ferries")
    add("told", ["The ferry was delayed by forty minutes."], title="Delays")
    question = "How long was the ferry delayed?"
    assert found(store, embedder, question)[0] == "asked:0"
    reader = ByWords("forty")
    assert found(store, embedder, question, reader=reader)[0] == "told:0"
    assert set(reader.titles) == {"Ferries", "Delays"}


def test_filters_hold(store: Store, embedder: HashedWords, add: Add) -> None:
    add("en", ["Ferry Aurora."])
    add("sv", ["Ferry Aurora."], language="sv")
    assert found(store, embedder, "Aurora", filters=Filters(language="sv")) == ["sv:0"]


def test_every_part_can_be_switched_off(store: Store, embedder: HashedWords, add: Add) -> None:
    add("ferry", ["The ferry Aurora ran aground.", "Rain fell all day."])
    add("bridge", ["Rådet godkände en bro.", "Det regnade hela dagen."], language="sv")
    for name in Parts.__dataclass_fields__:
        hits = found(store, embedder, "ferry aground", parts=Parts(**{name: False}))
        assert hits[0] == "ferry:0", name


def test_a_copy_does_not_take_a_place(store: Store, embedder: HashedWords, add: Add) -> None:
    text = ["The ferry Aurora ran aground outside Visby on Tuesday with four hundred aboard."]
    add("a", text, sign=True)
    add("copy", text, sign=True)
    add("other", ["A ferry was late.", "The council met.", "Rain fell on Cork.", "Rates rose."])
    question = "Which ferry ran aground outside Visby on Tuesday with four hundred aboard?"
    hits = found(store, embedder, question, k=6)
    assert (hits[0], hits[-1]) == ("a:0", "copy:0")
    parts = Parts(witnesses=False)
    assert found(store, embedder, question, parts=parts, k=2) == ["a:0", "copy:0"]


def test_the_newest_counts_where_now_is_asked_for(
    store: Store, embedder: HashedWords, add: Add
) -> None:
    add("a-old", ["The offer is 200 million."], day=date(2019, 1, 1))
    add("b-new", ["The offer is 300 million."], day=date(2025, 1, 1))
    assert found(store, embedder, "What is the offer?")[0] == "a-old:0"
    assert found(store, embedder, "What is the latest offer?")[0] == "b-new:0"


def test_a_misspelt_name_is_found(store: Store, embedder: HashedWords, add: Add) -> None:
    add("a", ["Bessent spoke.", "Nobody listened."])
    lexical = Parts(dense=False)
    assert found(store, embedder, "Bescent", parts=lexical) == ["a:0"]
    assert found(store, embedder, "Bescent", parts=Parts(dense=False, names=False)) == []


@pytest.mark.parametrize(
    "question",
    [
        "What is the latest offer?",
        "Vad säger de nu?",
        "Who currently leads?",
        "Hur är läget i dag?",
    ],
)
def test_questions_that_ask_for_now(question: str) -> None:
    assert asks_for_now(question)


@pytest.mark.parametrize(
    "question", ["What happened in 2019?", "Hur många nummer finns det?", "Is it well known?"]
)
def test_questions_that_do_not(question: str) -> None:
    assert not asks_for_now(question)
