"""What all tests share: no network but loopback, a clean environment, the real models once."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rag.settings import PREFIX, Settings, load_settings

ROOT = Path(__file__).resolve().parent.parent
SEEDS = ROOT / "seeds"
_LOOPBACK = ("127.", "::1", "localhost", "0.0.0.0")  # noqa: S104 - compared with, not bound

for _name in [n for n in os.environ if n.startswith(PREFIX) and n != f"{PREFIX}CACHE"]:
    del os.environ[_name]


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test that reaches for another machine fails, and says where it reached."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        host = str(address[0]) if isinstance(address, tuple) else ""
        if isinstance(address, tuple) and not host.startswith(_LOOPBACK):
            raise AssertionError(f"a test tried to reach {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings with a data folder of the test's own, no LLM, and the shared model cache."""
    return load_settings(data=tmp_path / "data", llm="none", offline=True)


@pytest.fixture(scope="session")
def seed_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder into which the sample articles were ingested with the real model."""
    from rag.models.embedding import load_embedder
    from rag.store.ingest import ingest
    from rag.store.store import Store

    data = tmp_path_factory.mktemp("seeds")
    settings = load_settings(data=data, llm="none", offline=True)
    with Store.open(settings) as store:
        summary = ingest(store, [str(SEEDS)], load_embedder(settings), settings)
    assert summary.added == 5 and not summary.failed
    return data


@pytest.fixture(scope="session")
def seed_bot(seed_data: Path) -> Iterator[Any]:
    """The real bot over the sample articles, without an LLM."""
    from rag.bot import Bot

    with Bot.open(load_settings(data=seed_data, llm="none", offline=True)) as bot:
        yield bot
