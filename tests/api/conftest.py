"""A door over the scripted bot: what it answers was written by hand, so no model is loaded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import pytest
from fastapi.testclient import TestClient

from rag.api.app import build_api
from rag.api.door import Door
from tests.ui.script import ScriptedBot
from tests.ui.scripted import sample_bot


@pytest.fixture
def bot() -> ScriptedBot:
    return sample_bot()


@pytest.fixture
def door(bot: ScriptedBot) -> Door:
    """A door that asks for no key."""
    return Door(cast(Any, bot), bot.settings)


@pytest.fixture
def client(door: Door) -> Iterator[TestClient]:
    with TestClient(build_api(door)) as client:
        yield client
