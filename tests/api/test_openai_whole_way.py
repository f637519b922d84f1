"""A question from OpenAI's client, the answer's links followed to the words they stand on."""

from __future__ import annotations

import html
import re
from typing import Any

import httpx
import pytest
from openai import OpenAI

from rag.bot import Bot
from tests.api.serving import serving


def answered_in_every_way(bot: Any, question: str) -> int:
    """The number of marks of the answer, after each was followed to its quote."""
    with serving(bot) as address:
        client = OpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0)
        said: Any = [{"role": "user", "content": question}]
        reply = client.chat.completions.create(model="ordagrant", messages=said)
        text = reply.choices[0].message.content
        answer = reply.ordagrant  # type: ignore[attr-defined]
        assert text.split("\n\n") == [
            f"{s['text']} {''.join(f'[{n}]' for n in s['quotes'])}" for s in answer["statements"]
        ]
        chunks = client.chat.completions.create(model="ordagrant", messages=said, stream=True)
        told = [chunk.choices[0].delta.content or "" for chunk in chunks]
        assert "".join(told) == text
        assert client.responses.create(model="ordagrant", input=question).output_text == text
        quotes = {q["n"]: q["text"] for q in answer["quotes"]}
        noted = reply.choices[0].message.annotations or []
        for one in noted:
            mark = text[one.url_citation.start_index : one.url_citation.end_index]
            page = httpx.get(one.url_citation.url).text
            marked = re.findall(r'<mark id="quote"[^>]*>(.*?)</mark>', page, re.DOTALL)
            assert [html.unescape(words) for words in marked] == [quotes[int(mark[1:-1])]]
        return len(noted)


def test_the_answers_of_a_bot_without_models(news: Bot) -> None:
    assert answered_in_every_way(news, "What burned down in Norrby?") > 0


@pytest.mark.models
@pytest.mark.parametrize(
    "question",
    [
        "What share of the world's rare earths does China account for?",
        "Vem mötte He Lifeng i Malaysia?",
    ],
)
def test_the_answers_of_the_real_models(seed_bot: Any, question: str) -> None:
    assert answered_in_every_way(seed_bot, question) > 0
