"""The retrieval bench's own logic, over made-up sets."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.remembered import Memory, RememberingEmbedder, RememberingReader
from bench.retrieval import run, table
from bench.retrieval_fit import Choice, first_right, fit
from bench.retrieval_measure import Column, Figures, across, rank, share
from bench.retrieval_sets import load_set
from eval.cases import Gold
from rag.errors import InputError, SettingsError
from rag.types import Chunk, Passage, Reading, Support
from tests.store.conftest import HashedWords


def write(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt", encoding="utf-8") as out:
        out.writelines(json.dumps(row) + "\n" for row in rows)


def parallel_rows() -> list[dict[str, Any]]:
    return [
        {
            "id": str(n), "title": f"T{n}",
            "question_en": f"who {n}", "question_sv": f"vem {n}",
            "context_en": f"Text {n}.", "context_sv": f"Text på svenska {n}.",
        }
        for n in range(40)
    ]  # fmt: skip


def test_each_parallel_passage_stands_once_in_each_language(tmp_path: Path) -> None:
    write(tmp_path / "parallel_sv_en.jsonl.gz", parallel_rows())
    found = load_set("parallel", tmp_path, seen=True)
    assert found is not None
    one, two = found.corpora
    spoken = [{a["id"]: a["language"] for a in c.articles} for c in (one, two)]
    assert set(spoken[0].values()) == {"en", "sv"}
    assert all(spoken[0][i] != spoken[1][i] for i in spoken[0])
    columns = [q.column for c in found.corpora for q in c.queries]
    assert {c: columns.count(c) for c in columns} == dict.fromkeys(
        ("en->en", "en->sv", "sv->en", "sv->sv"), 40
    )


def test_what_the_reader_was_trained_on_is_not_asked(tmp_path: Path) -> None:
    write(tmp_path / "parallel_sv_en.jsonl.gz", parallel_rows())
    unseen, all_of_it = load_set("parallel", tmp_path), load_set("parallel", tmp_path, seen=True)
    assert unseen is not None and all_of_it is not None
    assert not any(q.seen for c in unseen.corpora for q in c.queries)
    assert 0 < unseen.queries < all_of_it.queries


def test_a_limit_takes_the_same_questions_every_time(tmp_path: Path) -> None:
    questions = [
        {"id": str(n), "question": f"q{n}", "weak_gold_ids": [f"a{n}"] if n % 2 else []}
        for n in range(30)
    ]
    articles = [{"id": f"a{n}", "title": "", "text": f"Text {n}."} for n in range(30)]
    write(tmp_path / "news" / "questions.jsonl.gz", questions)
    write(tmp_path / "news" / "articles.jsonl.gz", articles)
    once, again = (load_set("news", tmp_path, 5) for _ in range(2))
    assert once is not None and once == again
    assert once.queries == 5
    assert {i for q in once.corpora[0].queries for i in q.articles} <= {
        a["id"] for a in once.corpora[0].articles
    }


def test_a_missing_set_is_none_and_said(tmp_path: Path) -> None:
    assert load_set("swequad", tmp_path) is None
    said: list[str] = []
    with pytest.raises(InputError, match="holds none of these sets"):
        run(tmp_path, ["swequad"], [], None, False, None, said.append)
    assert said == [f"swequad: its file is not in {tmp_path}, so it is left out"]


@pytest.mark.parametrize(("sets", "rows"), [(["nosuch"], []), ([], ["nosuch"])])
def test_an_unknown_name_is_refused(tmp_path: Path, sets: list[str], rows: list[str]) -> None:
    with pytest.raises(SettingsError, match="nosuch"):
        run(tmp_path, sets, rows, None, False, None, lambda _: None)


def test_a_hit_is_any_right_article_and_counts_by_its_place() -> None:
    assert rank(["a", "b", "c"], {"c", "b"}) == 2
    assert rank(["a"], {"b"}) is None
    column = Column(ranks=[1, 4, None], ms=[1.0, 2.0, 9.0])
    values = column.values()
    assert values["hit1"] == pytest.approx(1 / 3)
    assert values["hit10"] == pytest.approx(2 / 3)
    assert values["mrr"] == pytest.approx(1.25 / 3)
    assert values["ms"] == 2.0


def test_gold_is_found_where_a_chunk_holds_most_of_it() -> None:
    def chunk(start: int, end: int) -> Chunk:
        return Chunk("c", "a", 0, start, end, 0, 0, "", "en")

    groups = [(Gold("a", 10, 20, ""),), (Gold("a", 40, 50, ""), Gold("b", 0, 5, ""))]
    assert share([chunk(0, 15), chunk(44, 60)], groups) == 1.0
    assert share([chunk(0, 14), chunk(44, 60)], groups) == 0.5


def test_across_languages_is_told_as_a_share() -> None:
    found = {"en->en": 0.9, "sv->sv": 0.7, "en->sv": 0.6, "sv->en": 0.6}
    assert across({n: {"hit1": v} for n, v in found.items()}) == pytest.approx(0.75)
    assert across({"news": {"hit1": 1.0}}) is None


def test_the_table_has_a_column_for_each_set() -> None:
    whole = Figures({"news": Column(ranks=[1, None], ms=[3.0, 5.0])})
    document = {
        "commit": "0" * 40, "dirty": False,
        "sets": {"news": {"questions": 2, "note": "all"}},
        "rows": {"whole": whole.values(), "less": {}},
    }  # fmt: skip
    made = table(document)
    assert [str(c.header) for c in made.columns] == ["", "news"]
    assert list(made.columns[1].cells) == [".500 .500 .500 4", ""]


def test_weights_find_what_tells_right_from_wrong() -> None:
    rng = np.random.default_rng(1)
    choices = []
    for n in range(60):
        right = np.arange(8) == n % 8
        rows = rng.normal(size=(8, 3))
        rows[:, 0] += 3.0 * right
        choices.append(Choice("g", rows, right, n % 2 == 0))
    weights = fit(choices, ("telling", "noise", "more noise"))
    assert weights["telling"] > 3 * abs(weights["noise"])
    assert first_right(choices, weights)["g"] > 0.7


def test_nothing_to_fit_is_said() -> None:
    with pytest.raises(InputError, match="nothing to fit"):
        fit([Choice("g", np.zeros((2, 1)), np.array([False, False]), True)], ("x",))


def test_what_is_remembered_is_made_once_and_still_costs_its_time(tmp_path: Path) -> None:
    embedder = HashedWords()
    memory = Memory(tmp_path / "m.db")
    remembering = RememberingEmbedder(embedder, memory)
    first = remembering.embed_passages(["a b", "c"])
    cost = memory.ms
    assert memory.fresh_ms == cost > 0
    again = remembering.embed_passages(["c", "a b"])
    assert embedder.embedded == ["a b", "c"]
    assert np.array_equal(first[::-1], again)
    assert memory.fresh_ms == cost
    assert memory.ms == pytest.approx(2 * cost)
    memory.close()


class Counting:
    name = "counting"
    note: str | None = None

    def __init__(self) -> None:
        self.calls = 0

    def read(self, question: str, passages: Sequence[Passage]) -> list[Reading]:
        self.calls += len(passages)
        return [Reading(0.25, 0, 1, (0.25,)) for _ in passages]

    def support(self, claims: Sequence[tuple[str, str]]) -> list[Support] | None:
        return None


def test_a_passage_is_read_once_for_a_question_and_title(tmp_path: Path) -> None:
    counting = Counting()
    reader = RememberingReader(counting, Memory(tmp_path / "m.db"), "weights")
    passages = [Passage("one", ()), Passage("one", (), "Title")]
    assert [r.answerable for r in reader.read("q", passages)] == [0.25, 0.25]
    reader.read("q", passages)
    assert counting.calls == 2
