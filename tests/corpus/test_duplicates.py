from __future__ import annotations

import random
from collections.abc import Callable

from rag.corpus.duplicates import THRESHOLD, Signatures, signature, similarity
from rag.types import Article
from tests.corpus.test_build import seeds

_RANDOM = random.Random(7)  # noqa: S311
_VOCABULARY = ["".join(_RANDOM.choices("abdegiklmnorstu", k=6)) for _ in range(400)]


def brief(seed: int, words: int = 40) -> str:
    return " ".join(random.Random(seed).choices(_VOCABULARY, k=words)) + "."  # noqa: S311


def group(articles: list[Article]) -> list[str]:
    index = Signatures()
    found = []
    for article in articles:
        sketch = signature(article)
        assert sketch is not None
        found.append(index.group(article.info.id, sketch))
    return found


def test_one_changed_number_is_one_witness(make_article: Callable[..., Article]) -> None:
    words = brief(1).split()
    articles = []
    for name, number in (("a", "145"), ("b", "154"), ("c", "30")):
        words[17] = number
        articles.append(make_article(" ".join(words), id=name))
    assert group([*articles, make_article(brief(2), id="d")]) == ["a", "a", "a", "d"]


def test_other_furniture_around_the_same_report_is_one_witness(
    make_article: Callable[..., Article],
) -> None:
    body = f"{brief(3, 30)}\n{brief(4, 30)}"
    one = make_article(body, id="a")
    other = make_article(f"{body}\nREAD MORE\nTags: a, b, c\nLeave a Reply", id="b")
    assert group([one, other]) == ["a", "a"]


def test_the_seeds_are_five_witnesses_though_two_report_one_call() -> None:
    articles = list(seeds().values())
    assert group(articles) == [a.info.id for a in articles]
    left, right = (signature(seeds()[key]) for key in ("002", "003"))
    assert left is not None
    assert right is not None
    assert similarity(left, right) < THRESHOLD / 2


def test_the_index_goes_on_from_stored_bytes(make_article: Callable[..., Article]) -> None:
    first, second = (signature(make_article(brief(5), id=i)) for i in "ab")
    assert first is not None
    assert second is not None
    index = Signatures([("a", "w", first.tobytes())])
    assert index.group("b", second) == "w"


def test_too_little_text_has_no_signature(make_article: Callable[..., Article]) -> None:
    assert signature(make_article("Just five words in here.")) is None
