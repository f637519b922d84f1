"""The API over a scripted bot, and over a real one without models."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi.testclient import TestClient

from rag.api.app import build_api
from rag.api.asking import Desk
from rag.api.door import Door
from rag.bot import Bot
from tests.api.conftest import key, served
from tests.test_bot import ARTICLE, QUESTION
from tests.ui.script import ScriptedBot
from tests.ui.scripted import CRASH, FOLLOW_UP, HELD, LLM_DOWN, PHONE, QUEUED, UNANSWERED


def events(text: str) -> list[tuple[str, Any]]:
    """The events of a stream, with their values."""
    found = []
    for block in text.split("\n\n"):
        if block and not block.startswith(":"):
            name, data = block.split("\n")
            found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


@contextmanager
def listening(door: Door) -> Iterator[str]:
    """The address of a real server: only that can tell of a client that hangs up."""
    server = uvicorn.Server(uvicorn.Config(build_api(door), port=0, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


def test_an_answer_object(client: TestClient, bot: ScriptedBot) -> None:
    response = client.post("/api/ask", json={"question": PHONE})
    assert response.status_code == 200
    answer = response.json()
    assert answer["status"] == "answered"
    assert [q["n"] for q in answer["quotes"]] == [1, 2, 3]
    quote = answer["quotes"][0]
    text = bot.store.articles[quote["article_id"]].text
    assert text[quote["start"] : quote["end"]] == quote["text"]


def test_history_and_filters_reach_the_bot(client: TestClient, bot: ScriptedBot) -> None:
    history = [{"role": "user", "content": PHONE}, {"role": "assistant", "content": "Trade."}]
    filters = {"date_from": "2025-06-01", "language": "en"}
    body = {"question": FOLLOW_UP, "history": history, "filters": filters}
    assert client.post("/api/ask", json=body).status_code == 200
    assert [(t.role, t.content) for t in bot.asked[0][1]] == [
        ("user", PHONE),
        ("assistant", "Trade."),
    ]
    assert str(bot.filters[0].date_from) == "2025-06-01"
    assert bot.filters[0].language == "en"


def test_a_refusal_is_an_answer(client: TestClient) -> None:
    response = client.post("/api/ask", json={"question": UNANSWERED})
    assert response.status_code == 200
    assert response.json()["refusal"] == {"reason": "no_evidence", "nearest": [1, 2]}


@pytest.mark.parametrize("by_header", [True, False])
def test_a_stream_tells_evidence_then_statements_then_the_answer(
    client: TestClient, by_header: bool
) -> None:
    headers = {"Accept": "text/event-stream"} if by_header else {}
    body = {"question": PHONE} if by_header else {"question": PHONE, "stream": True}
    response = client.post("/api/ask", json=body, headers=headers)
    assert response.headers["content-type"].startswith("text/event-stream")
    told = events(response.text)
    assert [name for name, _ in told] == ["evidence", *["statement"] * 3, "answer"]
    evidence = {item["n"]: item for item in told[0][1]["evidence"]}
    assert set(told[1][1]["evidence"]) <= set(evidence)
    assert told[-1][1] == {**client.post("/api/ask", json={"question": PHONE}).json()}


def test_a_stream_that_fails_ends_with_one_sentence(client: TestClient) -> None:
    for question, sentence in [
        (LLM_DOWN, "The LLM at port 1 does not answer: start it."),
        (CRASH, "Something unexpected went wrong"),
    ]:
        response = client.post("/api/ask", json={"question": question, "stream": True})
        told = events(response.text)
        assert [name for name, _ in told] == ["error"]
        assert told[0][1]["error"].startswith(sentence)
        assert "secret" not in response.text


def test_errors_are_one_sentence_without_details(client: TestClient) -> None:
    down = client.post("/api/ask", json={"question": LLM_DOWN})
    assert (down.status_code, down.json()) == (
        502,
        {"error": "The LLM at port 1 does not answer: start it."},
    )
    crash = client.post("/api/ask", json={"question": CRASH})
    assert crash.status_code == 500
    assert "secret" not in crash.text and "Traceback" not in crash.text


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({}, "question"),
        ({"question": 5}, "question"),
        ({"question": "x", "questoin": "y"}, "questoin"),
        ({"question": "x" * 20_001}, "question"),
        ({"question": "x", "filters": {"date_from": "soon"}}, "filters.date_from"),
        ({"question": "x", "history": [{"role": "boss", "content": "y"}]}, "history.0.role"),
        ({"question": "x", "history": [{"role": "user", "content": "y"}] * 51}, "51 turns"),
        ({"question": "x", "history": [{"role": "user", "content": "y" * 100_001}]}, "100001"),
        ({"question": "\ud800"}, "question"),
    ],
)
def test_bad_input_is_named(client: TestClient, body: Any, names: str) -> None:
    response = client.post(
        "/api/ask", content=json.dumps(body), headers={"Content-Type": "application/json"}
    )
    assert response.status_code == 422
    assert names in response.json()["error"]


def test_a_body_that_is_no_json(client: TestClient) -> None:
    for content in (b"{", b"\xff\xfe", b"[" * 50_000, b""):
        response = client.post(
            "/api/ask", content=content, headers={"Content-Type": "application/json"}
        )
        assert response.status_code in (400, 422), content[:10]
        assert set(response.json()) == {"error"}


def test_unknown_addresses_and_methods(client: TestClient) -> None:
    assert client.get("/api/nothing").status_code == 404
    assert "error" in client.get("/api/nothing").json()
    assert client.get("/api/ask").status_code == 405
    assert "GET" in client.get("/api/ask").json()["error"]


def test_openai_routes_have_openais_errors(client: TestClient) -> None:
    error = client.get("/v1/nothing").json()["error"]
    assert error["type"] == "invalid_request_error" and error["message"]


def test_hanging_up_stops_the_work(bot: ScriptedBot) -> None:
    door = Door(bot, bot.settings)  # type: ignore[arg-type]
    with listening(door) as url:
        for streamed in (True, False):
            bot.closed.clear()
            with (
                pytest.raises(httpx.ReadTimeout),
                httpx.stream(
                    "POST",
                    f"{url}/api/ask",
                    json={"question": QUEUED, "stream": streamed},
                    timeout=1.0,
                ) as response,
            ):
                response.read()
            assert bot.closed.wait(10)
        assert _comes(lambda: door.desk.in_hand == 0)


def test_waiting_and_silence_are_told(bot: ScriptedBot) -> None:
    door = Door(bot, bot.settings, desk=Desk(beat=0.1))  # type: ignore[arg-type]
    with (
        listening(door) as url,
        httpx.stream("POST", f"{url}/api/ask", json={"question": QUEUED, "stream": True}) as told,
    ):
        lines = told.iter_lines()
        assert next(line for line in lines if line.startswith(":"))
        bot.gate.set()
        rest = list(lines)
    assert "event: answer" in rest


def test_a_full_line_is_429_with_a_time(bot: ScriptedBot) -> None:
    door = Door(bot, bot.settings, desk=Desk(at_once=1, in_line=0))  # type: ignore[arg-type]
    with TestClient(build_api(door)) as client:
        first = threading.Thread(
            target=client.post, args=("/api/ask",), kwargs={"json": {"question": HELD}}
        )
        first.start()
        assert _comes(lambda: door.desk.in_hand == 1)
        for streamed in (False, True):
            full = client.post("/api/ask", json={"question": PHONE, "stream": streamed})
            assert full.status_code == 429
            assert int(full.headers["retry-after"]) >= 1
            assert "Too many questions" in full.json()["error"]
        bot.gate.set()
        first.join(20)
        assert _comes(lambda: door.desk.in_hand == 0)
        assert client.post("/api/ask", json={"question": PHONE}).status_code == 200


def test_an_answer_that_takes_too_long_is_given_up(bot: ScriptedBot) -> None:
    door = Door(bot, bot.settings, desk=Desk(seconds=0.2))  # type: ignore[arg-type]
    with TestClient(build_api(door)) as client:
        response = client.post("/api/ask", json={"question": QUEUED})
    assert response.status_code == 504
    assert "longer than" in response.json()["error"]
    assert bot.closed.wait(10)


def test_alive_and_ready(client: TestClient, door: Door) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    assert client.get("/readyz").json()["articles"] == 5
    door.readiness.say("The models are being loaded.")
    not_yet = client.get("/readyz")
    assert not_yet.status_code == 503 and not_yet.headers["retry-after"]
    assert client.get("/healthz").status_code == 200


def test_articles_are_listed_read_added_and_removed(news: Bot) -> None:
    with served(news) as client:
        assert client.get("/api/articles").json()["total"] == 1
        assert client.get("/api/articles/fire").json()["text"] == ARTICLE
        assert client.get("/api/articles/none").status_code == 404

        files = [
            ("files", ("../../flood.txt", b"The river at Norrby rose by two metres on Friday.")),
            ("files", ("picture.png", b"\x89PNG")),
        ]
        added = client.post("/api/articles", files=files).json()
        assert added["added"] == 1 and len(added["failed"]) == 1
        assert "picture.png" in added["failed"][0]
        assert client.get("/api/articles", params={"search": "river"}).json()["total"] == 1
        asked = {"question": "How many metres did the river rose at Norrby?"}
        assert "two metres" in client.post("/api/ask", json=asked).json()["answer"]

        assert client.delete("/api/articles/flood").json()["removed"] is True
        assert client.delete("/api/articles/flood").status_code == 404
        assert client.get("/api/articles").json()["total"] == 1
        assert client.post("/api/articles/flood/restore").status_code == 200
        assert client.get("/api/articles").json()["total"] == 2


def test_conversations_are_their_owners_alone(news: Bot) -> None:
    mine, yours = ({"X-Ordagrant-Owner": c * 20} for c in "ab")
    with served(news) as client:
        assert client.get("/api/conversations").status_code == 400
        made = client.post("/api/conversations", json={"title": "Fire"}, headers=mine)
        assert made.status_code == 201
        path = f"/api/conversations/{made.json()['id']}"
        answer = client.post(f"{path}/ask", json={"question": QUESTION}, headers=mine).json()
        assert "30 million kronor" in answer["answer"]
        again = {"question": QUESTION, "stream": True}
        told = client.post(f"{path}/ask", json=again, headers=mine)
        assert events(told.text)[-1][0] == "answer"

        kept = client.get(path, headers=mine).json()
        assert [e["place"] for e in kept["exchanges"]] == [0, 1]
        assert kept["exchanges"][0]["answer"] == answer
        listed = client.get("/api/conversations", headers=mine).json()["conversations"]
        assert [(c["title"], c["exchanges"]) for c in listed] == [("Fire", 2)]

        for call in (client.get, client.delete):
            assert call(path, headers=yours).status_code == 404
        body = {"question": QUESTION}
        assert client.post(f"{path}/ask", json=body, headers=yours).status_code == 404
        assert client.get("/api/conversations", headers=yours).json() == {"conversations": []}

        renamed = client.patch(path, json={"title": "The mill"}, headers=mine).json()
        assert renamed["title"] == "The mill"
        assert client.delete(path, headers=mine).status_code == 200
        assert client.get(path, headers=mine).status_code == 404
        assert client.post(f"{path}/restore", headers=mine).status_code == 200
        assert client.get(path, headers=mine).json()["title"] == "The mill"


def test_nobody_can_pass_for_the_owner_that_a_key_is(news: Bot) -> None:
    with served(news) as client:
        as_key = key(news, "ask")
        client.post("/api/conversations", json={"title": "Fire"}, headers=as_key)
        assert len(client.get("/api/conversations", headers=as_key).json()["conversations"]) == 1
        owner = f"key:{as_key['Authorization'].split('_')[1]}:"
        refused = client.get("/api/conversations", headers={"X-Ordagrant-Owner": owner})
        assert refused.status_code == 400
        among = {**as_key, "X-Ordagrant-Owner": "c" * 20}
        assert client.get("/api/conversations", headers=among).json() == {"conversations": []}


def test_feedback(news: Bot) -> None:
    mine = {"X-Ordagrant-Owner": "a" * 20}
    with served(news) as client:
        trace = client.post("/api/ask", json={"question": QUESTION}).json()["trace_id"]
        said = {"trace_id": trace, "target": "quote", "index": 1, "verdict": "down", "reason": "no"}
        assert client.post("/api/feedback", json=said, headers=mine).status_code == 200
        given = client.get("/api/feedback", params={"trace_id": trace}, headers=mine).json()
        assert [(f["target"], f["index"], f["verdict"]) for f in given["feedback"]] == [
            ("quote", 1, "down")
        ]
        other = {"X-Ordagrant-Owner": "b" * 20}
        theirs = client.get("/api/feedback", params={"trace_id": trace}, headers=other).json()
        assert theirs == {"feedback": []}
        wrong = {**said, "index": 9}
        assert client.post("/api/feedback", json=wrong, headers=mine).status_code == 422
        unknown = {**said, "trace_id": "none"}
        assert client.post("/api/feedback", json=unknown, headers=mine).status_code == 404


def test_an_audit_line_is_enough_to_find_and_check_the_answer(
    news: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with served(news) as client:
        answer = client.post("/api/ask", json={"question": QUESTION}, headers=key(news, "ask"))
        line = json.loads(
            next(r for r in caplog.records if r.name == "ordagrant.audit").getMessage()
        )
        replayed = client.get(f"/api/answers/{line['trace_id']}")
    assert replayed.json() == answer.json()
    assert line["key"] == "tests" and line["status"] == "answered"
    assert line["corpus"]["index"] and line["corpus"]["version"] >= 1
    for quote in line["quotes"]:
        article = news.store.article(quote["article_id"])
        assert article is not None and article.info.sha256 == quote["article_sha256"]
        assert article.text[quote["start"] : quote["end"]] in answer.text
    assert "Anna Berg" not in "".join(
        record.getMessage() for record in caplog.records if record.name != "httpx"
    )


def test_questions_are_logged_and_answers_forgotten_only_by_setting(
    news: Bot, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "ordagrant.audit")
    news.store.settings = news.settings.model_copy(update={"keep_answers": False})
    with served(news, log_questions=True) as client:
        trace = client.post("/api/ask", json={"question": QUESTION}).json()["trace_id"]
        assert client.get(f"/api/answers/{trace}").status_code == 404
    assert json.loads(caplog.records[0].getMessage())["question"] == QUESTION


def test_metrics(news: Bot) -> None:
    with served(news) as client:
        client.post("/api/ask", json={"question": QUESTION})
        client.get("/api/articles/none")
        text = client.get("/metrics").text
    assert 'ordagrant_answers_total{language="en",refusal="",status="answered"} 1.0' in text
    assert (
        'ordagrant_requests_total{method="GET",route="/api/articles/{article_id:path}",'
        'status="404"} 1.0' in text
    )
    assert 'ordagrant_answer_seconds_count{stage="retrieve"} 1.0' in text
    assert "ordagrant_articles 1.0" in text


def test_the_document_has_examples_and_a_sentence_for_each_route(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    asked = document["components"]["schemas"]["AskIn"]
    assert asked["examples"][0]["question"]
    for path, methods in document["paths"].items():
        if path.startswith("/api/"):
            for method, route in methods.items():
                assert route.get("description"), f"{method} {path}"


def _comes(true: Any, seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return False
