"""What was said before, in each room and thread: the history of a follow-up."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from dataclasses import dataclass

from rag.types import Answer, Turn

_TURNS = 12
_SECONDS = 2 * 3_600.0
_MOST = 1_000  # talks that are remembered

Key = tuple[str, str]  # room and thread


@dataclass(slots=True)
class _Talk:
    turns: deque[Turn]
    last: float


class Talks:
    """The latest talks, in memory; one that rests for two hours is forgotten."""

    def __init__(self) -> None:
        self._talks: OrderedDict[Key, _Talk] = OrderedDict()

    def history(self, key: Key) -> tuple[Turn, ...]:
        talk = self._talks.get(key)
        if talk is None or time.monotonic() - talk.last > _SECONDS:
            return ()
        return tuple(talk.turns)

    def remember(self, key: Key, question: str, answer: Answer) -> None:
        turns = deque(self.history(key), _TURNS)
        turns += [Turn("user", question), Turn("assistant", answer.answer)]
        self._talks[key] = _Talk(turns, time.monotonic())
        self._talks.move_to_end(key)
        while len(self._talks) > _MOST:
            self._talks.popitem(last=False)
