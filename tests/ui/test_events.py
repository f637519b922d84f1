"""What a browser sends with an event: it may be anything."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, cast

import gradio as gr
import pytest

from rag.ui.events import Sent, _now
from rag.ui.session import Session
from rag.ui.visit import Visit

HALF = json.loads(r'"a\ud800b"')  # of a surrogate pair: JSON can write it, UTF-8 cannot


def sent(data: Any) -> Sent:
    return Sent(cast(Any, SimpleNamespace(_data=data)))


@pytest.mark.parametrize("data", [None, [], "x", {"question": 5}, {"question": None}, {}])
def test_what_is_not_as_expected_reads_as_nothing(data: Any) -> None:
    assert sent(data).text("question") == "" and sent(data).maybe("question") is None


def test_half_a_character_becomes_one_that_can_be_kept() -> None:
    assert sent({"question": HALF}).text("question") == "a?b"
    now = _now(Session(), None, Visit(), "en", HALF, gr.Request(session_hash="page"))
    assert now.box == "a?b"


@pytest.mark.parametrize(("username", "user"), [("desk", "desk"), (None, "chat")])
def test_who_asks_is_the_name_of_the_login(username: str | None, user: str) -> None:
    request = gr.Request(username=username, session_hash="page")
    assert _now(Session(), None, Visit(), "en", "", request).user == user
