"""Telegram: answers in private and, where it is addressed, in groups (python-telegram-bot)."""

from __future__ import annotations

import asyncio
import logging
import re
import warnings
from collections.abc import Sequence
from typing import Any

from telegram import Bot as Account
from telegram import LinkPreviewOptions, ReplyParameters, Update
from telegram import Message as Said
from telegram.constants import ChatAction, ChatType, ParseMode
from telegram.error import (
    BadRequest,
    InvalidToken,
    NetworkError,
    RetryAfter,
    TelegramError,
)
from telegram.request import HTTPXRequest

from rag.connectors.base import Attendant, Later, Message, Refused, until
from rag.errors import SettingsError
from rag.rendering import Piece, as_html, write_text

log = logging.getLogger(__name__)

_MARK = "offset"
_BASE_URL = "https://api.telegram.org/bot"
_POLL = 25  # seconds that Telegram holds a request for updates
_LONGEST_WAIT = 60.0


class TelegramDoor:
    """How to speak in a chat, in reply to a message."""

    limit = 3_900  # of 4,096; counted without tags
    style = staticmethod(write_text)

    def __init__(self, account: Account, said: Said, sent: set[tuple[int, int]]) -> None:
        self._account = account
        self._said = said
        self._sent = sent

    async def send(self, message: Sequence[Piece], key: str) -> None:
        said = self._said
        try:
            told = await self._account.send_message(
                said.chat_id,
                as_html(message),
                parse_mode=ParseMode.HTML,
                message_thread_id=said.message_thread_id if said.is_topic_message else None,
                reply_parameters=ReplyParameters(said.message_id, allow_sending_without_reply=True),
                link_preview_options=LinkPreviewOptions(is_disabled=True),
            )
        except RetryAfter as error:
            raise Later(_seconds(error)) from None
        except BadRequest as error:  # also a NetworkError, but no try will do better
            raise Refused(f"Telegram: {error.message}") from None
        except NetworkError:
            raise Later from None
        except TelegramError as error:
            raise Refused(f"Telegram: {error.message}") from None
        self._sent.add((said.chat_id, told.message_id))

    async def typing(self, on: bool) -> None:
        if on:  # it ends by itself after 5 s, or with the next message
            said = self._said
            thread = said.message_thread_id if said.is_topic_message else None
            await self._account.send_chat_action(
                said.chat_id, ChatAction.TYPING, message_thread_id=thread
            )


class TelegramConnector:
    """One Telegram bot, which asks for what is new (no address of its own is needed)."""

    def __init__(self, attendant: Attendant, token: str, *, base_url: str | None = None) -> None:
        """`base_url` is that of a Bot API server of one's own: `http://host:8081/bot`."""
        self._account = Account(
            token,
            request=HTTPXRequest(connection_pool_size=16),
            get_updates_request=HTTPXRequest(connection_pool_size=1, read_timeout=_POLL + 10),
            base_url=base_url or _BASE_URL,
        )
        self._attendant = attendant
        self._sent: set[tuple[int, int]] = set()
        self._wait = 1.0

    async def run(self, stop: asyncio.Event) -> None:
        """Answers until `stop`. Raises `SettingsError` where the token is not accepted."""
        try:
            await until(stop, self._read())
        finally:
            await self._attendant.stop()
            await self._account.shutdown()

    async def _read(self) -> None:
        await self._trying(self._account.initialize)
        name = f"{_MARK} {self._account.id}"
        marked = self._attendant.seen.marked(self._attendant.app, name)
        offset = int(marked) if marked else None
        while True:
            updates = await self._trying(self._updates, offset)
            for update in updates:
                offset = update.update_id + 1
                if update.message is not None:
                    self._heard(update.message)
            if offset is not None and self._attendant.idle:
                self._attendant.seen.mark(self._attendant.app, name, str(offset))

    async def _updates(self, offset: int | None) -> Sequence[Update]:
        return await self._account.get_updates(
            offset=offset, timeout=_POLL, allowed_updates=[Update.MESSAGE]
        )

    async def _trying(self, call: Any, *values: Any) -> Any:
        """What `call` gives, tried until Telegram answers."""
        while True:
            try:
                told = await call(*values)
            except InvalidToken:
                raise SettingsError(
                    "Telegram does not accept the bot: check TELEGRAM_TOKEN."
                ) from None
            except RetryAfter as error:
                await asyncio.sleep(min(_seconds(error), _LONGEST_WAIT))
            except TelegramError as error:
                # Conflict: another process asks too. It may be ending, so wait like the rest.
                log.warning(
                    "Telegram: %s; trying again in %.0f s", type(error).__name__, self._wait
                )
                await asyncio.sleep(self._wait)
                self._wait = min(2 * self._wait, _LONGEST_WAIT)
            else:
                self._wait = 1.0
                return told

    def _heard(self, said: Said) -> None:
        if not said.text or said.from_user is None:
            return
        private = said.chat.type == ChatType.PRIVATE
        named, text = self._named(said.text)
        replied = said.reply_to_message
        to_me = replied is not None and (
            (replied.from_user is not None and replied.from_user.id == self._account.id)
            or (said.chat_id, replied.message_id) in self._sent
        )
        message = Message(
            event=f"{said.chat_id}/{said.message_id}",
            room=str(said.chat_id),
            thread=str(said.message_thread_id or "") if said.is_topic_message else "",
            text=text,
            addressed=private or named or to_me,
            by_bot=said.from_user.is_bot,
            sent=said.date.timestamp(),
            language=said.from_user.language_code,
        )
        self._attendant.hear(message, TelegramDoor(self._account, said, self._sent))

    def _named(self, text: str) -> tuple[bool, str]:
        """Whether a text names the bot, and the text without its name."""
        name = re.compile(rf"@{re.escape(self._account.username)}\b[:,]?", re.IGNORECASE)
        return name.search(text) is not None, name.sub("", text).strip()


def _seconds(error: RetryAfter) -> float:
    with warnings.catch_warnings():  # its type is going to change; both are understood
        warnings.simplefilter("ignore")
        after: Any = error.retry_after
    return after.total_seconds() if hasattr(after, "total_seconds") else float(after)
