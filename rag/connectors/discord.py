"""Discord: answers in private and, where it is addressed, in servers (discord.py).

No privileged intent is asked for. Discord tells the words of a message without one in private, and
in a server where the bot is mentioned or replied to with a ping: what it is to answer, no more.

What goes together: all that is said in private to one account; what is said in a thread; in a
channel, a question with the answers and the replies that follow from it. A thread begun at one of
these messages goes on with theirs.

A connection that breaks is mended by the library, and Discord then delivers what was missed. What
was said before a new session it does not deliver: with each, the last 100 messages are read of the
50 channels where the bot was asked something last. `Seen` tells which of them were answered, and
none that is more than an hour old is. A first question in a place where the bot was never asked is
not found so: Discord tells no bot who has written to it.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote as percent

import aiohttp
import discord

from rag.connectors.base import Attendant, Later, Message, Refused, until
from rag.errors import SettingsError, StoreError
from rag.rendering import Piece, join, translation_label, within_quotes

log = logging.getLogger(__name__)

_MARK = "channels"
_CHANNELS = 50
_MESSAGES = 100  # of a channel: what one request tells
_REMEMBERED = 5_000  # messages of which it is known what they go together with
_LONGEST_WAIT = 60.0  # seconds between two tries to reach Discord
_LONGEST_LIMIT = 30.0  # seconds that the library itself waits out; its least
_CLOSING = 5.0  # seconds for Discord to say good-bye
_NONCE = 25  # characters
_NO_HISTORY = 160002  # to reply takes the permission to read what was said before
_TOKEN_NOT_ACCEPTED = 4004
_LOST = (aiohttp.ClientError, TimeoutError, OSError)

_LINE_END = re.compile(r"\r\n|\r|\n")
# What is markup anywhere; a dot within an address (an invitation is shown as a card without any
# "https"); a colon that begins an address or an emoji. A backslash before it is not shown.
_SIGNS = re.compile(r"[\\*_~`|<>\[#@]|(?<=\w)\.(?=[^\W\d_])|:(?=//|[\w+-]+:)")
_AT_START = re.compile(r"^(\s*)([-+])|^(\s*\d+)([.)])")
_IN_ADDRESS = re.compile(r"[\s<>]")
# People, roles, channels, emojis, commands, times: no words for a question.
_CODES = re.compile(
    r"<(?:@[!&]?\d+|#\d+|a?:\w+:\d+|/[^<>:]+:\d+|t:-?\d+(?::\w)?|id:\w+)>", re.ASCII
)


def write_discord(piece: Piece) -> str:
    """A piece in Discord's Markdown, in which nothing of the piece itself is markup."""
    match piece.kind:
        case "quote":
            return _blockquote(f"[{piece.n}] {within_quotes(piece)}")
        case "source":
            return f"— {escaped(piece.text)}" + (f" <{_address(piece.link)}>" if piece.link else "")
        case "translation":
            return f"*{translation_label(piece)}:* {escaped(piece.text)}"
        case "heading":
            return f"**{escaped(piece.text)}**"
        case _:
            return escaped(piece.text)


def escaped(text: str) -> str:
    """`text` so that Discord shows it as it is: no layout, links, emojis, names or times."""
    return "\n".join(_line(line) for line in _LINE_END.split(text))


def plain(content: str) -> str:
    """What was typed, without Discord's codes and the sign after a name."""
    return " ".join(_CODES.sub(" ", content).split()).lstrip(",: ")


class DiscordDoor:
    """How to speak in a channel, in reply to a message."""

    limit = 2_000
    style = staticmethod(write_discord)

    def __init__(self, said: discord.Message, sent: Callable[[int], None]) -> None:
        """`sent` is told the id of each message of ours."""
        self._channel = said.channel
        self._reply: discord.MessageReference | None = said.to_reference(fail_if_not_exists=False)
        self._sent = sent

    async def send(self, message: Sequence[Piece], key: str) -> None:
        """The library waits out rate limits, and tries 5 times where Discord fails for a moment."""
        more: dict[str, Any] = {} if self._reply is None else {"reference": self._reply}
        try:
            told = await self._channel.send(
                join(message, write_discord),
                # For some minutes Discord takes a message with the same nonce only once.
                nonce=hashlib.sha256(key.encode()).hexdigest()[:_NONCE],
                allowed_mentions=discord.AllowedMentions.none(),
                mention_author=False,
                suppress_embeds=True,
                **more,
            )
        except discord.RateLimited as error:
            raise Later(error.retry_after) from None
        except discord.HTTPException as error:
            if error.code == _NO_HISTORY and self._reply is not None:
                self._reply = None
                raise Later(0.0) from None
            raise _as_failure(error) from None
        except _LOST as error:
            raise Later from error
        self._sent(told.id)

    async def typing(self, on: bool) -> None:
        if on:  # it ends by itself after 10 s, or with the next message
            await self._channel.typing()


class DiscordConnector:
    """One Discord bot, which keeps a connection open (no address of its own is needed)."""

    def __init__(self, attendant: Attendant, token: str) -> None:
        self._attendant = attendant
        self._token = token
        self._client: _Client | None = None
        self._me = 0
        self._channels: list[int] = []  # where it was asked something, the last one first
        self._together: dict[int, str] = {}  # message -> the question that it goes back to
        self._wait = 1.0

    async def run(self, stop: asyncio.Event) -> None:
        """Answers until `stop`. Raises `SettingsError` where the token is not accepted."""
        try:
            await until(stop, self._read())
        finally:
            await self._attendant.stop()
            if self._client is not None:
                await _close(self._client)

    async def _read(self) -> None:
        while True:
            self._client = client = _Client(self._heard)
            try:
                await client.login(self._token)
                await self._listen(client)
            except discord.LoginFailure:
                raise _not_accepted() from None
            except discord.ConnectionClosed as error:
                raise _ended(error) from None
            except (discord.HTTPException, discord.RateLimited, *_LOST) as error:
                why = type(error).__name__
            except AttributeError:
                # discord.py's own: where its very first connection fails it looks at the last one.
                if client.ws is not None:
                    raise
                why = "no connection"
            log.warning("Discord cannot be reached (%s); trying again in %.0f s", why, self._wait)
            await _close(client)
            await asyncio.sleep(self._wait)
            self._wait = min(2 * self._wait, _LONGEST_WAIT)

    async def _listen(self, client: _Client) -> None:
        """Hears what is said; the library connects again whenever it is cut off."""
        assert client.user is not None  # noqa: S101 - it has logged in
        self._me = client.user.id
        marked = self._attendant.seen.marked(self._attendant.app, self._mark)
        self._channels = [int(channel) for channel in (marked or "").split()]
        missed = asyncio.get_running_loop().create_task(self._hear_missed(client))
        try:
            await client.connect()
        finally:
            missed.cancel()

    @property
    def _mark(self) -> str:
        return f"{_MARK} {self._me}"

    async def _hear_missed(self, client: _Client) -> None:
        """Hears, whenever a session begins, what was said in the time before."""
        while True:
            await client.began.wait()
            client.began.clear()
            for channel in list(self._channels):
                try:
                    await self._hear_again(client, channel)
                except (discord.NotFound, discord.Forbidden):
                    continue  # gone, or closed to the bot
                except (discord.DiscordException, StoreError, *_LOST) as error:
                    log.warning("Discord: what was missed is not read (%s)", type(error).__name__)

    async def _hear_again(self, client: _Client, number: int) -> None:
        channel = client.get_channel(number) or await client.fetch_channel(number)
        if isinstance(channel, discord.abc.Messageable):
            last = [message async for message in channel.history(limit=_MESSAGES)]
            for message in reversed(last):
                self._heard(message)

    def _heard(self, said: discord.Message) -> None:
        if said.type not in (discord.MessageType.default, discord.MessageType.reply):
            return  # somebody came, something was pinned …
        private = isinstance(said.channel, discord.DMChannel)
        named = self._named(said)
        text = plain(said.content)
        if named and not text and said.type is discord.MessageType.default:
            # Nothing but a name; so it looks, too, where Discord keeps the words from us because
            # not the bot was mentioned but its role.
            text = "help"
        room, thread = self._place(said)
        message = Message(
            event=str(said.id),
            room=room,
            thread=thread,
            text=text,
            addressed=private or named,
            by_bot=said.author.bot or said.webhook_id is not None,
            sent=said.created_at.timestamp(),
        )

        def together(number: int) -> None:
            self._remember(number, thread)

        self._attendant.hear(message, DiscordDoor(said, together))
        if message.addressed and not message.by_bot:
            together(said.id)
            self._keep(said.channel.id)

    def _named(self, said: discord.Message) -> bool:
        """Whether the bot is mentioned or replied to, or the role that Discord made for it."""
        if any(person.id == self._me for person in said.mentions):
            return True
        return said.guild is not None and said.guild.self_role in said.role_mentions

    def _place(self, said: discord.Message) -> tuple[str, str]:
        """The room of a message, where one question at a time is answered, and its thread."""
        channel = said.channel
        if isinstance(channel, discord.DMChannel):
            return str(channel.id), ""
        if isinstance(channel, discord.Thread):
            # A thread that was begun at a message has the id of that message.
            first = self._together.get(channel.id)
            return (str(channel.id), "") if first is None else (str(channel.parent_id), first)
        replied = said.reference.message_id if said.reference else None
        return str(channel.id), self._together.get(replied or 0, str(said.id))

    def _remember(self, number: int, thread: str) -> None:
        if thread:
            self._together[number] = thread
        while len(self._together) > _REMEMBERED:
            del self._together[next(iter(self._together))]

    def _keep(self, channel: int) -> None:
        """Keeps where the bot was asked something, for the next start."""
        if self._channels[:1] != [channel]:
            others = [other for other in self._channels if other != channel]
            self._channels = [channel, *others][:_CHANNELS]
            told = " ".join(map(str, self._channels))
            self._attendant.seen.mark(self._attendant.app, self._mark, told)


class _Client(discord.Client):
    """The library's client, which tells what it hears."""

    def __init__(self, heard: Callable[[discord.Message], None]) -> None:
        intents = discord.Intents.none()
        intents.guilds = intents.guild_messages = intents.dm_messages = True
        # It says at its start that it will not talk; nobody expects that of this bot.
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False
        logging.getLogger("discord.client").addFilter(_in_one_line)
        super().__init__(
            intents=intents,
            member_cache_flags=discord.MemberCacheFlags.none(),
            max_messages=None,
            max_ratelimit_timeout=_LONGEST_LIMIT,
            allowed_mentions=discord.AllowedMentions.none(),
        )
        self._heard = heard
        self.began = asyncio.Event()  # a session: what was said before it is not delivered

    def dispatch(self, event: str, /, *args: Any, **kwargs: Any) -> None:
        if not self.is_closed():  # it would say that it is ready up to 2 s after it was closed
            super().dispatch(event, *args, **kwargs)

    async def on_message(self, said: discord.Message) -> None:
        self._heard(said)

    async def on_ready(self) -> None:
        self.began.set()

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        log.error("Discord: %s failed (%s)", event_method, type(sys.exception()).__name__)


async def _close(client: _Client) -> None:
    """Leaves Discord, also where it does not answer any more."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_CLOSING):
            await client.close()
    await client.http.close()


def _in_one_line(record: logging.LogRecord) -> bool:
    """Says what went wrong by its name: that the network is away is no fault to be traced."""
    if record.exc_info and record.exc_info[0] is not None:
        record.msg = f"{record.getMessage()} ({record.exc_info[0].__name__})"
        record.args, record.exc_info = (), None
    return True


def _not_accepted() -> SettingsError:
    return SettingsError("Discord does not accept the bot: check DISCORD_TOKEN.")


def _ended(error: discord.ConnectionClosed) -> SettingsError:
    if error.code == _TOKEN_NOT_ACCEPTED:
        return _not_accepted()
    return SettingsError(
        f"Discord has ended the connection for good (close code {error.code}): see what the code "
        "means in Discord's documentation of its gateway, and whether discord.py is up to date."
    )


def _as_failure(error: discord.HTTPException) -> Exception:
    if error.status == 429:
        after = error.response.headers.get("Retry-After", "")
        return Later(float(after) if after.isdigit() else None)
    if error.status >= 500:
        return Later()
    return Refused(f"Discord: {error.status}, code {error.code}")


def _blockquote(text: str) -> str:
    return "\n".join(f"> {line}" for line in escaped(text).split("\n"))


def _line(line: str) -> str:
    return _AT_START.sub(r"\1\3\\\2\4", _SIGNS.sub(r"\\\g<0>", line))


def _address(link: str) -> str:
    return _IN_ADDRESS.sub(lambda found: percent(found[0], safe=""), link)
