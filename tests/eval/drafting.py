"""Articles, a judge and drafts by hand, for the tests of drafting and reviewing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random

from rag.types import (
    Article,
    ArticleInfo,
    Candidate,
    Evidence,
    EvidenceSet,
    Passage,
    Published,
    Reading,
    Sentence,
    text_sha256,
)

FERRY = (
    "The ferry Aurora ran aground outside Visby on 4 June 2024 with a full load of lorries.",
    "All 412 passengers were taken ashore by the coast guard before the evening came.",
    "The repairs will cost 30 million kronor, captain Torsten Ask said after the inspection.",
)
RATE = (
    "Riksbanken sänkte i går styrräntan till 2,5 procent efter ett enhälligt beslut i direktionen.",
    "Beslutet väntas ge 145 000 låntagare lägre kostnader redan under hösten, säger Eva Lindh.",
)


def article(
    article_id: str, sentences: Sequence[str], language: str = "en", witness: str = ""
) -> Article:
    """An article of one sentence a line."""
    text = "\n".join(sentences)
    cut, start = [], 0
    for index, sentence in enumerate(sentences):
        cut.append(Sentence(article_id, index, start, start + len(sentence), sentence))
        start += len(sentence) + 1
    info = ArticleInfo(
        id=article_id, title=f"About {article_id}", source=f"{article_id}.txt", outlet="The Herald",
        language=language, published=Published(), authors=(), sha256=text_sha256(text),
        witness=witness or article_id,
    )  # fmt: skip
    return Article(info, text, (), tuple(cut))


class Shelf:
    """What drafting needs of a store."""

    def __init__(self, *articles: Article) -> None:
        self._articles = {a.info.id: a for a in articles}

    def article(self, article_id: str) -> Article | None:
        return self._articles.get(article_id)

    def articles(self, *, offset: int = 0, limit: int = 50) -> tuple[list[ArticleInfo], int]:
        infos = [a.info for a in self._articles.values()]
        return infos[offset : offset + limit], len(infos)


class ReaderAt:
    """Reads every answer at the same place."""

    name = "oracle"

    def __init__(self, at: int | None) -> None:
        self._at = at

    def read(self, question: str, passages: Sequence[Passage]) -> list[Reading]:
        return [
            Reading(0.9, 0, len(p.text), (0.9,))
            if self._at is None
            else Reading(0.9, self._at, self._at + 1, (0.9,))
            for p in passages
        ]


class Oracle:
    """Proposes every sentence of the shelf, chooses those told, and holds all or nothing enough."""

    def __init__(
        self,
        *articles: Article,
        enough: bool = False,
        chosen: bool = True,
        proposed: bool = True,
        at: int | None = None,
    ) -> None:
        """`at`: where in any text the reader reads the answer; None: in all of it."""
        self._articles = articles
        self._enough = enough
        self._chosen = chosen
        self._proposed = proposed
        self.asked: list[str] = []
        self.reader = ReaderAt(at)

    def evidence_for(self, question: str) -> EvidenceSet:
        self.asked.append(question)
        every = [(a.info, s) for a in self._articles for s in a.sentences]
        items = [Evidence(n, i, s, 0.9) for n, (i, s) in enumerate(every, start=1)]
        candidates = tuple(Candidate(s, 0.0, 0.5, 1) for _, s in every) if self._proposed else ()
        return EvidenceSet(tuple(items) if self._chosen else (), 0.5, self._enough, candidates)


def reply(question: str) -> str:
    return json.dumps({"question": question}, ensure_ascii=False)


def rng(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - seeded on purpose
