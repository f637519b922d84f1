"""The whole way with the real models: over HTTP, a question, its quotes, and their articles."""

from __future__ import annotations

from typing import Any

import pytest

from rag.types import text_sha256
from tests.api.conftest import served


@pytest.mark.models
def test_each_quote_of_an_answer_stands_in_its_article(seed_bot: Any) -> None:
    with served(seed_bot) as client:
        body = {"question": "How much of the world’s rare earths does China refine?"}
        answer = client.post("/api/ask", json=body).json()
        assert answer["status"] == "answered" and "90 per cent" in answer["answer"]
        for quote in answer["quotes"]:
            article = client.get(f"/api/articles/{quote['article_id']}").json()
            assert article["text"][quote["start"] : quote["end"]] == quote["text"]
            assert text_sha256(article["text"]) == quote["article_sha256"]
        nothing = {"question": "Who won the Swedish ice hockey league in 1987?"}
        assert client.post("/api/ask", json=nothing).json()["status"] == "refused"
