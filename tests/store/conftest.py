"""A store in a temporary folder, an embedder that can be checked by hand, articles by hand."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from rag.corpus.duplicates import signature
from rag.settings import Settings
from rag.store import fingerprint
from rag.store.store import Store
from rag.store.writer import Prepared, write_articles
from rag.types import Article, ArticleInfo, Chunk, Published, Sentence, text_sha256


class HashedWords:
    """Each word counts in one of `dimension` places, chosen by its hash."""

    def __init__(self, dimension: int = 64, name: str = "hashed-words") -> None:
        self._dimension = dimension
        self._name = name
        self.embedded: list[str] = []

    @property
    def name(self) -> str:
        return self._name

    @property
    def dimension(self) -> int:
        return self._dimension

    def embed_passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.embedded.extend(texts)
        return np.stack([self._embed(text) for text in texts])

    def embed_query(self, text: str) -> NDArray[np.float32]:
        return self._embed(text)

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(text.split()) for text in texts]

    def _embed(self, text: str) -> NDArray[np.float32]:
        vector = np.zeros(self._dimension, dtype=np.float32)
        for word in re.findall(r"\w+", text.lower()):
            vector[zlib.crc32(word.encode()) % self._dimension] += 1
        vector[0] += 1e-3
        return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


@pytest.fixture
def embedder() -> HashedWords:
    return HashedWords()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data=tmp_path / "data", cache=tmp_path / "cache", chunk_tokens=32)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with Store.open(settings) as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of three articles: two English, one Swedish."""
    made = tmp_path / "news"
    made.mkdir()
    (made / "ferry.txt").write_text(
        "The ferry Aurora ran aground outside Visby on Tuesday. All 412 passengers were taken "
        "ashore by the coast guard. The captain said that a buoy had drifted out of place.\n"
    )
    (made / "bridge.txt").write_text(
        "The council of Cork approved a new bridge over the Lee. It will cost 30 million euro and "
        "open in 2027. Residents had asked for it for twenty years.\n"
    )
    (made / "ranta.txt").write_text(
        "Riksbanken sänker styrräntan till 2,5 procent. Beslutet var enhälligt, säger chefen Erik "
        "Thedéen. Marknaden hade väntat sig att räntan skulle ligga kvar.\n"
    )
    return made


def make_prepared(
    article_id: str,
    sentences: Sequence[str],
    embedder: HashedWords,
    *,
    language: str = "en",
    day: date | None = None,
    source: str | None = None,
    outlet: str | None = None,
    title: str | None = None,
    index_key: str = "",
    sign: bool = False,
) -> Prepared:
    """An article whose sentences are lines and each of whose sentences is a chunk.

    With `sign` it is compared with others as a possible near-duplicate.
    """
    text = "\n".join(sentences)
    cut, start = [], 0
    for index, sentence in enumerate(sentences):
        cut.append(Sentence(article_id, index, start, start + len(sentence), sentence))
        start += len(sentence) + 1
    info = ArticleInfo(
        id=article_id,
        title=title,
        source=source or f"/news/{article_id}.txt",
        outlet=outlet,
        language=language,
        published=Published(day, "stated" if day else None),
        authors=("Ann O'Nym",),
        sha256=text_sha256(text),
        witness=article_id,
    )
    chunks = tuple(
        Chunk(f"{article_id}:{s.index}", article_id, s.index, s.start, s.end, s.index, s.index,
              s.text, language)
        for s in cut
    )  # fmt: skip
    article = Article(info, text, (), tuple(cut))
    return Prepared(
        article=article,
        chunks=chunks,
        vectors=embedder.embed_passages([c.text for c in chunks]),
        origin=info.source,
        content_key=info.sha256,
        info_key="",
        index_key=index_key,
        signature=signature(article) if sign else None,
    )


def write_prepared(store: Store, prepared: Prepared, embedder: HashedWords) -> None:
    """Write a hand-made article as an ingest would, and finish what is pending."""
    mark = fingerprint.Fingerprint.of(embedder.name, embedder.dimension, store.settings)
    with store.writing(), store.database.write() as connection:
        fingerprint.store(connection, mark)
        write_articles(connection, [replace(prepared, index_key=mark.key)])
    with store.writing():
        pass


@pytest.fixture
def add(store: Store, embedder: HashedWords) -> Callable[..., None]:
    """Write an article straight into the store: `add("a", ["One sentence.", "Another."])`."""

    def write(article_id: str, sentences: Sequence[str], **about: object) -> None:
        prepared = make_prepared(article_id, sentences, embedder, **about)  # type: ignore[arg-type]
        write_prepared(store, prepared, embedder)

    return write
