"""The figures of one way over the news set; records in, estimates out, nothing asked."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from eval.bench_news_data import Excerpt, NewsQuestion, Selection, rank
from eval.bench_news_ways import K, Reply, Way
from eval.bootstrap import Estimate, estimate
from eval.matching import PatternError, found, normalise
from eval.metrics_text import overlap, tokens

Step = Callable[[str, int, int], None]  # what, done, total


@dataclass(frozen=True, slots=True)
class Answered:
    """A reply to a question, measured; no text of it is kept."""

    id: str
    refused: bool
    sure: float
    contains: bool
    f1: float
    words: int
    ms: float


@dataclass(slots=True)
class Records:
    """All that was seen of one way."""

    ranks: dict[str, int | None] = field(default_factory=dict)  # of the first gold, by question
    answerable: list[Answered] = field(default_factory=list)
    before: list[Answered] = field(default_factory=list)
    named: list[tuple[bool, bool]] = field(default_factory=list)  # right article, right date


def look(way: Way, chosen: Selection, excerpts: Sequence[Excerpt], step: Step) -> Records:
    """Asks one way everything."""
    out = Records()
    total = 2 * len(chosen.answerable) + len(chosen.before) + len(excerpts)
    done = 0

    def told(what: str) -> None:
        nonlocal done
        done += 1
        step(f"{way.name}: {what}", done, total)

    for question in chosen.answerable:
        out.ranks[question.id] = rank(way.search(question.text), question.gold)
        told("search")
    for question in chosen.answerable:
        out.answerable.append(_answered(way, question, None))
        told("answers")
    for question in chosen.before:
        out.before.append(_answered(way, question, chosen))
        told("refusals")
    for excerpt in excerpts:
        out.named.append(_named(way, excerpt))
        told("excerpts")
    return out


def _answered(way: Way, question: NewsQuestion, only_new: Selection | None) -> Answered:
    begun = time.perf_counter()
    reply = way.reply(question.text, None if only_new is None else only_new.since)
    return judged(question, reply, 1000 * (time.perf_counter() - begun))


def judged(question: NewsQuestion, reply: Reply, ms: float) -> Answered:
    """A reply against the quiz's answer; a refusal holds nothing of it."""
    said = reply.text or ""
    return Answered(
        id=question.id,
        refused=reply.text is None,
        sure=reply.sure,
        contains=_contains(question.answer, said),
        f1=overlap(tokens(said, "en"), tokens(question.answer, "en")).f1 if said else 0.0,
        words=len(said.split()),
        ms=ms,
    )


def _contains(answer: str, said: str) -> bool:
    try:
        return found(answer.replace("*", " ").removeprefix("re:"), normalise(said))
    except PatternError:  # an answer of nothing but signs
        return False


def _named(way: Way, excerpt: Excerpt) -> tuple[bool, bool]:
    best = way.search(excerpt.text)[:1]
    if not best:
        return False, False
    return best[0] == excerpt.article_id, way.published(best[0]) == excerpt.published


def figures(records: Records, answer_rate: float | None) -> dict[str, Any]:
    """Each figure as value, interval and number; None where there is nothing to measure.

    `answer_rate`: the share of the answerable that Ordagrant answers. A way that never refuses is
    also told by what it would refuse if it refused its least sure replies until it answers that
    share, and every way by how well its sureness tells the two sets apart (`auc`: the chance
    that an answerable question has the higher, Mann and Whitney 1947).
    """
    ranks = list(records.ranks.values())
    sure = [a.sure for a in records.answerable]
    unsure = [a.sure for a in records.before]
    cut = None if answer_rate is None else cut_at(sure, answer_rate)
    shares: Mapping[str, Sequence[float]] = {
        "hit1": [float(r == 1) for r in ranks],
        "hit5": [float(r is not None and r <= 5) for r in ranks],
        "hit10": [float(r is not None and r <= K) for r in ranks],
        "mrr10": [0.0 if r is None else 1 / r for r in ranks],
        "contains": [float(a.contains) for a in records.answerable],
        "token_f1": [a.f1 for a in records.answerable],
        "answered": [float(not a.refused) for a in records.answerable],
        "refused_before": [float(a.refused) for a in records.before],
        "refused_before_at": [] if cut is None else [float(s < cut) for s in unsure],
        "excerpt_article": [float(article) for article, _ in records.named],
        "excerpt_date": [float(on) for _, on in records.named],
    }
    out: dict[str, Any] = {name: asdict(_mean(values)) for name, values in shares.items()}
    out["auc"] = auc(sure, unsure)
    for name, values in (("words", "words"), ("ms", "ms")):
        told = [float(getattr(a, values)) for a in records.answerable if not a.refused]
        out[name] = statistics.median(told) if told else None
    return out


def _mean(values: Sequence[float]) -> Estimate:
    return estimate([[(value, 1.0) for value in values]])


def cut_at(sure: Sequence[float], answer_rate: float) -> float | None:
    """The lowest sureness that is still answered, when this share of replies is; None without
    any."""
    answered = round(answer_rate * len(sure))
    return sorted(sure, reverse=True)[answered - 1] if answered else None


def auc(higher: Sequence[float], lower: Sequence[float]) -> float | None:
    """The chance that one of `higher` is above one of `lower`, ties half; None without pairs."""
    if not higher or not lower:
        return None
    won = sum((a > b) + 0.5 * (a == b) for a in higher for b in lower)
    return won / (len(higher) * len(lower))
