from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.corpus.chunks import make_chunks
from rag.types import Article
from tests.corpus.conftest import count_words


def sentence(words: int) -> str:
    return "Word " + "word " * (words - 2) + "end."


def runs(article: Article, max_tokens: int, overlap: int) -> list[tuple[int, int]]:
    return [
        (c.first_sentence, c.last_sentence)
        for c in make_chunks(article, count_words, max_tokens, overlap)
    ]


def test_greedy_runs_with_overlap(make_article: Callable[..., Article]) -> None:
    article = make_article(" ".join(sentence(4) for _ in range(6)))
    assert runs(article, 12, 0) == [(0, 2), (3, 5)]
    assert runs(article, 12, 1) == [(0, 2), (2, 4), (4, 5)]
    assert runs(article, 12, 2) == [(0, 2), (1, 3), (2, 4), (3, 5)]


def test_a_long_sentence_stands_alone_and_takes_no_overlap(
    make_article: Callable[..., Article],
) -> None:
    article = make_article(" ".join(sentence(n) for n in (4, 20, 4)))
    assert runs(article, 12, 1) == [(0, 0), (1, 1), (2, 2)]


def test_a_chunk_never_holds_masked_text(make_article: Callable[..., Article]) -> None:
    article = make_article(f"{sentence(4)}\nREAD MORE\n{sentence(4)}\n{sentence(4)}")
    assert runs(article, 100, 1) == [(0, 0), (1, 2)]
    assert all("READ MORE" not in c.text for c in make_chunks(article, count_words, 100, 1))


def test_ids_depend_on_article_content_and_place(make_article: Callable[..., Article]) -> None:
    text = f"{sentence(4)} {sentence(5)}"

    def ids(article: Article) -> list[str]:
        return [c.id for c in make_chunks(article, count_words, 5, 0)]

    first = ids(make_article(text))
    assert first == ids(make_article(text))
    assert all(len(i) == 24 and int(i, 16) >= 0 for i in first)
    others = ids(make_article(text, id="b")) + ids(make_article(text + " More."))
    assert len({*first, *others}) == len(first) + len(others)


def test_an_article_without_sentences_has_no_chunks(make_article: Callable[..., Article]) -> None:
    assert make_chunks(make_article("* * *"), count_words, 100, 1) == []


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(st.one_of(st.integers(2, 30), st.just(0)), min_size=1, max_size=20),
    st.integers(5, 40),
    st.integers(0, 4),
)
def test_chunks_slice_the_text_in_order_and_lose_nothing(
    make_article: Callable[..., Article], lengths: list[int], max_tokens: int, overlap: int
) -> None:
    article = make_article("\n".join(sentence(n) if n else "Advertisement" for n in lengths))
    chunks = make_chunks(article, count_words, max_tokens, overlap)
    held: set[int] = set()
    for index, chunk in enumerate(chunks):
        assert chunk.index == index
        assert chunk.text == article.text[chunk.start : chunk.end] != ""
        assert chunk.start == article.sentences[chunk.first_sentence].start
        assert chunk.end == article.sentences[chunk.last_sentence].end
        single = chunk.first_sentence == chunk.last_sentence
        assert single or len(chunk.text.split()) <= max_tokens
        assert not any(m.start < chunk.end and chunk.start < m.end for m in article.masks)
        held.update(range(chunk.first_sentence, chunk.last_sentence + 1))
    assert held == set(range(len(article.sentences)))
    assert all(a.last_sentence < b.last_sentence for a, b in pairwise(chunks))
