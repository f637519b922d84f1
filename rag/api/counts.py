"""What is counted of requests and answers, for a Prometheus server."""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
)
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.types import Answer

# They would double the series and say nothing; the library left this one function untyped.
disable_created_metrics()  # type: ignore[no-untyped-call]

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)


class Metrics:
    """The counts of one application, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "ordagrant_requests", "Requests answered.", ["method", "route", "status"],
            registry=self.registry,
        )  # fmt: skip
        self.answers = Counter(
            "ordagrant_answers", "Answers made.", ["status", "refusal", "language"],
            registry=self.registry,
        )  # fmt: skip
        self.removed = Counter(
            "ordagrant_removed_statements", "Statements that did not pass verification.",
            registry=self.registry,
        )  # fmt: skip
        self.quotes = Counter(
            "ordagrant_quotes", "Quotes that answers stand on.", registry=self.registry
        )
        self.seconds = Histogram(
            "ordagrant_answer_seconds", "Time that a stage of an answer took.", ["stage"],
            buckets=_SECONDS, registry=self.registry,
        )  # fmt: skip
        self.in_hand = Gauge(
            "ordagrant_questions_in_hand", "Questions being answered or in line.",
            registry=self.registry,
        )  # fmt: skip
        self.articles = Gauge("ordagrant_articles", "Articles.", registry=self.registry)
        self.chunks = Gauge("ordagrant_chunks", "Chunks of articles.", registry=self.registry)

    def count(self, answer: Answer) -> None:
        """Counts an answer with its stages."""
        refusal = answer.refusal.reason if answer.refusal else ""
        self.answers.labels(answer.status, refusal, answer.language).inc()
        self.removed.inc(len(answer.removed))
        self.quotes.inc(len(answer.quotes))
        for stage, ms in answer.timings_ms.items():
            self.seconds.labels(stage).observe(ms / 1000)


class Counting:
    """Counts the replies by route, never by address: those are without end."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def counting(message: Message) -> None:
            if message["type"] == "http.response.start":
                # What is mounted has routes of its own, under where it is mounted.
                path = getattr(scope.get("route"), "path", None)
                route = "other" if path is None else scope.get("root_path", "") + path
                method = scope["method"] if scope["method"] in _METHODS else "other"
                self._metrics.requests.labels(method, route, str(message["status"])).inc()
            await send(message)

        await self._app(scope, receive, counting)


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
