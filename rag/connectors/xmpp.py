"""XMPP: answers in private and, where it is named, in rooms (slixmpp).

Rooms (0045) are entered when the bot is invited, and entered again at the next start. What was
asked while it was away comes from the server's own store. Encrypted messages are not read. The
numbers are those of the XMPP extensions (https://xmpp.org/extensions/).
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import OrderedDict, deque
from collections.abc import Coroutine, Sequence
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from slixmpp import JID
from slixmpp.exceptions import IqError, IqTimeout
from slixmpp.stanza import Message as Stanza
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import StanzaPath

from rag.connectors import xmpp_stanzas as stanzas
from rag.connectors.base import Attendant, Message, until
from rag.connectors.xmpp_rooms import Rooms
from rag.connectors.xmpp_stanzas import Said, legal
from rag.connectors.xmpp_stream import XmppStream
from rag.errors import OrdagrantError
from rag.rendering import Piece, join

log = logging.getLogger(__name__)

_ASKED = 200  # characters of a question that are repeated where replies are not understood
_TOLD_WITHIN = 5.0  # seconds that a sender's app may take to tell whether it is a bot
_KNOWN = 1_000  # senders, and messages, that are remembered
_PLUGINS = ("xep_0030", "xep_0045", "xep_0085", "xep_0115", "xep_0184", "xep_0249", "xep_0461")


class XmppDoor:
    """How to speak where a message came from, in reply to it."""

    # No server refuses a stanza of 10,000 bytes (RFC 6120, 13.12).
    limit = 3_000
    style = staticmethod(stanzas.write)

    def __init__(self, stream: XmppStream, said: Said, sent: deque[str]) -> None:
        self._stream = stream
        self._said = said
        self._sent = sent
        self._shown = False

    async def send(self, message: Sequence[Piece], key: str) -> None:
        told = self._stanza("active")
        # Who gets a message twice, because the server could not say that it has it, can tell.
        name = hashlib.sha256(key.encode()).hexdigest()[:32]
        told["id"] = name
        SubElement(told.xml, f"{{{stanzas.STANZA_ID}}}origin-id", {"id": name})
        if stanzas.looks_styled(message):
            SubElement(told.xml, stanzas.UNSTYLED)
        told["body"] = self._in_reply(told.xml) + legal(join(message, stanzas.write))
        self._sent.append(name)
        await self._stream.deliver(told)

    async def typing(self, on: bool) -> None:
        if on != self._shown and self._said.tells_states:
            self._stream.tell(self._stanza("composing" if on else "paused"))
            self._shown = on

    def _stanza(self, state: str) -> Stanza:
        said = self._said
        made: Any = Stanza  # the client's own way of making one says that all is English
        told: Stanza = made(self._stream.client, stype=said.kind)
        told["to"] = said.sender.bare if said.kind == "groupchat" else said.sender
        if said.thread:
            told["thread"] = said.thread
        if said.tells_states:
            SubElement(told.xml, f"{{{stanzas.CHAT_STATES}}}{state}")
        return told

    def _in_reply(self, xml: Element) -> str:
        """Says what is answered (0461); in a room also in words, for apps that don't know that."""
        said = self._said
        group = said.kind == "groupchat"
        asked = said.stanza_ids.get(said.sender.bare, "") if group else said.origin_id or said.id
        if asked:
            answered = {"to": said.sender.full, "id": asked}
            SubElement(xml, f"{{{stanzas.REPLY}}}reply", answered)
        if not group:
            return ""
        words = f"{said.sender.resource}: {' '.join(said.text.split())}"
        words = legal(words if len(words) <= _ASKED else words[:_ASKED] + "…")
        words = stanzas.quoted(words) + "\n"
        if asked:
            fallback = SubElement(xml, f"{{{stanzas.FALLBACK}}}fallback", {"for": stanzas.REPLY})
            span = {"start": "0", "end": str(len(words))}
            SubElement(fallback, f"{{{stanzas.FALLBACK}}}body", span)
        return words


class XmppConnector:
    """One account on one server."""

    def __init__(
        self,
        attendant: Attendant,
        jid: str,
        password: str,
        *,
        server: str | None = None,
        rooms: Sequence[str] = (),
    ) -> None:
        """`server` is `host:port` where DNS does not tell; `rooms` are entered unasked.

        Raises `SettingsError` for an address that is none.
        """
        self._stream = XmppStream(jid, password, server)
        self._attendant = attendant
        self._rooms = Rooms(self._stream, attendant.seen, attendant.app, rooms)
        self._sent: deque[str] = deque(maxlen=_KNOWN)
        self._answered: deque[tuple[str, str]] = deque(maxlen=_KNOWN)
        self._bots: OrderedDict[str, asyncio.Task[bool]] = OrderedDict()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._hearing = 0  # messages of which it is not known yet whether a bot wrote them
        self._stream.settled = lambda: self._attendant.idle and not self._hearing
        self._beginning: asyncio.Task[None] | None = None
        self._stream.on_session = self._on_session
        for name in _PLUGINS:
            self._stream.client.register_plugin(name)
        client = self._stream.client
        client.auto_subscribe = False  # whoever adds the bot need not be seen by it
        client.register_handler(Callback("Said", StanzaPath("message"), self._heard))
        client.add_event_handler("groupchat_presence", self._moved)

    async def run(self, stop: asyncio.Event) -> None:
        """Answers until `stop`. Raises `SettingsError` where the account is not accepted."""
        self._spawn(self._rooms.stay())
        try:
            await until(stop, self._stream.run())
        finally:
            self._stream.leave()
            await self._attendant.stop()
            tasks = [*self._tasks, *self._bots.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._stream.close()

    def _on_session(self) -> None:
        if self._beginning is not None:
            self._beginning.cancel()  # it was for a session that is no more
        self._beginning = self._spawn(self._begin())

    async def _begin(self) -> None:
        """A new session: says what the bot is, that it is there, and enters its rooms."""
        stream = self._stream
        discovery, capabilities = stream.plugin("xep_0030"), stream.plugin("xep_0115")
        await discovery.del_identity(category="client", itype="bot")  # without a name
        await discovery.add_identity(category="client", itype="bot", name="Ordagrant")
        await capabilities.update_caps(broadcast=False)
        try:
            await stream.client.get_roster()  # or requests to be added would not be delivered
        except (IqError, IqTimeout) as error:
            log.warning("the XMPP server does not tell the bot's contacts (%s)", error.condition)
        stream.client.send_presence()
        await self._rooms.enter_all()

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            told = error if isinstance(error, OrdagrantError) else type(error).__name__
            log.error("%s: %s", self._attendant.app, told)

    def _heard(self, stanza: Any) -> None:
        if stanza["type"] == "error":
            log.warning("XMPP: a message was not delivered (%s)", stanza["error"]["condition"])
            return
        said = stanzas.read(stanza.xml)
        if said is None:
            return
        if said.invitation is not None:
            self._spawn(self._rooms.invited(said.invitation))
        elif said.kind == "groupchat":
            self._heard_in_room(said)
        elif said.sender.user and said.sender.bare != self._stream.jid:  # neither server nor self
            # An occupant of a room who speaks to the bot alone is known by the whole address.
            alone = self._rooms.nick(said.sender.bare) is not None
            who = said.sender.full if alone else said.sender.bare
            if not alone or said.sender.resource:
                self._take_up(said, who, True, said.text)

    def _heard_in_room(self, said: Said) -> None:
        room = said.sender.bare
        nick = self._rooms.nick(room)
        if nick is None or not said.sender.resource:
            return
        if said.sender.resource == nick:
            if room in said.stanza_ids:
                self._sent.append(said.stanza_ids[room])  # as replies name it
            return
        if room in said.delayed_by:  # said before the bot came in
            return
        me = f"{room}/{nick}"
        named = said.names(nick)
        addressed = (
            named
            or bool(said.mentions & {me, self._stream.jid})
            or (said.replies_to is not None and self._is_mine(said.replies_to, me))
        )
        self._take_up(said, room, addressed, said.without(nick) if named else said.text)

    def _is_mine(self, replies_to: tuple[str, str], me: str) -> bool:
        whom, what = replies_to
        return whom == me or what in self._sent

    def _take_up(self, said: Said, room: str, addressed: bool, text: str) -> None:
        """Hands a message on, unless it corrects one that was answered."""
        group = said.kind == "groupchat"
        door = XmppDoor(self._stream, said, self._sent)
        if said.sealed:
            # The room stands for the event, so that this is said once in a room.
            once = Message(f"sealed {room}", room, "", "", True, False, language=said.language)
            self._spawn(self._attendant.once(once, door, "encrypted"))
            return
        speaker = said.sender.full if group else room
        if not addressed or (speaker, said.corrects) in self._answered:
            return
        names = {said.id, said.origin_id, said.corrects} - {""}
        self._answered.extend((speaker, name) for name in names)
        message = Message(
            event=said.event(speaker, room if group else self._stream.jid),
            room=room,
            thread=said.thread,
            text=text,
            addressed=True,
            by_bot=False,
            sent=said.sent,
            language=said.language,
        )
        self._hearing += 1
        self._spawn(self._hand_on(message, said.sender, door))

    async def _hand_on(self, message: Message, sender: JID, door: XmppDoor) -> None:
        """Bots are not answered: one that answers whatever is said would never be done."""
        try:
            if not await self._is_bot(sender.full):
                self._attendant.hear(message, door)
        finally:
            self._hearing -= 1

    def _moved(self, presence: Any) -> None:
        if presence["type"] == "unavailable":
            self._bots.pop(presence["from"].full, None)  # somebody else may take the name
        self._rooms.moved(presence)

    async def _is_bot(self, sender: str) -> bool:
        """Whether the sender's app says of itself that it is a bot (0030); asked once."""
        known = self._bots.get(sender)
        if known is None:
            known = asyncio.get_running_loop().create_task(self._asks_what_it_is(sender))
            self._bots[sender] = known
            while len(self._bots) > _KNOWN:
                self._bots.popitem(last=False)
        return await asyncio.shield(known)

    async def _asks_what_it_is(self, sender: str) -> bool:
        try:
            discovery = self._stream.plugin("xep_0030")
            told = await discovery.get_info(sender, local=False, timeout=_TOLD_WITHIN)
        except (IqError, IqTimeout):
            return False
        return any(one[:2] == ("client", "bot") for one in told["disco_info"]["identities"])
