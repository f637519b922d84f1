"""What is counted of requests, besides answers, for a Prometheus server."""

from __future__ import annotations

from prometheus_client import Counter, Gauge
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.counts import Metrics


class HttpMetrics(Metrics):
    """The counts of one application, in a registry of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.requests = Counter(
            "ordagrant_requests", "Requests answered.", ["method", "route", "status"],
            registry=self.registry,
        )  # fmt: skip
        self.in_hand = Gauge(
            "ordagrant_questions_in_hand", "Questions being answered or in line.",
            registry=self.registry,
        )  # fmt: skip
        self.articles = Gauge("ordagrant_articles", "Articles.", registry=self.registry)
        self.chunks = Gauge("ordagrant_chunks", "Chunks of articles.", registry=self.registry)


class Counting:
    """Counts the replies by route, never by address: those are without end."""

    def __init__(self, app: ASGIApp, metrics: HttpMetrics) -> None:
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
