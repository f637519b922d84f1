"""The document of the API says what there is: each setting, each address, each event."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from rag.settings import PREFIX, Settings

DOCUMENT = (Path(__file__).parents[2] / "docs" / "http-api.md").read_text(encoding="utf-8")
OWN = ("api_", "log_", "max_history", "base_url", "open_reading", "keep_answers", "audit", "traces")


@pytest.mark.parametrize("name", [n for n in Settings.model_fields if n.startswith(OWN)])
def test_each_setting_is_told(name: str) -> None:
    assert f"`{PREFIX}{name.upper()}`" in DOCUMENT


def test_each_address_is_told(client: TestClient) -> None:
    for path in client.get("/openapi.json").json()["paths"]:
        first = "/".join(path.split("/")[:3])
        if first.startswith("/api/"):
            assert first in DOCUMENT


@pytest.mark.parametrize("event", ["evidence", "waiting", "statement", "answer", "error"])
def test_each_event_is_told(event: str) -> None:
    assert f"| `{event}` |" in DOCUMENT
