"""Traces of an answer's stages for OpenTelemetry, where that is installed; else nothing at all.

    answer {ordagrant.language, ordagrant.removed}
    ├── retrieve
    ├── evidence
    ├── compose      one for each statement that the LLM wrote
    └── verify

The spans name no question and no answer. `ordagrant serve` sends them where the OTEL_* variables
say if ORDAGRANT_TRACES is set; a program that has set up OpenTelemetry itself gets them as well.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from rag.errors import MissingExtra


class Trace:
    """The spans of one answer; without OpenTelemetry each call does nothing."""

    def __init__(self) -> None:
        tracer = _tracer()
        self._tracer = tracer
        self._root: Any = None
        self._inside: Any = None
        if tracer is None:
            return
        from opentelemetry.context import Context
        from opentelemetry.trace import set_span_in_context

        # A trace of its own, so that its id is the answer's alone.
        self._root = tracer.start_span("answer", context=Context())
        self._inside = set_span_in_context(self._root)

    @property
    def id(self) -> str | None:
        """The trace's id (32 hex digits), where somebody listens."""
        if self._root is None or not self._root.is_recording():
            return None
        return f"{self._root.get_span_context().trace_id:032x}"

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """A span for what is done within; an error that passes is recorded in it."""
        if self._tracer is None:
            yield
            return
        with self._tracer.start_as_current_span(name, context=self._inside):
            yield

    def end(self, **attributes: str | float) -> None:
        """Ends the answer's span, with what is known of it."""
        if self._root is not None:
            for name, value in attributes.items():
                self._root.set_attribute(f"ordagrant.{name}", value)
            self._root.end()


def set_up() -> None:
    """Sends the spans of this process to where OTEL_EXPORTER_OTLP_ENDPOINT says.

    Raises `MissingExtra`.
    """
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise MissingExtra("Sending traces", "otel") from error
    name = {} if os.environ.get("OTEL_SERVICE_NAME") else {"service.name": "ordagrant"}
    provider = TracerProvider(resource=Resource.create(name))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)


@cache
def _tracer() -> Any:
    try:
        from opentelemetry import trace
    except ImportError:
        return None
    return trace.get_tracer("ordagrant")
