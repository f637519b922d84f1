"""A door over the scripted bot: what it answers was written by hand, so no model is loaded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from fastapi.testclient import TestClient

from rag.api.app import build_api
from rag.api.door import Door
from rag.bot import Bot
from rag.serving import adding
from rag.settings import Settings
from rag.store.ingest import ingest
from rag.store.keys import Keys, Scope
from rag.store.store import Store
from tests.test_bot import ARTICLE, BY_READER, Overlap, Words
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


@pytest.fixture
def news(settings: Settings, tmp_path: Path) -> Iterator[Bot]:
    """A real bot over one article, with an embedder and a reader that count words."""
    path = tmp_path / "fire.txt"
    path.write_text(ARTICLE, encoding="utf-8")
    with Store.open(settings) as store:
        ingest(store, [str(path)], Words(), settings)
        yield Bot(settings, store, Words(), Overlap(), None, BY_READER)


def with_settings(bot: Bot, **changed: Any) -> Bot:
    """The bot with other settings, over the same store."""
    settings = bot.settings.model_copy(update=changed)
    return Bot(settings, bot.store, bot.embedder, bot.reader, bot.chat, bot.calibration)


def served(bot: Bot, host: str = "127.0.0.1", **changed: Any) -> TestClient:
    """A client of the bot as it is served at `host`, and named by that host."""
    bot = with_settings(bot, **changed) if changed else bot
    door = Door.of(bot, host, adding(bot))
    return TestClient(build_api(door), base_url=f"http://{host}", raise_server_exceptions=False)


def key(bot: Bot, *scopes: Scope, name: str = "tests") -> dict[str, str]:
    """The header of a new key."""
    made = Keys(bot.store.database).create(name, frozenset(scopes))
    return {"Authorization": f"Bearer {made}"}
