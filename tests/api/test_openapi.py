"""Whatever is sent by the OpenAPI document, or near it, is answered in its form, never by a 5xx.

Schemathesis makes the requests; its pytest plugin is left aside, which breaks with new pytests.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import content_type_conformance

from rag.api.app import build_api
from rag.api.door import Door
from rag.bot import Bot
from rag.serving import adding

EXAMPLES = 6  # of each operation and mode


def operations(bot: Bot) -> list[Any]:
    """The operations of a door that is open to all, as one is on loopback."""
    door = replace(Door.of(bot, "127.0.0.1", adding(bot)), hosts=None)
    schema = schemathesis.openapi.from_asgi("/openapi.json", build_api(door))
    return [found.ok() for found in schema.get_all_operations()]


def test_no_request_breaks_it(news: Bot) -> None:
    called: set[tuple[str, str]] = set()
    found = operations(news)
    for operation in found:
        for mode in GenerationMode:

            @seed(1)
            @settings(
                max_examples=EXAMPLES,
                deadline=None,
                database=None,
                suppress_health_check=list(HealthCheck),
            )
            @given(case=operation.as_strategy(generation_mode=mode))
            def attempt(case: Any) -> None:
                called.add((case.method, case.path))
                case.call_and_validate(checks=[not_a_server_error, content_type_conformance])

            # What takes nothing at all cannot be given something wrong.
            with suppress(Unsatisfiable):
                attempt()
    assert called == {(o.method.upper(), o.path) for o in found}
    assert ("POST", "/api/ask") in called
