"""What is counted of answers, for a Prometheus server; each door adds what is its own."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram, disable_created_metrics

from rag.types import Answer

# They would double the series and say nothing; the library left this one function untyped.
disable_created_metrics()  # type: ignore[no-untyped-call]

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)


class Metrics:
    """The counts of one process, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
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

    def count(self, answer: Answer) -> None:
        """Counts an answer with its stages."""
        refusal = answer.refusal.reason if answer.refusal else ""
        self.answers.labels(answer.status, refusal, answer.language).inc()
        self.removed.inc(len(answer.removed))
        self.quotes.inc(len(answer.quotes))
        for stage, ms in answer.timings_ms.items():
            self.seconds.labels(stage).observe(ms / 1000)
