"""Spans of the stages, with OpenTelemetry and without it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from rag import tracing
from rag.bot import Bot
from rag.course import Run
from tests.api.conftest import news
from tests.test_bot import QUESTION

__all__ = ["news"]


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """What an exporter is given."""
    sdk = pytest.importorskip("opentelemetry.sdk.trace")
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter = InMemorySpanExporter()
    provider = sdk.TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(tracing, "_tracer", lambda: provider.get_tracer("tests"))
    yield exporter.get_finished_spans
    provider.shutdown()


def test_an_answer_is_a_trace_with_a_span_for_each_stage(news: Bot, spans: Any) -> None:
    answer = news.ask(QUESTION)
    found = spans()
    root = next(span for span in found if span.name == "answer")
    assert f"{root.context.trace_id:032x}" == answer.trace_id
    assert root.attributes["ordagrant.language"] == "en"
    stages = [span for span in found if span is not root]
    assert {span.name for span in stages} == {"retrieve", "evidence", "verify"}
    assert {span.parent.span_id for span in stages} == {root.context.span_id}
    assert "Berg" not in "".join(span.to_json() for span in found)


def test_two_answers_are_two_traces(news: Bot, spans: Any) -> None:
    assert news.ask(QUESTION).trace_id != news.ask(QUESTION).trace_id


def test_an_error_is_recorded_in_its_stage(spans: Any) -> None:
    run = Run("x")
    with pytest.raises(ValueError), run.timed("compose"):
        raise ValueError("no")
    assert [event.name for event in spans()[0].events] == ["exception"]


def test_without_opentelemetry_nothing_is_lost(news: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "_tracer", lambda: None)
    answer = news.ask(QUESTION)
    assert len(answer.trace_id) == 32 and answer.timings_ms["retrieve"] > 0
