"""Which sentences become evidence, over a hand-made store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rag.calibration import Calibration, Logistic
from rag.evidence import EvidenceFinder
from rag.settings import Settings
from rag.types import ArticleInfo, Chunk, Hit, Passage, Published, Reading, Sentence, Support

TEXTS = {
    "a": ["Alpha one.", "He said two.", "Alpha three.", "Alpha four.", "Alpha five."],
    "b": ["Beta one.", "Alpha one."],
    "c": ["Alpha one.", "Gamma two."],
    "d": ["Delta ett.", "Delta två."],
}
WITNESS = {"a": "a", "b": "b", "c": "a", "d": "d"}  # c is a near-duplicate of a
LANGUAGE = {"a": "en", "b": "en", "c": "en", "d": "sv"}
SCORES = {
    "Alpha one.": 0.9, "He said two.": 0.8, "Alpha three.": 0.7, "Alpha four.": 0.6,
    "Alpha five.": 0.5, "Beta one.": 0.4, "Gamma two.": 0.3,
    "Delta ett.": 0.2, "Delta två.": 0.1,
}  # fmt: skip


class HandMadeStore:
    def sentences(self, article_id: str, first: int, last: int) -> list[Sentence]:
        out, at = [], 0
        for index, text in enumerate(TEXTS[article_id]):
            out.append(Sentence(article_id, index, at, at + len(text), text))
            at += len(text) + 1
        return out[first : last + 1]

    def info(self, ids: Sequence[str]) -> dict[str, ArticleInfo]:
        return {
            i: ArticleInfo(
                i, i, f"{i}.txt", None, LANGUAGE[i], Published(), (), "0" * 64, WITNESS[i]
            )
            for i in ids
        }

    def hit(self, article_id: str) -> Hit:
        text = " ".join(TEXTS[article_id])
        last = len(TEXTS[article_id]) - 1
        return Hit(Chunk(article_id, article_id, 0, 0, len(text), 0, last, text, "en"), 1.0)


class ByTable:
    name = "table"
    note = None

    def read(self, question: str, passages: Sequence[Passage]) -> list[Reading]:
        tables = [tuple(SCORES[s.slice(p.text)] for s in p.sentences) for p in passages]
        return [Reading(max(t), 0, 1, t) for t in tables]

    def support(self, claims: Sequence[tuple[str, str]]) -> list[Support] | None:
        return None


class NoSimilarity:
    def sentences(self, question: str, language: str, sentences: Sequence[Any]) -> list[float]:
        return [0.0] * len(sentences)


def find(settings: Settings, *articles: str, near: float = 0.0) -> list[str]:
    store: Any = HandMadeStore()
    similarity: Any = NoSimilarity()
    calibration = Calibration(
        Logistic({"reader": 1.0, "cosine": 1.0, "rank": 0.0}, 0.0),
        Logistic({"first": 1.0, "near": near}, 0.0),
        Logistic({}, 0.0),
        0.5,
        0.5,
    )
    finder = EvidenceFinder(store, ByTable(), similarity, settings, calibration)
    found = finder.find("Alpha?", "en", [store.hit(a) for a in articles])
    assert [e.n for e in found.items] == list(range(1, len(found.items) + 1))
    for item in found.items:
        if item.sentence.text == "He said two.":
            assert item.context == "Alpha one."
        else:
            assert item.context is None
    return [f"{e.article.id}: {e.sentence.text}" for e in found.items]


def test_the_best_come_first_and_no_article_takes_all(settings: Settings) -> None:
    limited = settings.model_copy(update={"evidence_per_article": 2})
    assert find(limited, "a", "b") == [
        "a: Alpha one.", "b: Alpha one.", "a: He said two.", "b: Beta one.",
    ]  # fmt: skip


def test_near_duplicates_say_a_thing_once(settings: Settings) -> None:
    said = find(settings, "a", "c")
    assert said.count("a: Alpha one.") == 1
    assert "c: Alpha one." not in said
    assert "c: Gamma two." in said


def test_the_best_are_read_again_and_the_rest_stays_behind(settings: Settings) -> None:
    # Were the second reading to count against a sentence, the six that get one would turn
    # round; the seventh gets none and cannot pass them.
    said = find(settings.model_copy(update={"evidence_per_article": 9}), "a", "b", near=-10.0)
    assert said[0] == "a: Alpha five."
    assert said[-1] == "b: Beta one."


def test_no_more_than_was_asked_for(settings: Settings) -> None:
    assert len(find(settings.model_copy(update={"evidence": 3}), "a", "b", "c")) == 3


def test_a_language_that_the_best_leave_out_is_heard(settings: Settings) -> None:
    said = find(settings.model_copy(update={"evidence": 4}), "a", "b", "d")
    assert said == ["a: Alpha one.", "b: Alpha one.", "a: He said two.", "d: Delta ett."]


def test_without_hits_nothing_is_enough(settings: Settings) -> None:
    assert find(settings) == []
