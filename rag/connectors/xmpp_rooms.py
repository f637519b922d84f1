"""The XMPP rooms (0045) that the bot is in: entered when invited, and again after a restart."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from slixmpp import JID, InvalidJID
from slixmpp.exceptions import IqError, IqTimeout, PresenceError
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import StanzaPath

from rag.connectors.seen import Seen
from rag.connectors.xmpp_stanzas import ROOM_USER, Invitation
from rag.connectors.xmpp_stream import XmppStream
from rag.errors import SettingsError

log = logging.getLogger(__name__)

_WITHIN = 60.0  # seconds for a room to answer
_STILL_IN_EVERY = 900.0  # seconds between two checks that a room still knows the bot (0410)
_MOST = 500  # rooms
_NICKS = 3  # tried in a room where the first is taken
# Status codes of presence in a room.
_OWN_PRESENCE, _NEW_ROOM, _NICK_CHANGED, _FAILURE = 110, 201, 303, 333
_PUT_OUT = frozenset({301, 307, 321, 322})  # banned, kicked, not a member any more
_NOT_FOR_US = frozenset(
    {
        "forbidden",
        "gone",
        "item-not-found",
        "not-allowed",
        "not-authorized",
        "registration-required",
    }
)


@dataclass(slots=True)
class _Place:
    """A room that the bot is in, or is to be in."""

    nick: str
    unasked: bool = False  # by XMPP_ROOMS
    been: bool = False
    password: str | None = None
    entering: bool = False
    entered: bool = False


class Rooms:
    """Which there are, and under which name the bot is there."""

    def __init__(self, stream: XmppStream, seen: Seen, app: str, unasked: Sequence[str]) -> None:
        """Raises `SettingsError` where one of `unasked` is not the address of a room."""
        self._stream = stream
        self._seen = seen
        self._app = app
        self._mark = f"rooms {stream.jid}"
        self._nick = JID(stream.jid).user
        before = (seen.marked(app, self._mark) or "").split()
        self._places = {room: _Place(self._nick, been=True) for room in before}
        self._places |= {_room(one): _Place(self._nick, unasked=True) for one in unasked}
        stream.client.register_handler(
            Callback("Refused", StanzaPath("presence@type=error"), self._refused)
        )

    def nick(self, room: str) -> str | None:
        """The bot's name in a room; None where it is not."""
        place = self._places.get(room)
        return None if place is None else place.nick

    async def enter_all(self) -> None:
        """Enters the rooms anew: a new session is in none."""
        for place in self._places.values():
            place.entered = False
        await asyncio.gather(*(self._enter(room, place) for room, place in self._places.items()))

    async def invited(self, to: Invitation) -> None:
        if to.room not in self._places and len(self._places) >= _MOST:
            log.warning("an invitation to an XMPP room was declined: %d are enough", _MOST)
            return
        place = self._places.setdefault(to.room, _Place(self._nick))
        place.password = to.password or place.password
        await self._enter(to.room, place)

    def moved(self, presence: Any) -> None:
        """Where the bot itself was renamed in a room, or put out of it."""
        room = presence["from"].bare
        codes = presence["muc"]["status_codes"]
        place = self._places.get(room)
        if place is None or _OWN_PRESENCE not in codes:
            return
        if _NICK_CHANGED in codes:
            place.nick = presence["muc"]["item_nick"]
        elif presence["type"] == "unavailable":
            place.entered = False
            destroyed = presence.xml.find(f"{{{ROOM_USER}}}x/{{{ROOM_USER}}}destroy") is not None
            if destroyed or (codes & _PUT_OUT and _FAILURE not in codes):
                self._forget(room)

    async def stay(self) -> None:
        """Enters again what no longer knows the bot: a room's server may have restarted."""
        while True:
            await asyncio.sleep(_STILL_IN_EVERY)
            for room, place in list(self._places.items()):
                if place.entered and self._stream.open:
                    place.entered = await self._is_in(room, place)
                if not place.entered and self._stream.open:
                    await self._enter(room, place)

    async def _is_in(self, room: str, place: _Place) -> bool:
        try:
            await self._stream.plugin("xep_0199").ping(JID(f"{room}/{place.nick}"), timeout=_WITHIN)
        except IqError as error:
            return bool(error.condition != "not-acceptable")
        except IqTimeout:
            pass
        return True

    async def _enter(self, room: str, place: _Place) -> None:
        """Enters a room, under another name where ours is taken."""
        if place.entering or place.entered:
            return
        place.entering = True
        try:
            for tried in range(_NICKS):
                place.nick = self._nick + "_" * tried
                why = await self._enter_as(room, place)
                if why != "conflict":
                    break
        finally:
            place.entering = False
        if why is None:
            place.entered = place.been = True
            self._remember()
            return
        log.warning("an XMPP room could not be entered: %s (%s)", room, why)
        if why in _NOT_FOR_US or not (place.unasked or place.been):
            self._forget(room)

    async def _enter_as(self, room: str, place: _Place) -> str | None:
        """None once the bot is in; else why not."""
        rooms = self._stream.plugin("xep_0045")
        try:
            presence, *_ = await rooms.join_muc_wait(
                JID(room), place.nick, password=place.password, maxstanzas=0, timeout=_WITHIN
            )
        except PresenceError as error:
            return str(error.condition)
        except TimeoutError:
            return "no answer"
        if _NEW_ROOM in presence["muc"]["status_codes"]:
            # There was none: the server has just made it, which is not the bot's to do.
            rooms.leave_muc(JID(room), place.nick)
            return "item-not-found"
        place.nick = presence["from"].resource
        return None

    def _refused(self, presence: Any) -> None:
        """slixmpp knows a room's refusal only where it repeats what was asked; not all do."""
        room = presence["from"].bare
        if room in self._places:
            self._stream.client.event(f"muc::{room}::presence-error", presence)

    def _forget(self, room: str) -> None:
        self._places.pop(room, None)
        self._remember()

    def _remember(self) -> None:
        """Those that XMPP_ROOMS does not name; which may be another list at the next start."""
        rooms = [room for room, place in self._places.items() if place.been and not place.unasked]
        self._seen.mark(self._app, self._mark, " ".join(rooms))


def _room(address: str) -> str:
    try:
        room = JID(address)
    except InvalidJID:
        room = JID("")
    if not room.user:
        raise SettingsError(
            f"XMPP_ROOMS holds what is not the address of a room: {address}. It looks like "
            "news@rooms.xmpp.example."
        )
    return str(room.bare)
