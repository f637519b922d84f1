"""A real Matrix home server on loopback, which can be ended and started again, and its people."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from nio import AsyncClient, RoomMessageNotice

from rag.connectors.matrix import MatrixConnector
from tests.connectors.prosody import free_port
from tests.connectors.rooms import Scene, until

BOT, ANNA, BO = "@bot:localhost", "@anna:localhost", "@bo:localhost"
# Synapse's libraries would not fit beside ours, so it has an environment of its own within.
PYTHON = Path(os.environ.get("TEST_SYNAPSE_PYTHON") or Path(sys.prefix, "synapse/bin/python"))
_WITHOUT_LIMITS = ("rc_message", "rc_registration", "rc_room_creation")
_WITHOUT_LIMITS_BY = {
    "rc_login": ("address", "account", "failed_attempts"),
    "rc_joins": ("local", "remote"),
    "rc_invites": ("per_room", "per_user", "per_issuer"),
}


def missing() -> str | None:
    """Why there is no server to test with; None where there is."""
    if (PYTHON.parent / "register_new_matrix_user").exists():
        return None
    return "Synapse is not installed: tools/install_servers.sh installs it"


class Synapse:
    """One server for `localhost`; what it keeps is in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder = folder
        self._config = folder / "homeserver.yaml"
        self._run = [str(PYTHON), "-m", "synapse.app.homeserver", "-c", str(self._config)]
        made = ["--server-name", "localhost", "--generate-config", "--report-stats=no"]
        subprocess.run([*self._run, *made], cwd=folder, check=True, capture_output=True)
        config = self._config.read_text().replace("port: 8008", f"port: {self.port}")
        without = {"per_second": 1_000, "burst_count": 1_000}
        limits: dict[str, Any] = dict.fromkeys(_WITHOUT_LIMITS, without)
        limits |= {name: dict.fromkeys(by, without) for name, by in _WITHOUT_LIMITS_BY.items()}
        lines = [f"{name}: {json.dumps(limit)}" for name, limit in limits.items()]
        # Else a bot that starts anew, as each test's does, is told what it was told at its last
        # start, if that was not two minutes ago.
        lines.append("caches: {sync_response_cache_duration: 0s}")
        self._config.write_text("\n".join([config, *lines, ""]))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._run, cwd=self._folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        end = time.monotonic() + 120
        while time.monotonic() < end and self._process.poll() is None:
            with suppress(OSError):
                urllib.request.urlopen(f"{self.url}/_matrix/client/versions", timeout=5)  # noqa: S310
                return
            time.sleep(0.1)
        raise AssertionError("Synapse did not start")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(60)
            self._process = None

    def add(self, name: str) -> None:
        """Makes an account with its name as the password."""
        register = str(PYTHON.parent / "register_new_matrix_user")
        subprocess.run(
            [register, "-c", str(self._config), "-u", name, "-p", name, "--no-admin", self.url],
            check=True,
            capture_output=True,
        )


class Person:
    """Somebody in the rooms, who writes down what the bot says."""

    def __init__(self, name: str, server: Synapse) -> None:
        self.client = AsyncClient(server.url, name)
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self.client.add_event_callback(self._hear, RoomMessageNotice)  # type: ignore[arg-type]

    async def _listen(self) -> None:
        while True:
            try:
                await self.client.sync(500)
            except Exception:  # the server is away
                await asyncio.sleep(0.1)

    async def _hear(self, room: Any, event: Any) -> None:
        self.heard.append((room.room_id, event.source["content"]))

    async def room(self, *invited: str, **more: Any) -> str:
        """A new room; all who are invited and come by themselves are in it."""
        told = await self.client.room_create(invite=invited, **more)
        await until(lambda: BOT in self._members(told.room_id), 60)
        return str(told.room_id)

    def _members(self, room: str) -> set[str]:
        known = self.client.rooms.get(room)
        return set(known.users) - set(known.invited_users) if known else set()

    async def say(self, room: str, text: str, **more: Any) -> str:
        """Says it and tells its id."""
        content = {"msgtype": "m.text", "body": text, **more}
        told = await self.client.room_send(room, "m.room.message", content)
        return str(told.event_id)

    async def say_sealed(self, room: str) -> None:
        """Something encrypted, which nobody can read."""
        content = {
            "algorithm": "m.megolm.v1.aes-sha2",
            "ciphertext": "AwgAEnACgAkLmt6q",
            "device_id": "X",
            "sender_key": "c2VjcmV0",
            "session_id": "c2Vzc2lvbg",
        }
        place = f"/_matrix/client/v3/rooms/{room}/send/m.room.encrypted/{time.time_ns()}"
        request = urllib.request.Request(  # noqa: S310 - loopback
            self.client.homeserver + place,
            json.dumps(content).encode(),
            {"Authorization": f"Bearer {self.client.access_token}"},
            method="PUT",
        )
        await asyncio.to_thread(lambda: urllib.request.urlopen(request).read())  # noqa: S310

    def told(self, room: str) -> list[dict[str, Any]]:
        """What the bot said there."""
        return [content for where, content in self.heard if where == room]


@asynccontextmanager
async def present(name: str, server: Synapse) -> AsyncIterator[Person]:
    """Somebody who is there until the end of the block."""
    person = Person(name, server)
    await person.client.login(name)
    task = asyncio.create_task(person._listen())
    try:
        yield person
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await person.client.close()


@asynccontextmanager
async def at_work(folder: Path, server: Synapse) -> AsyncIterator[Scene]:
    """The bot, until the end of the block."""
    scene = Scene(folder, app="matrix")
    connector = MatrixConnector(scene.attendant, server.url, "bot", password="bot")  # noqa: S106
    stop = asyncio.Event()
    task = asyncio.create_task(connector.run(stop))
    try:
        yield scene
    finally:
        stop.set()
        await task
        scene.seen.close()
