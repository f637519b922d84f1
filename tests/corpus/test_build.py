from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from rag.corpus.build import build_article
from rag.corpus.load import RawArticle, load_all
from rag.corpus.manifest import Override, load_manifests
from rag.types import Article, Published, text_sha256
from tests.corpus.conftest import SEEDS

BODY = "The central bank kept its policy rate unchanged on Thursday, as most analysts had expected."


def seeds() -> dict[str, Article]:
    manifest = load_manifests([str(SEEDS)])
    return {
        raw.id[:3]: build_article(raw, manifest.override(raw))
        for raw in load_all([str(SEEDS)], 10**7)
        if isinstance(raw, RawArticle)
    }


def test_seed_texts_are_the_files_own_and_every_sentence_is_at_its_address() -> None:
    for article in seeds().values():
        data = (SEEDS / f"{article.info.id}.txt").read_bytes()
        assert article.text == data.decode("utf-8")
        assert article.info.sha256 == text_sha256(article.text)
        assert [s.index for s in article.sentences] == list(range(len(article.sentences)))
        assert all(article.text[s.start : s.end] == s.text for s in article.sentences)


def test_what_is_masked_in_the_seeds() -> None:
    masked = {
        key: [(a.text[m.start : m.end], m.reason) for m in a.masks] for key, a in seeds().items()
    }
    headline = "China Signals Potential Thaw in Trade Talks Amid Suspicion of US Intentions"
    assert masked["001"] == [
        (headline, "title"),
        (headline, "repeated headline"),
        ("Tags", "tags"),
    ]
    assert [text for text, _ in masked["000"]] == [
        "Reaktioner i Kina",
        "Sällsynta jordartsmetaller",
        "Hör mer om hur Kina har satt upp begränsningarna av sällsynta jordartsmetaller i "
        "klippet ovan.",
    ]
    assert [reason for _, reason in masked["002"]] == [
        "dateline",
        "source link",
        "byline",
        "comment form",
    ]
    assert [text for text, _ in masked["003"]][1:] == [
        "WASHINGTON – ",
        "The Stalled Trade Truce",
        "The Path Forward: Direct Engagement and Upcoming Talks",
        "Related posts",
    ]
    assert masked["004"] == [("READ MORE", "link to more")]


def test_languages_and_sentence_counts_of_the_seeds() -> None:
    found = {key: (a.info.language, len(a.sentences)) for key, a in seeds().items()}
    assert found == {
        "000": ("sv", 16),
        "001": ("en", 23),
        "002": ("en", 58),
        "003": ("en", 22),
        "004": ("en", 21),
    }


def test_a_manifest_wins_over_the_file_and_the_file_over_the_text(
    make_article: Callable[..., Article],
) -> None:
    text = f"A Headline of Its Own\n\n{BODY}"
    assert make_article(text).info.title == "A Headline of Its Own"
    assert make_article(text, title="Metadata").info.title == "Metadata"
    raw = RawArticle("a", text, "/a.txt", "/a.txt", "txt", title="Metadata", authors=("X",))
    said = Override(
        title="Said", url="https://x.se/1", published=Published(date(2025, 1, 2), "stated", "m")
    )
    info = build_article(raw, said).info
    assert (info.title, info.source, info.authors) == ("Said", "https://x.se/1", ("X",))
    assert info.published.on == date(2025, 1, 2)
    assert info.witness == "a"


@pytest.mark.parametrize(
    ("text", "fields", "on", "how"),
    [
        (f"Published 6 June 2025\n\n{BODY}", {}, "2025-06-06", "stated"),
        (f"{BODY}\nPublicerad 23 april 2025", {"language": "sv"}, "2025-04-23", "stated"),
        (f"June 3, 2025 Updated June 5, 2025, 2:20 p.m. ET\n\n{BODY}", {}, "2025-06-03", "stated"),
        (BODY, {"source": "https://x.com/2025/06/05/rate"}, "2025-06-05", "stated"),
        (BODY, {"id": "2025-06-05-rate"}, "2025-06-05", "inferred"),
        (f"On 5 June 2025 the bank met. {BODY}", {}, "2025-06-05", "inferred"),
        (BODY, {"published": Published(date(2020, 1, 1), "stated", "row")}, "2020-01-01", "stated"),
    ],
)  # fmt: skip
def test_publication_date_and_how_it_is_known(
    make_article: Callable[..., Article], text: str, fields: dict[str, object], on: str, how: str
) -> None:
    published = make_article(text, **fields).info.published
    assert (str(published.on), published.how) == (on, how)
    assert published.reason


def test_a_date_deep_in_the_text_dates_nothing(make_article: Callable[..., Article]) -> None:
    text = f"{BODY}\n" * 8 + "The flag flew in Oakland on April 15, 2025."
    assert make_article(text).info.published == Published()
