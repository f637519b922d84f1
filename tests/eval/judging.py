"""A tiny run in two languages, as `python -m eval run` would have written it."""

from __future__ import annotations

from typing import Any

from eval.cases import Case, Gold, GoldCase
from eval.judges_items import Answered
from eval.metrics import MEASURES, score
from rag.types import Answer, Quote, Statement, text_sha256

TEXTS = {
    "bridge": (
        "The county is proud. The bridge at Hallvik cost 410 million kronor in 1961, said Eva "
        "Lindh. It is open to Bengt Falk and others."
    ),
    "ferry": "Ferries ran on. On calm days the Svea could carry 90 sheep, said Nora Quist.",
    "bron": "Länet är stolt. Bron vid Hallvik kostade 410 miljoner kronor 1961, säger Eva Lindh.",
    "farjan": "Färjan Svea var tyst. Den kunde ta 90 får om dagen, säger Nora Quist i Malmö.",
}
LANGUAGE = {"bridge": "en", "ferry": "en", "bron": "sv", "farjan": "sv"}


def text_of(article_id: str) -> str | None:
    return TEXTS.get(article_id)


def quote(n: int, article: str, text: str) -> Quote:
    start = TEXTS[article].index(text)
    return Quote(
        n=n,
        article_id=article,
        source=f"{article}.txt",
        outlet=f"The {article.title()} Post",
        title=None,
        published="2025-06-05",
        published_is="stated",
        language=LANGUAGE[article],
        start=start,
        end=start + len(text),
        text=text,
        article_sha256=text_sha256(TEXTS[article]),
    )


# The question, the article, and the words of it that answer.
ASKED = {
    "price": ("What did the bridge cost?", "bridge",
              "The bridge at Hallvik cost 410 million kronor in 1961, said Eva Lindh."),
    "sheep": ("What did the Svea carry?", "ferry",
              "On calm days the Svea could carry 90 sheep, said Nora Quist."),
    "pris": ("Vad kostade bron?", "bron",
             "Bron vid Hallvik kostade 410 miljoner kronor 1961, säger Eva Lindh."),
    "far": ("Vad tog färjan?", "farjan", "Den kunde ta 90 får om dagen, säger Nora Quist i Malmö."),
}  # fmt: skip


def make_answer(name: str) -> Answer:
    question, article, text = ASKED[name]
    return Answer(
        question=question,
        standalone_question=question,
        language=LANGUAGE[article],
        status="answered",
        answer=f"{text} [1]",
        statements=(Statement(text=text, quotes=(1,)),),
        quotes=(quote(1, article, text),),
        llm="none",
        trace_id=name,
    )


def make_gold(name: str) -> GoldCase:
    question, article, text = ASKED[name]
    found = quote(1, article, text)
    case = Case(
        id=name,
        question=question,
        language=LANGUAGE[article],
        kind="fact",
        split="dev",
        accept=[["410 million", "410 miljoner", "90 sheep", "90 får"]],
    )
    gold = Gold(article, found.start, found.end, text)
    return GoldCase(case, ((gold,),), (), f"{case.language}->{case.language}")


def make_case(name: str, answer: Answer | None = None) -> Answered:
    gold = make_gold(name)
    return Answered(
        name, "fact", gold.case.language, gold.case.question, answer or make_answer(name), True,
        {"accept": gold.case.accept, "evidence": [[{"text": ASKED[name][2]}]]},
    )  # fmt: skip


def row(name: str) -> dict[str, Any]:
    gold, answer = make_gold(name), make_answer(name)
    found = score(gold, answer, text_of)
    return {
        "id": name,
        "kind": "fact",
        "language": gold.case.language,
        "split": "dev",
        "direction": gold.direction,
        "question": gold.case.question,
        "expected": {
            "refuse": False,
            "accept": gold.case.accept,
            "must_not_say": [],
            "evidence": [[{"text": ASKED[name][2]}]],
        },
        "milliseconds": 1.0,
        "error": None,
        "score": {"correct": found.correct},
        "parts": {},
        "answer": answer.model_dump(mode="json"),
    }


def refused(name: str) -> dict[str, Any]:
    given = row(name)
    given["answer"] |= {
        "status": "refused",
        "statements": [],
        "answer": "The articles do not say.",
        "refusal": {"reason": "no_evidence", "nearest": [1]},
    }
    given["score"] = {"correct": False}
    return given


def document(*rows: dict[str, Any]) -> dict[str, Any]:
    figure = {"value": 0.75, "low": 0.5, "high": 1.0, "n": 4}
    return {
        "schema": 2,
        "cases": "tiny",
        "llm": "none",
        "commit": "0123456789abcdef",
        "dirty": False,
        "overall": {"measures": dict.fromkeys(MEASURES, figure)},
        "groups": {},
        "results": list(rows),
    }
