"""Tries the Matrix connector against a real Synapse; nothing leaves this computer.

    python3 -m venv /tmp/synapse && /tmp/synapse/bin/pip install matrix-synapse
    .venv/bin/python tools/check_matrix.py /tmp/synapse/bin/python

The server lives in a folder that is removed. The bot follows a script, so no model is loaded.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from nio import AsyncClient, RoomMessageNotice

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from rag.connectors.matrix import MatrixConnector  # noqa: E402
from tests.connectors.rooms import Scene, until  # noqa: E402
from tests.ui.scripted import FOLLOW_UP, PHONE, RARE_EARTHS, TARIFFS  # noqa: E402

PORT = 18_008
BASE = f"http://127.0.0.1:{PORT}"


class Synapse:
    """A home server of its own, which can be ended and started again."""

    def __init__(self, python: str, folder: Path) -> None:
        self._run = [python, "-m", "synapse.app.homeserver", "-c", str(folder / "hs.yaml")]
        made = ["--server-name", "localhost", "--generate-config", "--report-stats=no"]
        subprocess.run([*self._run, *made], cwd=folder, check=True, capture_output=True, text=True)
        config = folder / "hs.yaml"
        config.write_text(
            config.read_text().replace("port: 8008", f"port: {PORT}")
            + "\nrc_message: {per_second: 1000, burst_count: 1000}\n"
            + "rc_login: {address: {per_second: 1000, burst_count: 1000},"
            + " account: {per_second: 1000, burst_count: 1000}}\n"
        )
        self._folder = folder
        self._register = str(Path(python).parent / "register_new_matrix_user")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._run, cwd=self._folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        end = time.monotonic() + 60
        while True:
            with suppress(OSError):
                urllib.request.urlopen(f"{BASE}/_matrix/client/versions", timeout=2)  # noqa: S310
                return
            if time.monotonic() > end:
                raise SystemExit("Synapse did not start")
            time.sleep(0.2)

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(30)

    def add(self, name: str) -> None:
        config = str(self._folder / "hs.yaml")
        subprocess.run(
            [self._register, "-c", config, "-u", name, "-p", name, "--no-admin", BASE],
            check=True,
            capture_output=True,
        )


class Person:
    """Somebody in the rooms, who writes down what the bot says."""

    def __init__(self, name: str) -> None:
        self.client = AsyncClient(BASE, name)
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self.typing = False
        self.client.add_event_callback(self._hear, RoomMessageNotice)  # type: ignore[arg-type]

    async def come(self) -> None:
        await self.client.login(self.client.user)
        self._task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        while True:
            try:
                await self.client.sync(500)
            except Exception:
                await asyncio.sleep(0.2)

    async def _hear(self, room: Any, event: Any) -> None:
        self.heard.append((room.room_id, event.source["content"]))

    async def say(self, room: str, text: str, **more: Any) -> str:
        content = {"msgtype": "m.text", "body": text, **more}
        told = await self.client.room_send(room, "m.room.message", content)
        return str(told.event_id)

    def in_room(self, room: str) -> list[dict[str, Any]]:
        return [content for where, content in self.heard if where == room]


class Running:
    """The connector at work, until it is stopped."""

    def __init__(self, folder: Path) -> None:
        self.scene = Scene(folder, app="matrix")
        self._stop = asyncio.Event()
        self.connector = MatrixConnector(self.scene.attendant, BASE, "bot", password="bot")  # noqa: S106
        self.task = asyncio.create_task(self.connector.run(self._stop))

    async def stop(self) -> None:
        self._stop.set()
        await self.task


def sure(holds: bool) -> None:
    if not holds:
        raise AssertionError("not as it should be: the trace names the line")


def told(what: str) -> None:
    print(f"ok  {what}")


async def check(server: Synapse, folder: Path) -> None:
    person, other = Person("anna"), Person("bo")
    await person.come()
    await other.come()
    running = Running(folder)
    room = (await person.client.room_create(is_direct=True, invite=["@bot:localhost"])).room_id
    rooms = lambda: running.connector._client.rooms  # noqa: E731
    await until(lambda: room in rooms(), 20)
    await person.say(room, PHONE)
    await until(lambda: person.in_room(room), 20)
    [first] = person.in_room(room)
    sure("“However, subsequent posts" in first["body"])
    sure("<blockquote>[1]" in first["formatted_body"])
    told("an invitation is accepted and a question in private answered, quotes included")

    await person.say(room, FOLLOW_UP)
    await until(lambda: len(person.in_room(room)) == 2, 20)
    sure(running.scene.bot.asked[-1][1][0].content == PHONE)
    told("a follow-up comes with its history")

    await person.say(room, "hej")
    await until(lambda: len(person.in_room(room)) == 3, 20)
    sure("Jag är en bot" in person.in_room(room)[2]["body"])
    told("a greeting is told what the bot is")

    invited = ["@bot:localhost", "@bo:localhost"]
    group = (await person.client.room_create(name="Newsroom", invite=invited)).room_id
    await other.client.join(group)
    await until(lambda: group in rooms() and rooms()[group].member_count == 3, 20)
    await person.say(group, RARE_EARTHS)
    asked = await person.say(group, f"bot: {TARIFFS}")
    await until(lambda: person.in_room(group), 20)
    await asyncio.sleep(1)
    [answer] = person.in_room(group)
    sure("tullarna på 145 procent" in answer["body"])
    sure(answer["m.relates_to"]["m.in_reply_to"]["event_id"] == asked)
    told("in a group only what is addressed to the bot is answered")

    relation = {"rel_type": "m.thread", "event_id": asked}
    await person.say(
        group,
        PHONE,
        **{"m.relates_to": relation, "m.mentions": {"user_ids": ["@bot:localhost"]}},
    )
    await until(lambda: len(person.in_room(group)) == 2, 20)
    sure(person.in_room(group)[1]["m.relates_to"]["event_id"] == asked)
    told("a question in a thread is answered in it")

    before = len(person.heard)
    server.stop()
    await asyncio.sleep(3)
    server.start()
    await person.say(room, RARE_EARTHS)
    await until(lambda: len(person.heard) > before, 60)
    await asyncio.sleep(2)
    sure(len(person.heard) == before + 1)
    told("when the server was away it goes on by itself, and nothing is answered twice")

    await running.stop()
    before = len(person.heard)
    await person.say(room, PHONE)
    running = Running(folder)
    await until(lambda: len(person.heard) > before, 30)
    await asyncio.sleep(2)
    sure(len(person.heard) == before + 1)
    told("what was asked while the bot was away is answered once it is back, and only that")

    await person.client.room_put_state(
        room, "m.room.encryption", {"algorithm": "m.megolm.v1.aes-sha2"}
    )
    sealed = {
        "algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwgAEnACgAkLmt6q", "device_id": "X",
        "sender_key": "c2VjcmV0", "session_id": "c2Vzc2lvbg",
    }  # fmt: skip
    before = len(person.heard)
    for _ in range(2):
        url = f"{BASE}/_matrix/client/v3/rooms/{room}/send/m.room.encrypted/{time.time_ns()}"
        request = urllib.request.Request(  # noqa: S310
            url, json.dumps(sealed).encode(), method="PUT",
            headers={"Authorization": f"Bearer {person.client.access_token}"},
        )  # fmt: skip
        await asyncio.to_thread(lambda: urllib.request.urlopen(request).read())  # noqa: B023, S310
    await until(lambda: len(person.heard) > before, 20)
    await asyncio.sleep(1)
    sure(len(person.heard) == before + 1)
    sure("cannot read encrypted" in person.heard[-1][1]["body"])
    told("encrypted messages are said, once, not to be readable")
    await running.stop()
    for one in (person, other):
        one._task.cancel()
        await one.client.close()


def main(arguments: list[str], run: Callable[[Any], None] = asyncio.run) -> None:
    if len(arguments) != 1:
        raise SystemExit(__doc__)
    with tempfile.TemporaryDirectory(prefix="ordagrant-synapse-") as name:
        folder = Path(name)
        server = Synapse(arguments[0], folder)
        server.start()
        try:
            server.add("bot")
            server.add("anna")
            server.add("bo")
            run(check(server, folder))
        finally:
            server.stop()


if __name__ == "__main__":
    main(sys.argv[1:])
