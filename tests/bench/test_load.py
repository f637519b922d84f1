"""What the load run counts, against a server of a few lines."""

from __future__ import annotations

import itertools
import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from bench.load import Load, Server, again, new, run, serving
from rag.errors import InputError


class Door(BaseHTTPRequestHandler):
    """Answers by the question: "busy" 429, "hang up" nothing, else an answer."""

    asked: list[str]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        question = json.loads(body)["question"]
        self.asked.append(question)
        if question == "hang up":
            return
        self.send_response(429 if question == "busy" else 200)
        self.end_headers()
        self.wfile.write(b'{"quotes": []}')

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    Door.asked = []
    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as made:
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield Server(f"http://127.0.0.1:{made.server_port}", os.getpid())
        made.shutdown()


def test_answers_are_timed_and_failures_counted_by_what_failed(server: Server) -> None:
    questions = itertools.cycle(["one", "busy", "two", "hang up"])
    load = run(server, questions, clients=3, seconds=0.5)
    figures = load.figures("made")
    answered = [q for q in Door.asked if q in ("one", "two")]
    assert figures["load_made_answers"] == len(answered) > 0
    assert figures["load_made_errors"] == len(Door.asked) - len(answered)
    assert figures["load_made_what_failed"] == ["RemoteProtocolError", "status 429"]
    assert figures["load_made_peak_mb"] > 1
    assert load.seconds >= 0.5


def test_growth_is_that_of_the_second_half() -> None:
    figures = Load([1.0], [], [100, 400, 410, 415], seconds=4).figures("x")
    assert figures["load_x_growth_mb"] == 5
    assert figures["load_x_peak_mb"] == 415


def test_the_same_questions_come_in_the_same_order_and_new_ones_never_again() -> None:
    first = list(itertools.islice(again(["a", "b", "c"]), 50))
    assert first == list(itertools.islice(again(["a", "b", "c"]), 50))
    assert set(first) == {"a", "b", "c"}
    assert len(set(itertools.islice(new(["a", "b"]), 50))) == 50


@pytest.mark.models
def test_a_real_server_answers_two_clients(seed_data: Path, tmp_path: Path) -> None:
    with serving(seed_data, tmp_path / "log") as server:
        figures = run(server, again(["Who met in Malaysia?"]), clients=2, seconds=1).figures("x")
    assert figures["load_x_errors"] == 0
    assert figures["load_x_answers"] >= 2


def test_a_server_that_does_not_start_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("not a folder", encoding="utf-8")
    with (
        pytest.raises(InputError, match=r"`ordagrant serve` did not start; the last it said: .+"),
        serving(tmp_path / "data", tmp_path / "log"),
    ):
        pass
