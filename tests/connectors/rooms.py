"""A room that writes down what is said in it, and a bot that answers by script."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from rag.connectors.base import Attendant, Manners, Message
from rag.connectors.seen import Seen
from rag.rendering import Piece, join, write_text
from rag.types import Quote
from tests.ui.script import ScriptedBot
from tests.ui.scripted import sample_bot

BRISK = Manners(grace=0.3, typing_every=0.02, first_wait=0.01, longest_wait=0.05)


def link(quote: Quote) -> str | None:
    return f"https://news.example.org/a/{quote.article_id}?start={quote.start}&end={quote.end}"


@dataclass
class Wall:
    """A room; what is said in it stands on it. `failures` are raised first, one a try."""

    limit: int = 4_000
    style: Any = write_text
    failures: list[Exception] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    types: list[bool] = field(default_factory=list)

    async def send(self, message: Sequence[Piece], key: str) -> None:
        self.keys.append(key)
        if self.failures:
            raise self.failures.pop(0)
        self.said.append(join(message, write_text))

    async def typing(self, on: bool) -> None:
        self.types.append(on)


class Scene:
    """An attendant over the scripted bot, in a folder of its own."""

    def __init__(self, folder: Path, manners: Manners = BRISK, app: str = "wall") -> None:
        self.bot: ScriptedBot = sample_bot()
        self.seen = Seen(folder / "connectors.db")
        self.attendant = Attendant(cast(Any, self.bot), app, self.seen, link, manners)
        self._n = 0

    def said(self, words: str, **changes: Any) -> Message:
        """A message of its own, addressed to the bot unless `changes` say otherwise."""
        self._n += 1
        plain = Message(f"$e{self._n}", "room", "", words, True, False, time.time())
        return replace(plain, **changes)


async def until(condition: Any, seconds: float = 10) -> None:
    """Waits until `condition()`; fails after `seconds`."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def settled(attendant: Attendant) -> None:
    with suppress(TimeoutError):
        await until(lambda: attendant.idle, 10)
