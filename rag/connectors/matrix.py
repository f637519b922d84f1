"""Matrix: answers in the rooms that the bot is invited to (matrix-nio).

The bot speaks in notices, which bots by convention never answer, and so ignores notices itself.
Where a message stands in a thread, the answer does too. Rooms with encryption are not read.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
from collections import deque
from collections.abc import Sequence
from typing import Any

import aiohttp
from nio import (
    AsyncClient,
    AsyncClientConfig,
    ErrorResponse,
    InviteMemberEvent,
    LoginError,
    MatrixRoom,
    MegolmEvent,
    RoomMessageText,
    RoomSendResponse,
    SyncError,
    WhoamiError,
)

from rag.connectors.base import Attendant, Later, Message, Refused, until
from rag.errors import SettingsError
from rag.rendering import Piece, as_html, join, write_text

log = logging.getLogger(__name__)

_MARK = "next_batch"
_SYNC_MS = 30_000
_TYPING_MS = 10_000
_LONGEST_WAIT = 60.0  # seconds between two tries to reach the server
_NOTHING = {"room": {"timeline": {"limit": 0}}}  # what was said before the bot first came
_REPLY_FALLBACK = re.compile(r"\A(?:> [^\n]*\n)+\n?")
_LOST = (aiohttp.ClientError, TimeoutError, OSError)


class MatrixRoomDoor:
    """How to speak in a room, in the thread and in reply to the message that was asked in."""

    # Body and HTML together stay under the 65,536 bytes of an event.
    limit = 6_000
    style = staticmethod(write_text)

    def __init__(
        self, client: AsyncClient, room: str, event: str, thread: str, sent: deque[str]
    ) -> None:
        self._client = client
        self._room = room
        self._event = event
        self._thread = thread
        self._sent = sent

    async def send(self, message: Sequence[Piece], key: str) -> None:
        relation: dict[str, Any] = {"m.in_reply_to": {"event_id": self._event}}
        if self._thread:
            relation |= {
                "rel_type": "m.thread",
                "event_id": self._thread,
                "is_falling_back": False,
            }
        content = {
            "msgtype": "m.notice",
            "body": join(message, write_text),
            "format": "org.matrix.custom.html",
            "formatted_body": _lines(as_html(message)),
            "m.mentions": {},
            "m.relates_to": relation,
        }
        # The server takes a message with the same transaction id only once.
        once = hashlib.sha256(key.encode()).hexdigest()[:32]
        try:
            told = await self._client.room_send(self._room, "m.room.message", content, tx_id=once)
        except _LOST as error:
            raise Later from error
        if isinstance(told, RoomSendResponse):
            self._sent.append(told.event_id)
            return
        raise _as_failure(told)

    async def typing(self, on: bool) -> None:
        await self._client.room_typing(self._room, on, _TYPING_MS)


class MatrixConnector:
    """One account on one home server."""

    def __init__(
        self,
        attendant: Attendant,
        homeserver: str,
        user: str,
        *,
        password: str | None = None,
        token: str | None = None,
    ) -> None:
        """`user` as `@name:server` or `name`; `token` instead of a password, if there is one."""
        # Retries are ours to make: the library's own never end.
        config = AsyncClientConfig(max_timeouts=0, max_limit_exceeded=0, request_timeout=60)
        self._client = AsyncClient(homeserver, user, device_id="ORDAGRANT", config=config)
        self._attendant = attendant
        self._password = password
        self._token = token
        self._homeserver = homeserver
        self._sent: deque[str] = deque(maxlen=1_000)
        self._wait = 1.0

    async def run(self, stop: asyncio.Event) -> None:
        """Answers until `stop`. Raises `SettingsError` where the account is not accepted."""
        try:
            await until(stop, self._read())
        finally:
            await self._attendant.stop()
            await self._client.close()

    async def _read(self) -> None:
        await self._log_in()
        since = self._attendant.seen.marked(self._attendant.app, self._name)
        if since is None:
            since = await self._sync(None, first=True)
            self._attendant.seen.mark(self._attendant.app, self._name, since)
        self._client.add_event_callback(self._heard, RoomMessageText)
        self._client.add_event_callback(self._heard_sealed, MegolmEvent)
        self._client.add_event_callback(self._invited, InviteMemberEvent)
        for room in list(self._client.invited_rooms):
            await self._join(room)
        known = False  # the rooms, of which only changes are told later
        while True:
            since = await self._sync(since, full=not known)
            known = True
            # What is still being answered must be delivered again should this process end.
            if self._attendant.idle:
                self._attendant.seen.mark(self._attendant.app, self._name, since)

    @property
    def _name(self) -> str:
        return f"{_MARK} {self._homeserver} {self._client.user_id}"

    async def _log_in(self) -> None:
        while True:
            try:
                if self._token is not None:
                    self._client.access_token = self._token
                    told = await self._client.whoami()
                    if not isinstance(told, WhoamiError):
                        self._client.user_id = told.user_id
                        return
                else:
                    told = await self._client.login(self._password, device_name="Ordagrant")
                    if not isinstance(told, LoginError):
                        return
            except _LOST:
                await self._rest("cannot be reached")
                continue
            if told.status_code in ("M_LIMIT_EXCEEDED", None) or told.status_code == "M_UNKNOWN":
                await self._rest("does not let the bot in yet")
                continue
            raise SettingsError(
                f"The Matrix server {self._homeserver} does not accept the account "
                f"({told.status_code}): check MATRIX_USER and MATRIX_PASSWORD or MATRIX_TOKEN."
            )

    async def _sync(self, since: str | None, *, first: bool = False, full: bool = False) -> str:
        """What is new since `since`; tries until the server answers."""
        while True:
            try:
                told = await self._client.sync(
                    0 if first or full else _SYNC_MS,
                    sync_filter=_NOTHING if first else None,
                    since=since,
                    full_state=full,
                )
            except _LOST:
                await self._rest("cannot be reached")
                continue
            if not isinstance(told, SyncError):
                self._wait = 1.0
                return str(told.next_batch)
            if told.status_code in ("M_UNKNOWN_TOKEN", "M_MISSING_TOKEN", "M_FORBIDDEN"):
                raise SettingsError(
                    f"The Matrix server {self._homeserver} no longer accepts the bot's session "
                    f"({told.status_code}): start it again, or renew MATRIX_TOKEN."
                )
            await self._rest("does not answer usably")

    async def _rest(self, why: str) -> None:
        log.warning("the Matrix server %s; trying again in %.0f s", why, self._wait)
        await asyncio.sleep(self._wait)
        self._wait = min(2 * self._wait, _LONGEST_WAIT)

    async def _heard(self, room: MatrixRoom, event: RoomMessageText) -> None:
        content = event.source.get("content", {})
        relation = _mapping(content.get("m.relates_to"))
        if relation.get("rel_type") == "m.replace":  # an edit: the question was answered
            return
        thread = ""
        if relation.get("rel_type") == "m.thread":
            thread = str(relation.get("event_id", ""))
        text = _REPLY_FALLBACK.sub("", event.body)
        replied = _mapping(relation.get("m.in_reply_to")).get("event_id")
        named, text = self._named(room, content, text)
        message = Message(
            event=event.event_id,
            room=room.room_id,
            thread=thread,
            text=text,
            addressed=named or room.member_count <= 2 or replied in self._sent,
            by_bot=event.sender == self._client.user_id,
            sent=event.server_timestamp / 1000,
        )
        self._attendant.hear(message, self._door(room.room_id, event.event_id, thread))

    async def _heard_sealed(self, room: MatrixRoom, event: MegolmEvent) -> None:
        if event.sender == self._client.user_id:
            return
        # The room stands for the event, so that this is said once in a room.
        once = Message(f"sealed {room.room_id}", room.room_id, "", "", True, False)
        door = self._door(room.room_id, event.event_id, "")
        await self._attendant.once(once, door, "encrypted")

    async def _invited(self, room: MatrixRoom, event: InviteMemberEvent) -> None:
        if event.state_key == self._client.user_id and event.membership == "invite":
            await self._join(room.room_id)

    async def _join(self, room: str) -> None:
        try:
            told = await self._client.join(room)
        except _LOST:
            return  # the invitation is there at the next start
        if isinstance(told, ErrorResponse):
            log.warning("a Matrix room could not be entered (%s)", told.status_code)

    def _door(self, room: str, event: str, thread: str) -> MatrixRoomDoor:
        return MatrixRoomDoor(self._client, room, event, thread, self._sent)

    def _named(self, room: MatrixRoom, content: dict[str, Any], text: str) -> tuple[bool, str]:
        """Whether a message is meant for the bot, and the message without its name."""
        mentioned = _mapping(content.get("m.mentions")).get("user_ids")
        me = self._client.user_id
        names = [me, room.user_name(me) or "", me[1:].partition(":")[0]]
        opening = re.compile(
            rf"\A@?(?:{'|'.join(re.escape(n) for n in names if n)})(?:\s*[:,]\s*|\s+|\Z)", re.I
        )
        without = opening.sub("", text.strip(), count=1)
        at_its_head = without != text.strip()
        listed = isinstance(mentioned, list) and me in mentioned
        return listed or at_its_head or me in text, without.replace(me, "").strip()


def _as_failure(told: Any) -> Exception:
    status = getattr(told.transport_response, "status", 0)
    if told.status_code == "M_LIMIT_EXCEEDED" or status == 429:
        after = getattr(told, "retry_after_ms", None)
        return Later(after / 1000 if after else None)
    if status >= 500:
        return Later()
    return Refused(f"Matrix: {told.status_code}")


def _lines(told: str) -> str:
    told = re.sub(r"\n*(<blockquote>)", r"\1", told)
    return re.sub(r"(</blockquote>)\n*", r"\1", told).replace("\n", "<br>")


def _mapping(value: Any) -> dict[str, Any]:
    """What others sent may be of any form."""
    return value if isinstance(value, dict) else {}
