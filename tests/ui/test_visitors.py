"""Many visitors at once, over the page's own protocol and without a browser."""

from __future__ import annotations

import json
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from tests.ui import scripted
from tests.ui.conftest import served

_QUESTIONS = (scripted.PHONE, scripted.TARIFFS, scripted.UNANSWERED, scripted.RARE_EARTHS)


def _asking(config: dict[str, Any]) -> dict[str, Any]:
    """The event that a submitted question triggers, with the `box` that the question is in."""
    box = next(c for c in config["components"] if c["props"].get("elem_id") == "og-box")
    found = next(d for d in config["dependencies"] if [box["id"], "submit"] in d["targets"])
    return {**found, "box": box["id"]}


def _ask(url: str, event: dict[str, Any], question: str) -> list[dict[str, Any]]:
    """All messages that a new visitor gets for the question."""
    visitor = uuid.uuid4().hex
    data = [question if part == event["box"] else None for part in event["inputs"]]
    body = {"data": data, "fn_index": event["id"], "session_hash": visitor, "trigger_id": None}
    told = []
    with httpx.Client(base_url=url, timeout=60) as client:
        client.post("gradio_api/queue/join", json=body).raise_for_status()
        with client.stream(
            "GET", "gradio_api/queue/data", params={"session_hash": visitor}
        ) as lines:
            for line in lines.iter_lines():
                if line.startswith("data:"):
                    told.append(json.loads(line[5:]))
                    if told[-1]["msg"] in ("process_completed", "close_stream"):
                        break
    return told


def test_twenty_visitors_at_once_each_get_their_own_answer() -> None:
    bot = scripted.sample_bot()
    with served(bot) as url:
        event = _asking(httpx.get(f"{url}config").json())
        questions = [_QUESTIONS[i % len(_QUESTIONS)] for i in range(20)]
        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(lambda q: _ask(url, event, q), questions))
    for question, told in zip(questions, answers, strict=True):
        assert told[-1]["msg"] == "process_completed" and told[-1]["success"]
        shown = json.dumps(told, ensure_ascii=False)
        assert question in shown
        assert not any(other in shown for other in _QUESTIONS if other != question)
    assert sorted(q for q, _ in bot.asked) == sorted(questions)


def test_a_busy_answer_keeps_nobody_waiting() -> None:
    bot = scripted.sample_bot()
    with served(bot) as url:
        event = _asking(httpx.get(f"{url}config").json())
        held = threading.Thread(target=_ask, args=(url, event, scripted.HELD))
        held.start()
        told = _ask(url, event, scripted.TARIFFS)
        assert told[-1]["success"]
        assert not bot.gate.is_set()
        bot.gate.set()
        held.join(20)
        assert not held.is_alive()
