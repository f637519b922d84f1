"""Slack's own library against a stand-in of Slack: signatures, repeats, limits, the socket."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from rag.connectors.slack import EVENTS, SlackConnector, escaped, plain, rich_text
from rag.errors import SettingsError
from rag.rendering import pieces
from tests.connectors.rooms import Scene, link, settled, until
from tests.connectors.served import Api, serving
from tests.ui.scripted import FOLLOW_UP, PHONE, RARE_EARTHS, UNANSWERED_SV

SECRET = "8f742231b10e8888abcd99yyyzzz85a5"  # noqa: S105 - made up


def slack_api() -> Api:
    api = Api()
    api.replies = {
        "auth.test": lambda _: {"ok": True, "user_id": "UBOT", "bot_id": "BBOT", "team_id": "T1"},
        "chat.postMessage": lambda _: {"ok": True, "ts": "1.2"},
        "assistant.threads.setStatus": lambda _: {"ok": True},
    }
    return api


def mention(text: str, ts: float | None = None, **more: Any) -> dict[str, Any]:
    event = {"type": "app_mention", "user": "U1", "channel": "C1", "text": f"<@UBOT> {text}",
             "ts": f"{ts or time.time():.6f}", **more}  # fmt: skip
    return {"type": "event_callback", "team_id": "T1", "api_app_id": "A1", "event": event,
            "event_id": f"Ev{event['ts']}", "authorizations": [{"team_id": "T1", "user_id": "UBOT",
            "is_bot": True}]}  # fmt: skip


class Deliver:
    """Delivers events as Slack does, signed."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}{EVENTS}"

    async def __call__(
        self, body: dict[str, Any], secret: str = SECRET, at: float | None = None, **headers: str
    ) -> tuple[int, str]:
        raw = json.dumps(body)
        stamp = str(int(at or time.time()))
        base = f"v0:{stamp}:{raw}".encode()
        signed = "v0=" + hmac.new(secret.encode(), base, hashlib.sha256).hexdigest()
        sent = {"Content-Type": "application/json", "X-Slack-Request-Timestamp": stamp,
                "X-Slack-Signature": signed, **headers}  # fmt: skip
        async with (
            aiohttp.ClientSession() as session,
            session.post(self._url, data=raw, headers=sent) as told,
        ):
            return told.status, await told.text()


@asynccontextmanager
async def over_http(folder: Path) -> AsyncIterator[tuple[Api, Scene, Deliver]]:
    scene = Scene(folder, app="slack")
    async with serving(slack_api()) as api:
        connector = SlackConnector(
            scene.attendant, "xoxb-1", signing_secret=SECRET, port=0, base_url=f"{api.url}/api/"
        )
        stop = asyncio.Event()
        task = asyncio.create_task(connector.run(stop))
        await until(lambda: connector.port is not None)
        try:
            yield api, scene, Deliver(connector.port or 0)
        finally:
            stop.set()
            await task


def run(test: Callable[[Api, Scene, Deliver], Awaitable[None]], folder: Path) -> None:
    async def whole() -> None:
        async with over_http(folder) as (api, scene, deliver):
            await test(api, scene, deliver)

    asyncio.run(whole())


def test_a_mention_is_answered_in_its_thread_and_a_repeat_is_not(tmp_path: Path) -> None:
    async def test(api: Api, scene: Scene, deliver: Deliver) -> None:
        body = mention(PHONE)
        for retry in range(3):
            status, _ = await deliver(body, **{"X-Slack-Retry-Num": str(retry)})
            assert status == 200
        await until(lambda: api.called("chat.postMessage"))
        await settled(scene.attendant)
        [posted] = api.called("chat.postMessage")
        assert posted["channel"] == "C1" and posted["thread_ts"] == body["event"]["ts"]
        assert "very good" in posted["text"]
        shown = (
            json.loads(posted["blocks"]) if isinstance(posted["blocks"], str) else posted["blocks"]
        )
        quotes = [e for e in shown[0]["elements"] if e["type"] == "rich_text_quote"]
        for quote, item in zip(quotes, scene.bot.scripts[PHONE].answer(PHONE).quotes, strict=True):
            assert item.text in quote["elements"][0]["text"]
        assert api.called("assistant.threads.setStatus")

    run(test, tmp_path)


def test_what_is_not_signed_with_the_secret_or_is_old_is_turned_away(tmp_path: Path) -> None:
    async def test(api: Api, scene: Scene, deliver: Deliver) -> None:
        assert (await deliver(mention(PHONE), secret="guessed"))[0] == 401  # noqa: S106 - made up
        assert (await deliver(mention(PHONE), at=time.time() - 600))[0] == 401
        await asyncio.sleep(0.2)
        assert scene.bot.asked == []

    run(test, tmp_path)


def test_the_address_is_proved_to_slack(tmp_path: Path) -> None:
    async def test(api: Api, scene: Scene, deliver: Deliver) -> None:
        told = await deliver({"type": "url_verification", "challenge": "c0ffee"})
        assert told[0] == 200 and "c0ffee" in told[1]

    run(test, tmp_path)


def test_a_follow_up_in_the_thread_has_its_history(tmp_path: Path) -> None:
    async def test(api: Api, scene: Scene, deliver: Deliver) -> None:
        first = mention(PHONE)
        await deliver(first)
        await until(lambda: api.called("chat.postMessage"))
        await settled(scene.attendant)
        await deliver(mention(FOLLOW_UP, thread_ts=first["event"]["ts"]))
        await until(lambda: len(api.called("chat.postMessage")) == 2)
        assert scene.bot.asked[1][1][0].content == PHONE
        assert api.called("chat.postMessage")[1]["thread_ts"] == first["event"]["ts"]

    run(test, tmp_path)


def test_only_people_are_answered_and_in_channels_only_mentions(tmp_path: Path) -> None:
    async def test(api: Api, scene: Scene, deliver: Deliver) -> None:
        await deliver(mention(PHONE, bot_id="B2"))
        await deliver(mention(PHONE, user="UBOT"))
        talk = mention(PHONE)
        talk["event"] |= {"type": "message", "channel_type": "channel"}
        await deliver(talk)
        edited = mention(PHONE)
        edited["event"] |= {"type": "message", "channel_type": "im", "subtype": "message_changed"}
        await deliver(edited)
        private = mention(UNANSWERED_SV)
        private["event"] |= {"type": "message", "channel_type": "im", "text": UNANSWERED_SV}
        await deliver(private)
        await until(lambda: api.called("chat.postMessage"))
        await settled(scene.attendant)
        assert [question for question, _ in scene.bot.asked] == [UNANSWERED_SV]
        assert "thread_ts" not in api.called("chat.postMessage")[0]

    run(test, tmp_path)


def test_a_rate_limit_is_waited_out_and_a_refusal_is_not_tried_again(tmp_path: Path) -> None:
    async def test(api: Api, scene: Scene, deliver: Deliver) -> None:
        limited = web.json_response(
            {"ok": False, "error": "ratelimited"}, status=429, headers={"Retry-After": "1"}
        )
        api.next["chat.postMessage"].append(limited)
        await deliver(mention(PHONE))
        await until(lambda: len(api.called("chat.postMessage")) == 2)
        await settled(scene.attendant)
        gone = web.json_response({"ok": False, "error": "is_archived"})
        api.next["chat.postMessage"].append(gone)
        await deliver(mention(RARE_EARTHS))
        await until(lambda: len(api.called("chat.postMessage")) == 3)
        await settled(scene.attendant)
        assert len(api.called("chat.postMessage")) == 3

    run(test, tmp_path)


def test_a_token_that_is_not_accepted_is_one_sentence(tmp_path: Path) -> None:
    async def whole() -> None:
        async with serving(slack_api()) as api:
            api.replies["auth.test"] = lambda _: {"ok": False, "error": "invalid_auth"}
            connector = SlackConnector(
                Scene(tmp_path).attendant, "xoxb-s3cret", signing_secret="x", port=0,  # noqa: S106 - made up
                base_url=f"{api.url}/api/",
            )  # fmt: skip
            with pytest.raises(SettingsError, match=r"invalid_auth.*SLACK_BOT_TOKEN") as caught:
                await connector.run(asyncio.Event())
            assert "s3cret" not in str(caught.value)

    asyncio.run(whole())


def test_over_a_socket_an_envelope_is_acknowledged_and_a_cut_line_mended(tmp_path: Path) -> None:
    lines: list[web.WebSocketResponse] = []
    acknowledged: list[str] = []

    async def whole() -> None:
        scene = Scene(tmp_path, app="slack")
        async with serving(slack_api()) as api:

            async def line(request: web.Request) -> web.WebSocketResponse:
                socket = web.WebSocketResponse()
                await socket.prepare(request)
                lines.append(socket)
                await socket.send_json({"type": "hello"})
                async for told in socket:
                    acknowledged.append(json.loads(told.data)["envelope_id"])
                return socket

            plainly = api.handle

            async def handle(request: web.Request) -> web.StreamResponse:
                return await (line(request) if request.path == "/line" else plainly(request))

            api.handle = handle  # type: ignore[method-assign]
            async with serving(api):
                address = f"{api.url.replace('http', 'ws')}/line"
                api.replies["apps.connections.open"] = lambda _: {"ok": True, "url": address}
                connector = SlackConnector(
                    scene.attendant,
                    "xoxb-1",
                    app_token="xapp-1",  # noqa: S106 - made up
                    base_url=f"{api.url}/api/",
                )
                stop = asyncio.Event()
                task = asyncio.create_task(connector.run(stop))
                await until(lambda: lines)
                body = mention(PHONE)
                sent = {"type": "events_api", "payload": body, "accepts_response_payload": False}
                await lines[0].send_json({**sent, "envelope_id": "e1"})
                await until(lambda: api.called("chat.postMessage") and acknowledged)
                await settled(scene.attendant)
                await lines[0].send_json({"type": "disconnect", "reason": "refresh_requested"})
                await until(lambda: len(lines) >= 2, 30)
                await lines[-1].send_json({**sent, "envelope_id": "e2"})  # delivered again
                await until(lambda: "e2" in acknowledged)
                other = {**sent, "payload": mention(RARE_EARTHS), "envelope_id": "e3"}
                await lines[-1].send_json(other)
                await until(lambda: len(api.called("chat.postMessage")) == 2)
                await settled(scene.attendant)
                assert [q for q, _ in scene.bot.asked] == [PHONE, RARE_EARTHS]
                stop.set()
                await task

    asyncio.run(whole())


def test_what_was_typed_and_what_is_said_have_no_hidden_signs(tmp_path: Path) -> None:
    assert plain("<@U1> is 3 &lt; 4 &amp;amp; <https://e.org|e.org> <https://x.org>?") == (
        "is 3 < 4 &amp; e.org https://x.org?"
    )
    assert escaped("<!channel> & <@U1>") == "&lt;!channel&gt; &amp; &lt;@U1&gt;"
    answer = Scene(tmp_path).bot.scripts[PHONE].answer(PHONE)
    elements = rich_text(pieces(answer, link))["elements"]
    links = [e for part in elements for e in part["elements"] if e["type"] == "link"]
    assert [e["url"] for e in links] == [link(quote) for quote in answer.quotes]
