"""A stand-in of Discord on loopback: its HTTP API, and its gateway as a WebSocket.

It keeps to what connectors must not rely on: it takes no message above 2,000 characters, takes one
nonce only once, and keeps the words of a server's message from a bot that is not mentioned in it.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yarl
from aiohttp import WSMsgType, web
from discord.gateway import DiscordWebSocket
from discord.http import Route

from rag.connectors.discord import DiscordConnector
from tests.connectors.rooms import Scene, settled, until

TOKEN = "MTk4.s3cret"  # noqa: S105 - made up
_EPOCH_MS = 1_420_070_400_000
ME = {"id": "99", "username": "Ordagrant", "discriminator": "0", "avatar": None, "bot": True}
ANNA = {"id": "7", "username": "anna", "discriminator": "0", "avatar": None}
GUILD, CHANNEL, PRIVATE = "500", "501", "700"
MY_ROLE, OTHER_ROLE = "901", "902"
AT_ME = f"<@{ME['id']}>"
_HEARTBEAT_MS = 41_250


def snowflake(seconds: float, n: int = 0) -> str:
    """An id of that time, as Discord makes them."""
    return str((int(seconds * 1000) - _EPOCH_MS << 22) + n)


def _role(number: str, name: str, **more: Any) -> dict[str, Any]:
    return {"id": number, "name": name, "permissions": "0", "position": 0, "color": 0, **more}


def _channel(number: str, name: str, **more: Any) -> dict[str, Any]:
    return {"id": number, "name": name, "type": 0, "guild_id": GUILD, "position": 0, **more}


def thread(number: str) -> dict[str, Any]:
    """A thread in the server's channel; one begun at a message has that message's id."""
    since = datetime.now(UTC).isoformat()
    about = {"archived": False, "auto_archive_duration": 60, "archive_timestamp": since}
    return _channel(number, "talk", type=11, parent_id=CHANNEL, owner_id="7", message_count=0,
                    member_count=1, total_message_sent=0, thread_metadata=about)  # fmt: skip


@dataclass
class Discord:
    """`calls`: what was asked over HTTP, in order. `next[call]`: replies to give first; with
    `taken_but_lost`, so many messages are taken and the connection is cut instead of a reply."""

    url: str = ""
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    next: dict[str, deque[web.Response]] = field(default_factory=lambda: defaultdict(deque))
    said: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    told: list[dict[str, Any]] = field(default_factory=list)  # dispatched in this session
    sessions: list[dict[str, Any]] = field(default_factory=list)  # as the bot opened them
    resumed: list[dict[str, Any]] = field(default_factory=list)
    left: list[int | None] = field(default_factory=list)  # with these codes, by the bot
    heartbeats: int = 0
    taken_but_lost: int = 0
    refuse_resume: bool = False
    line: web.WebSocketResponse | None = None  # to the bot
    _n: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def called(self, call: str) -> list[dict[str, Any]]:
        return [values for one, values in self.calls if one == call]

    @property
    def sent(self) -> list[dict[str, Any]]:
        """The messages of the bot as they were asked for, also those that were not taken."""
        return self.called("POST messages")

    def from_me(self, channel: str = CHANNEL) -> list[dict[str, Any]]:
        """The messages of the bot that stand in a channel."""
        return [one for one in self.said[channel] if one["author"] == ME]

    async def say(self, content: str, channel: str = CHANNEL, **more: Any) -> dict[str, Any]:
        """Says something, as Anna if not told otherwise; delivers it if the bot is there."""
        message = self._message(content, channel, more.pop("author", ANNA), **more)
        await self.deliver(message)
        return message

    async def deliver(self, message: dict[str, Any], event: str = "MESSAGE_CREATE") -> None:
        """Sends an event to the bot; one that is cut off gets it when it resumes."""
        private = message["channel_id"] == PRIVATE
        where = {} if private else {"guild_id": GUILD, "member": {"roles": [], "flags": 0}}
        await self.dispatch(event, withheld(message) | where)

    async def dispatch(self, event: str, data: dict[str, Any]) -> None:
        told = {"op": 0, "t": event, "s": len(self.told) + 1, "d": data}
        self.told.append(told)
        if self.line is not None and not self.line.closed:
            await self.line.send_json(told)

    async def cut(self, code: int = 4000) -> None:
        """Closes the line to the bot, which is then to come back."""
        assert self.line is not None
        line, self.line = self.line, None
        await line.close(code=code)

    def _message(
        self, content: str, channel: str, author: dict[str, Any], **more: Any
    ) -> dict[str, Any]:
        sent = more.pop("sent", time.time())
        message = {
            "id": snowflake(sent, next(self._n)), "channel_id": channel, "author": author,
            "content": content, "timestamp": datetime.fromtimestamp(sent, UTC).isoformat(),
            "edited_timestamp": None, "tts": False, "mention_everyone": False, "mentions": [],
            "mention_roles": [], "attachments": [], "embeds": [], "pinned": False, "type": 0,
            **more,
        }  # fmt: skip
        if AT_ME in content and ME not in message["mentions"]:
            message["mentions"] = [*message["mentions"], ME]
        if f"<@&{MY_ROLE}>" in content:
            message["mention_roles"] = [MY_ROLE]
        self.said[channel].append(message)
        return message

    # Over HTTP

    async def handle(self, request: web.Request) -> web.StreamResponse:
        path = request.path.removeprefix("/api")
        parts = path.strip("/").split("/")
        values = await request.json() if request.can_read_body else dict(request.query)
        call = f"{request.method} {parts[-1] if len(parts) != 2 else path}"
        self.calls.append((call, values))
        if self.next[call]:
            return self.next[call].popleft()
        if request.headers.get("Authorization") != f"Bot {TOKEN}":
            return failed(401, 0, "401: Unauthorized")
        match call.split(" ")[0], parts:
            case "GET", ["users", "@me"]:
                return replied(ME)
            case "GET", ["oauth2", "applications", "@me"]:
                return replied(
                    {"id": ME["id"], "name": "Ordagrant", "description": "", "icon": None,
                     "bot_public": True, "bot_require_code_grant": False, "owner": ANNA,
                     "verify_key": "", "flags": 0}
                )  # fmt: skip
            case "GET", ["channels", number]:
                if number == PRIVATE:
                    return replied({"id": PRIVATE, "type": 1, "recipients": [ANNA]})
                return failed(404, 10003, "Unknown Channel")
            case "GET", ["channels", number, "messages"]:
                newest = [withheld(m) for m in reversed(self.said[number])]
                return replied(newest[: int(values["limit"])])
            case "POST", ["channels", _, "typing"]:
                return web.Response(status=204)
            case "POST", ["channels", number, "messages"]:
                return self._take(number, values, request)
        return failed(404, 0, "404: Not Found")

    def _take(
        self, channel: str, values: dict[str, Any], request: web.Request
    ) -> web.StreamResponse:
        content, nonce = values["content"], values["nonce"]
        if not 0 < len(content.strip()) <= 2_000 or len(nonce) > 25:
            return failed(400, 50035, "Invalid Form Body")
        known = [m for m in self.said[channel] if m.get("nonce") == nonce]
        if not (known and values.get("enforce_nonce")):
            known = [self._message(content.strip(), channel, ME, nonce=nonce)]
        if self.taken_but_lost and request.transport is not None:
            self.taken_but_lost -= 1
            request.transport.abort()
        return replied(known[0])

    # The gateway

    async def gateway(self, request: web.Request) -> web.StreamResponse:
        if self.next["gateway"]:
            return self.next["gateway"].popleft()
        line = web.WebSocketResponse()
        await line.prepare(request)
        await line.send_json({"op": 10, "d": {"heartbeat_interval": _HEARTBEAT_MS}})
        async for frame in line:
            if frame.type is WSMsgType.TEXT:
                await self._answer(line, frame.json())
        self.left.append(line.close_code)
        return line

    async def _answer(self, line: web.WebSocketResponse, told: dict[str, Any]) -> None:
        match told["op"]:
            case 1:
                self.heartbeats += 1
                await line.send_json({"op": 11})
            case 2 if told["d"]["token"] != TOKEN:
                await line.close(code=4004)
            case 2:
                self.line, self.told = line, []
                self.sessions.append(told["d"])
                await self._begin()
            case 6 if self.refuse_resume:
                await line.send_json({"op": 9, "d": False})
            case 6:
                self.line = line
                self.resumed.append(told["d"])
                for event in self.told[told["d"]["seq"] :]:
                    await line.send_json(event)
                await self.dispatch("RESUMED", {})

    async def _begin(self) -> None:
        await self.dispatch(
            "READY",
            {"v": 10, "user": ME, "guilds": [{"id": GUILD, "unavailable": True}],
             "session_id": f"session {len(self.sessions)}", "application": {"id": "99", "flags": 0},
             "resume_gateway_url": f"{self.url.replace('http', 'ws')}/gateway"},
        )  # fmt: skip
        mine = _role(MY_ROLE, "Ordagrant", managed=True, tags={"bot_id": ME["id"]})
        await self.dispatch(
            "GUILD_CREATE",
            {"id": GUILD, "name": "Newsroom", "unavailable": False, "member_count": 3,
             "roles": [_role(GUILD, "@everyone"), mine, _role(OTHER_ROLE, "Editors")],
             "channels": [_channel(CHANNEL, "general")], "threads": [], "members": [],
             "emojis": [], "stickers": [], "features": []},
        )  # fmt: skip


def withheld(message: dict[str, Any]) -> dict[str, Any]:
    """A message as a bot is told it that did not ask for what messages contain."""
    known = message["channel_id"] == PRIVATE or ME in message["mentions"]
    if known or message["author"] == ME or MY_ROLE in message["mention_roles"]:
        return message
    return message | {"content": ""}


def failed(status: int, code: int, words: str, **more: Any) -> web.Response:
    """A refusal; Discord's own have a `Via`, by which the library knows them from Cloudflare's."""
    return replied({"code": code, "message": words, **more}, status)


def replied(value: Any, status: int = 200) -> web.Response:
    """The library reads JSON only where no character set is named."""
    headers = {"Content-Type": "application/json", "Via": "1.1 google"}
    return web.Response(body=json.dumps(value).encode(), status=status, headers=headers)


@asynccontextmanager
async def serving(discord: Discord) -> AsyncIterator[Discord]:
    """`discord` at work; the library goes to it instead of Discord's own addresses."""
    server = web.Application()
    server.router.add_get("/gateway", discord.gateway)
    server.router.add_route("*", "/api/{path:.*}", discord.handle)
    runner = web.AppRunner(server, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    discord.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    gateway = yarl.URL(f"{discord.url.replace('http', 'ws')}/gateway")
    try:
        with (
            patch.object(Route, "BASE", f"{discord.url}/api"),
            patch.object(DiscordWebSocket, "DEFAULT_GATEWAY", gateway),
        ):
            yield discord
    finally:
        if discord.line is not None:
            await discord.cut()
        await runner.cleanup()


@asynccontextmanager
async def at_work(folder: Path, server: Discord) -> AsyncIterator[Scene]:
    """A connector that has opened a session with `server`; it must stop without a failure."""
    scene = Scene(folder, app="discord")
    stop = asyncio.Event()
    before = len(server.sessions)
    task = asyncio.create_task(DiscordConnector(scene.attendant, TOKEN).run(stop))
    await until(lambda: task.done() or len(server.sessions) > before)
    try:
        yield scene
    finally:
        stop.set()
        await task


def run(test: Callable[[Discord, Scene], Awaitable[None]], folder: Path) -> None:
    async def whole() -> None:
        async with serving(Discord()) as server, at_work(folder, server) as scene:
            await test(server, scene)

    asyncio.run(whole())


async def answered(server: Discord, scene: Scene, count: int, channel: str = CHANNEL) -> None:
    """Waits for so many messages of the bot in a channel, and for the attendant to be done."""
    await until(lambda: len(server.from_me(channel)) >= count)
    await settled(scene.attendant)
    assert len(server.from_me(channel)) == count


def asked(scene: Scene) -> list[str]:
    return [question for question, _ in scene.bot.asked]


def asked_before(scene: Scene) -> list[list[str]]:
    """What of each question's history people said."""
    return [[t.content for t in turns if t.role == "user"] for _, turns in scene.bot.asked]


def to(message: dict[str, Any]) -> dict[str, Any]:
    """What makes a message a reply to `message`; it mentions its author, the bot."""
    about = {"message_id": message["id"], "channel_id": message["channel_id"]}
    return {"type": 19, "mentions": [ME], "message_reference": about}
