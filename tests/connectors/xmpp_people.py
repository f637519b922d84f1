"""People who use a real XMPP server with another app than the bot, and the bot at work there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from slixmpp import JID, ClientXMPP
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import StanzaPath

from rag.connectors.base import Manners
from rag.connectors.xmpp import XmppConnector
from tests.connectors.prosody import HOST, Prosody
from tests.connectors.rooms import Scene, settled, until
from tests.ui.scripted import TARIFFS

BOT = f"bot@{HOST}"
PATIENT = Manners(grace=0.3, typing_every=0.02, first_wait=0.5, longest_wait=5.0)


class Person(ClientXMPP):
    """Somebody with an app, who writes down what comes."""

    def __init__(self, name: str, server: Prosody, app: str = "pc") -> None:
        """`app` is what the app says that it is: `pc`, `bot`."""
        super().__init__(f"{name}@{HOST}/{app}", name)
        self._server = server
        self._app = app
        self.enable_plaintext = True
        self.enable_direct_tls = self.enable_starttls = False
        self.plugin["feature_mechanisms"].unencrypted_scram = True
        for plugin in ("xep_0030", "xep_0045", "xep_0085", "xep_0184", "xep_0199"):
            self.register_plugin(plugin)
        self.heard: list[Any] = []  # messages with words
        self.states: list[str] = []
        self.receipts: list[str] = []
        self.presences: list[tuple[str, str]] = []  # who, and how
        self.moves: list[tuple[str, str]] = []  # in rooms
        self.here = False
        self.register_handler(Callback("all", StanzaPath("message"), self._hear))
        self.add_event_handler("session_start", self._begin)
        self.add_event_handler("presence", lambda one: self._see(one, self.presences))
        self.add_event_handler("groupchat_presence", lambda one: self._see(one, self.moves))

    async def come(self) -> None:
        self.here = False
        self.connect("127.0.0.1", self._server.port)
        await until(lambda: self.here, 20)

    async def _begin(self, _: Any) -> None:
        discovery = self.plugin["xep_0030"]
        await discovery.del_identity(category="client", itype="bot")  # the library's own choice
        await discovery.add_identity(category="client", itype=self._app)
        self.send_presence()
        self.here = True

    def _see(self, presence: Any, seen: list[tuple[str, str]]) -> None:
        seen.append((str(presence["from"]), presence["type"]))

    def _hear(self, message: Any) -> None:
        if message["receipt"]:
            self.receipts.append(message["receipt"])
        elif message["body"] and message["type"] != "error":
            self.heard.append(message)
        elif message["chat_state"]:
            self.states.append(message["chat_state"])

    def say(self, to: str, text: str, kind: str = "chat", *more: Element) -> str:
        """Says it and tells its id; `more` stands beside the text."""
        message = self.make_message(JID(to), text, mtype=kind)
        for element in more:
            message.append(element)
        message.send()
        return str(message["id"])

    def in_room(self, room: str) -> list[str]:
        """What others said there."""
        me = self.plugin["xep_0045"].our_nicks[None].get(JID(room))
        return [
            one["body"]
            for one in self.heard
            if one["type"] == "groupchat"
            and one["from"].bare == room
            and one["from"].resource != me
        ]

    async def enter(self, room: str) -> None:
        await self.plugin["xep_0045"].join_muc_wait(JID(room), self.boundjid.user, timeout=20)

    def sees(self, room: str, nick: str) -> bool:
        return nick in self.plugin["xep_0045"].get_roster(JID(room))


class Line:
    """What joins the bot and its server; it can be cut."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._ends: list[asyncio.StreamWriter] = []
        self._up = True
        self._held: list[asyncio.StreamWriter] = []

    async def lay(self) -> str:
        """Gives the address to connect to."""
        self._server = await asyncio.start_server(self._join, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        return f"127.0.0.1:{port}"

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._up:
            writer.close()
            return
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError:
            writer.close()
            return
        self._ends += [writer, back]
        await asyncio.gather(self._carry(reader, back), self._carry(there, writer))

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(4096):
                if writer not in self._held:
                    writer.write(data)
        writer.close()

    def cut(self) -> None:
        """Both ends are told at once that the other is gone, and no new line can be had."""
        self._up = False
        for end in self._ends:
            end.transport.abort()
        self._ends.clear()

    def mend(self) -> None:
        self._up = True

    def hold(self, *, to_server: bool = True) -> None:
        """Nothing comes through any more, to the bot at least, and neither end is told."""
        self._held += self._ends if to_server else self._ends[::2]

    async def take_up(self) -> None:
        self.cut()
        self._server.close()
        await self._server.wait_closed()


def element(tag: str, namespace: str, text: str = "", **values: str) -> Element:
    one = Element(f"{{{namespace}}}{tag}", values)
    one.text = text or None
    return one


def sealed() -> Element:
    """What an OMEMO message (0384) has in it."""
    encrypted = element("encrypted", "eu.siacs.conversations.axolotl")
    SubElement(encrypted, "{eu.siacs.conversations.axolotl}payload").text = "c2VjcmV0"
    return encrypted


@asynccontextmanager
async def made(
    folder: Path, server: Prosody, *rooms: str, address: str = ""
) -> AsyncIterator[tuple[XmppConnector, Scene]]:
    """A connector that nobody has started."""
    scene = Scene(folder, PATIENT, app="xmpp")
    where = address or server.address
    try:
        yield XmppConnector(scene.attendant, BOT, "bot", server=where, rooms=rooms), scene
    finally:
        scene.bot.gate.set()
        scene.seen.close()


@asynccontextmanager
async def at_work(
    folder: Path, server: Prosody, *rooms: str, address: str = ""
) -> AsyncIterator[Scene]:
    """The bot, until the end of the block; `rooms` are entered unasked."""
    async with made(folder, server, *rooms, address=address) as (connector, scene):
        stop = asyncio.Event()
        task = asyncio.create_task(connector.run(stop))
        try:
            yield scene
        finally:
            stop.set()
            await task


def run(
    test: Callable[[Person, Scene], Awaitable[None]],
    folder: Path,
    server: Prosody,
    *rooms: str,
) -> None:
    """Anna is there, and the bot; in `rooms` both are."""

    async def whole() -> None:
        anna = Person("anna", server)
        await anna.come()
        for room in rooms:
            await anna.enter(room)
        async with at_work(folder, server, *rooms) as scene:
            for room in rooms:
                await until(lambda room=room: anna.sees(room, "bot"), 20)
            await test(anna, scene)
        await anna.disconnect()

    asyncio.run(whole())


async def nothing_more(anna: Person, scene: Scene) -> None:
    """What was still to come would come before the answer to one more question."""
    asked, heard = len(scene.bot.asked), len(anna.heard)
    anna.say(BOT, TARIFFS)
    await until(lambda: any("145 procent" in one["body"] for one in anna.heard[heard:]), 30)
    await settled(scene.attendant)
    assert [question for question, _ in scene.bot.asked[asked:]] == [TARIFFS]
    assert len(anna.heard) == heard + 1
