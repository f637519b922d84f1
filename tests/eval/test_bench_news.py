"""The news benchmark over a made-up set: selection, the three ways, figures, the whole command."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest

import eval.__main__ as door
from eval import bench_news
from eval.bench_news_data import (
    NewsArticle,
    NewsQuestion,
    day,
    distinct,
    excerpts,
    load_news,
    rank,
    sample,
    select,
)
from eval.bench_news_measure import Answered, Records, auc, cut_at, figures, judged
from eval.bench_news_ways import Bm25, Reply
from rag.bot import Bot
from rag.errors import InputError
from rag.models.reader_plain import FeatureReader
from rag.settings import Settings
from rag.store.store import Store
from tests.store.conftest import HashedWords

TOPICS = ("ferry", "bridge", "mill", "orchard", "tunnel", "harbour", "library", "quarry")


def article(n: int, topic: str) -> dict[str, Any]:
    text = (
        f"The {topic} of Hallvik was opened by minister Lindh number {n} on a rainy Tuesday. "
        f"Building the {topic} cost {n}0 million kronor and took the county {n} years. "
        f"Nobody in the village had asked for a {topic} of that size, said the baker of the place."
    )
    month = "2024/03" if n % 2 else "2025/09"
    return {
        "id": f"a{n}", "url": f"https://news.example/{topic}", "title": f"The new {topic}",
        "publish_date": f"{month}/1{n}", "authors": [], "text": text,
    }  # fmt: skip


def question(n: int, topic: str, asked: str, gold: Sequence[str]) -> dict[str, Any]:
    return {
        "id": f"q{n}", "date": asked, "question": f"How much did the {topic} of Hallvik cost?",
        "answers": [f"{n}0 million"], "weak_gold_ids": list(gold), "retrieved_ids": list(gold),
    }  # fmt: skip


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    articles = [article(n, topic) for n, topic in enumerate(TOPICS)]
    questions = [question(n, topic, "2025-08-01", [f"a{n}"]) for n, topic in enumerate(TOPICS)]
    questions += [question(90 + n, "airport", "2025/01/0" + str(n), []) for n in range(1, 4)]
    folder = tmp_path / "bench" / "news"
    folder.mkdir(parents=True)
    for name, rows in (("articles", articles), ("questions", questions)):
        with gzip.open(folder / f"{name}.jsonl.gz", "wt", encoding="utf-8") as out:
            out.writelines(json.dumps(row) + "\n" for row in rows)
    return folder.parent


def test_a_small_selection_has_the_right_articles_and_is_the_same_every_time(bench: Path) -> None:
    articles, questions = load_news(bench)
    small = select(articles, questions, most_articles=4, most_questions=2)
    assert small == select(articles, questions, most_articles=4, most_questions=2)
    ids = {a.id for a in small.articles}
    assert len(ids) == 4 and len(small.answerable) == 2
    assert all(q.gold <= ids for q in small.answerable)
    assert {q.id for q in small.before} < {"q91", "q92", "q93"}
    assert len(select(articles, questions).articles) == 8


def test_a_question_that_new_articles_were_found_for_is_not_from_before(bench: Path) -> None:
    articles, questions = load_news(bench)
    since = date(2025, 12, 1)  # nothing is as new: only the time apart counts
    assert len(select(articles, questions, since=since).before) == 11
    since = date(2025, 9, 11)  # four of the eight golds are newer, and so is the other time
    assert {q.id for q in select(articles, questions, since=since).before} == {"q91", "q92", "q93"}


def test_a_missing_set_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--bench"):
        load_news(tmp_path)


@pytest.mark.parametrize(
    ("text", "on"), [("2025/01/31", date(2025, 1, 31)), ("2025-01-31", date(2025, 1, 31)),
                      ("", None)]
)  # fmt: skip
def test_days(text: str, on: date | None) -> None:
    assert day(text) == on


def test_an_excerpt_stands_in_one_article_only(bench: Path) -> None:
    articles, _ = load_news(bench)
    told = {a.id: [s.strip() + "." for s in a.text.split(". ")][:2] for a in articles}
    shared = "This is a sentence of more than sixty characters which two of the articles have."
    twice = [
        NewsArticle(a.id, a.title, a.text + " " + shared, a.published, a.row) for a in articles[:2]
    ]
    found = excerpts(twice, lambda i: [shared, told[i][0]], None)
    assert [e.text for e in found] == [told["a0"][0], told["a1"][0]]
    assert excerpts(twice, lambda i: [shared], None) == []
    assert len(excerpts(articles, lambda i: told[i], 3)) == 3


def test_small_things() -> None:
    assert sample([1, 2, 3], 2) == sample([1, 2, 3], 2) and len(sample([1, 2, 3], 0)) == 0
    assert rank(["x", "y"], {"y"}) == 2 and rank(["x"], {"y"}) is None
    assert distinct(["a", "b", "a", "c"], 2) == ["a", "b"]


def test_bm25_prefers_the_rare_word_and_the_new_article(bench: Path) -> None:
    way = Bm25(load_news(bench)[0])
    assert way.search("the quarry of Hallvik")[0] == "a7"
    assert way.search("zeppelin") == []
    reply = way.reply("How much did the mill of Hallvik cost?")
    assert reply.text is not None and "20 million kronor" in reply.text
    assert reply.sure > way.reply("Who opened it on Tuesday?").sure
    newer = way.reply("How much did the bridge of Hallvik cost?", date(2025, 7, 1)).text
    assert newer is not None and "bridge" not in newer
    assert way.published("a1") == date(2024, 3, 11)


def asked(answer: str = "$15,000") -> NewsQuestion:
    return NewsQuestion("q", "How much?", answer, date(2025, 1, 1), frozenset(), frozenset())


def test_a_reply_is_held_against_the_quiz() -> None:
    right = judged(asked(), Reply("It cost 15 000 dollars.", 0.4), 5.0)
    assert right.contains and not right.refused and 0 < right.f1 < 1 and right.words == 5
    refused = judged(asked(), Reply(None, 0.1), 5.0)
    assert refused.refused and not refused.contains and refused.f1 == 0
    assert not judged(asked("***"), Reply("It cost 15 000 dollars.", 0.4), 5.0).contains


def answered(sure: float, refused: bool = False) -> Answered:
    return Answered("q", refused, sure, not refused, 0.5, 4, 10.0)


def test_figures_by_hand() -> None:
    records = Records(
        ranks={"a": 1, "b": 4, "c": None},
        answerable=[answered(0.9), answered(0.8), answered(0.3, refused=True)],
        before=[answered(0.85), answered(0.2, refused=True)],
        named=[(True, True), (False, True)],
    )
    found = figures(records, 2 / 3)
    values = {k: v["value"] if isinstance(v, dict) else v for k, v in found.items()}
    assert values["hit1"] == pytest.approx(1 / 3) and values["hit5"] == pytest.approx(2 / 3)
    assert values["mrr10"] == pytest.approx((1 + 0.25) / 3)
    assert values["answered"] == pytest.approx(2 / 3) and values["refused_before"] == 0.5
    assert values["refused_before_at"] == 0.5  # below 0.8, the second most sure
    assert values["auc"] == pytest.approx(4 / 6)
    assert (values["excerpt_article"], values["excerpt_date"]) == (0.5, 1.0)
    assert (values["words"], values["ms"]) == (4, 10)


def test_without_questions_there_is_no_figure_and_no_nan() -> None:
    found = figures(Records(), None)
    assert all(v is None or v["value"] is None for v in found.values())
    assert auc([], [1.0]) is None and cut_at([], 0.5) is None and cut_at([1.0], 0.0) is None
    assert auc([1.0], [1.0]) == 0.5


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    embedder = HashedWords()

    @contextmanager
    def bot(settings: Settings, _: object) -> Iterator[Bot]:
        with Store.open(settings) as store:
            yield Bot(settings, store, embedder, FeatureReader(embedder, note=None), None)

    monkeypatch.setattr("rag.models.embedding.load_embedder", lambda *_: embedder)
    monkeypatch.setattr(bench_news, "_bot", bot)


def test_the_whole_benchmark_tells_figures_and_no_text(
    bench: Path, tmp_path: Path, fakes: None, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("bench", "news", "--bench", str(bench), "--data", str(tmp_path / "data"))
    assert door.main([*words, "--out", str(tmp_path)]) == 0
    shown = capsys.readouterr()
    assert "To be ingested: 8 articles" in shown.err and "at 20 chunks a second" in shown.err
    (path,) = tmp_path.glob("news-none-*.json")
    text = path.read_text("utf-8")
    found = json.loads(text)
    assert list(found["rows"]) == ["BM25, whole articles", "dense, plain", "Ordagrant"]
    assert found["corpus"]["articles"] == 8 and found["corpus"]["new"] == 4
    assert (found["asked"]["answerable"], found["asked"]["before"]) == (8, 3)
    for row in found["rows"].values():
        assert row["hit1"]["n"] == 8
        assert row["excerpt_article"]["n"] == found["asked"]["excerpts"] == 8
        assert row["excerpt_date"]["value"] >= row["excerpt_article"]["value"] >= 0.5
    assert found["rows"]["BM25, whole articles"]["excerpt_article"]["value"] == 1.0
    assert "Hallvik" not in text and "rainy" not in text
    assert "gold article first" in shown.out and "Ordagrant" in shown.out

    assert door.main([*words, "--out", str(tmp_path)]) == 0
    assert "All 8 articles are ingested already" in capsys.readouterr().err


def test_a_folder_with_other_articles_is_refused(
    bench: Path, tmp_path: Path, fakes: None, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("bench", "news", "--bench", str(bench), "--data", str(tmp_path / "data"))
    assert door.main([*words, "--out", str(tmp_path)]) == 0
    capsys.readouterr()
    assert door.main([*words, "--out", str(tmp_path), "--articles", "3"]) == 2
    assert "not of this selection" in capsys.readouterr().err.replace("\n", " ")
