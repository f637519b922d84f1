"""Questions to offer on the sample articles, and how to know that those are loaded."""

from __future__ import annotations

from rag.ui.protocol import ArticleStore

SAMPLE_ARTICLES = (
    "000_a574084f86699ec9",
    "001_f06367601f576edf",
    "002_d616262dcc2f21b5",
    "003_0c9594e4ba1ca4c2",
    "004_8779bf42f353ca5e",
)

SAMPLE_QUESTIONS: dict[str, tuple[str, ...]] = {
    "en": (
        "How much of the world’s rare earths does China refine?",
        "What did Trump and Xi talk about on the phone?",
        "What does China demand before serious negotiations can start?",
    ),
    "sv": (
        "Hur höga är tullarna på kinesiska varor?",
        "Vad sa Kinas utrikesdepartement på presskonferensen?",
        "Hur länge gäller överenskommelsen från Genève?",
    ),
}


def examples_for(store: ArticleStore) -> dict[str, tuple[str, ...]]:
    """The sample questions when the collection is exactly the sample articles, else none."""
    if store.count()[0] != len(SAMPLE_ARTICLES):
        return {}
    if any(store.article(article_id) is None for article_id in SAMPLE_ARTICLES):
        return {}
    return SAMPLE_QUESTIONS
