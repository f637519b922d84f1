"""Slack: answers to mentions and direct messages (slack-bolt), over a socket or over HTTP.

Answers go into a thread under the question, and what is asked further in that thread is a
follow-up. The words are sent as rich text, in which nothing is markup.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Sequence
from typing import Any

import aiohttp
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from rag.connectors.base import Attendant, Later, Message, Refused
from rag.errors import SettingsError
from rag.rendering import Piece, join, translation_label, within_quotes, write_text

log = logging.getLogger(__name__)

EVENTS = "/slack/events"
_MENTION = re.compile(r"<@[A-Z0-9]+(?:\|[^>]*)?>")
_LINK = re.compile(r"<(?:https?|mailto):[^|>]*\|([^>]*)>|<([^@#!|>][^|>]*)>")
_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))
_LOST = (aiohttp.ClientError, TimeoutError, OSError)
_NOT_NOW = frozenset(
    ["ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable",
     "request_timeout", "team_added_to_org"]
)  # fmt: skip
_LONGEST_WAIT = 60.0


class SlackDoor:
    """How to speak in a channel, in the thread of a question."""

    limit = 3_000  # Slack folds or refuses what is much longer
    style = staticmethod(write_text)

    def __init__(self, client: AsyncWebClient, channel: str, thread: str | None) -> None:
        self._client = client
        self._channel = channel
        self._thread = thread

    async def send(self, message: Sequence[Piece], key: str) -> None:
        try:
            await self._client.chat_postMessage(
                channel=self._channel,
                thread_ts=self._thread,
                # Shown where blocks are not: in notifications and by old programs.
                text=escaped(join(message, write_text)),
                blocks=[rich_text(message)],
                unfurl_links=False,
                unfurl_media=False,
                parse="none",
                link_names=False,
            )
        except _LOST as error:
            raise Later from error
        except SlackApiError as error:
            raise _as_failure(error) from error

    async def typing(self, on: bool) -> None:
        """Slack shows a bot as busy only in its assistant threads; elsewhere it takes no harm."""
        if self._thread is not None:
            await self._client.api_call(
                "assistant.threads.setStatus",
                json={
                    "channel_id": self._channel,
                    "thread_ts": self._thread,
                    "status": "…" if on else "",
                },
            )


class SlackConnector:
    """One Slack app: over a socket with `app_token`, else over HTTP with `signing_secret`."""

    def __init__(
        self,
        attendant: Attendant,
        bot_token: str,
        *,
        app_token: str | None = None,
        signing_secret: str | None = None,
        host: str = "127.0.0.1",
        port: int = 3000,
        base_url: str | None = None,
    ) -> None:
        """`base_url` is that of Slack's Web API, for another server than Slack's own."""
        more = {} if base_url is None else {"base_url": base_url}
        client = AsyncWebClient(bot_token, retry_handlers=[], **more)  # type: ignore[arg-type]
        self._attendant = attendant
        self._app_token = app_token
        self._where = (host, port)
        self._me = ""
        self._app = AsyncApp(
            client=client,
            signing_secret=signing_secret or "",
            request_verification_enabled=app_token is None,
            ssl_check_enabled=False,
            url_verification_enabled=True,
            raise_error_for_unhandled_request=False,
        )
        self._app.event("app_mention")(self._heard)
        self._app.event("message")(self._heard)
        self.port: int | None = None  # where it listens, once it does

    async def run(self, stop: asyncio.Event) -> None:
        """Answers until `stop`. Raises `SettingsError` where a token is not accepted."""
        await self._log_in()
        try:
            if self._app_token is not None:
                await self._by_socket(stop)
            else:
                await self._by_http(stop)
        finally:
            await self._attendant.stop()

    async def _log_in(self) -> None:
        wait = 1.0
        while True:
            try:
                told = await self._app.client.auth_test()
                self._me = str(told["user_id"])
                return
            except SlackApiError as error:
                if not isinstance(_as_failure(error), Later):
                    raise SettingsError(
                        f"Slack does not accept the bot ({error.response['error']}): check "
                        "SLACK_BOT_TOKEN."
                    ) from None
            except _LOST:
                pass
            log.warning("Slack cannot be reached; trying again in %.0f s", wait)
            await asyncio.sleep(wait)
            wait = min(2 * wait, _LONGEST_WAIT)

    async def _by_socket(self, stop: asyncio.Event) -> None:
        handler = AsyncSocketModeHandler(self._app, self._app_token)
        try:
            await handler.connect_async()  # type: ignore[no-untyped-call]  # and again by itself whenever it is cut off
            await stop.wait()
        except SlackApiError as error:
            raise SettingsError(
                f"Slack does not open a socket ({error.response['error']}): check SLACK_APP_TOKEN."
            ) from None
        finally:
            await handler.close_async()  # type: ignore[no-untyped-call]

    async def _by_http(self, stop: asyncio.Event) -> None:
        server = web.Application(client_max_size=1_000_000)
        server.router.add_post(EVENTS, self._received)
        runner = web.AppRunner(server, access_log=None)
        await runner.setup()
        host, port = self._where
        try:
            try:
                await web.TCPSite(runner, host, port).start()
            except OSError as error:
                raise SettingsError(
                    f"Slack's events cannot be listened for on {host}:{port} ({error.strerror}): "
                    "choose another --port or --host."
                ) from None
            self.port = runner.addresses[0][1]
            await stop.wait()
        finally:
            await runner.cleanup()

    async def _received(self, request: web.Request) -> web.Response:
        """One event; bolt turns away what is not signed with the secret, or too long ago."""
        told = await self._app.async_dispatch(await to_bolt_request(request))
        return await to_aiohttp_response(told)

    async def _heard(self, body: dict[str, Any], event: dict[str, Any]) -> None:
        private = event.get("channel_type") == "im"
        if event.get("type") == "message" and not private:
            return  # a mention comes as an event of its own
        if event.get("subtype") is not None:  # edited, deleted, joined …
            return
        stamp = str(event.get("ts", ""))
        channel = str(event.get("channel", ""))
        thread = event.get("thread_ts")
        # In private what follows need not be said in a thread to be a follow-up.
        place = str(thread or ("" if private else stamp))
        message = Message(
            # A message may come as two events (mention, direct message) and again and again.
            event=f"{body.get('team_id', '')}/{channel}/{stamp}",
            room=channel,
            thread=place,
            text=plain(str(event.get("text", ""))),
            addressed=True,
            by_bot=bool(event.get("bot_id")) or event.get("user") in (None, self._me),
            sent=_seconds(stamp),
        )
        self._attendant.hear(message, SlackDoor(self._app.client, channel, place or None))


def plain(text: str) -> str:
    """What was typed: without mentions, addresses as they were shown, signs as they are."""
    told = _LINK.sub(lambda m: m[1] or m[2], _MENTION.sub(" ", text))
    for entity, sign in _ENTITIES:
        told = told.replace(entity, sign)
    return " ".join(told.split())


def escaped(text: str) -> str:
    """`text` so that Slack takes nothing in it for a mention, a link or a channel."""
    for entity, sign in reversed(_ENTITIES):
        text = text.replace(sign, entity)
    return text


def rich_text(message: Sequence[Piece]) -> dict[str, Any]:
    """The pieces as a block of rich text."""
    return {"type": "rich_text", "elements": [_element(piece) for piece in message]}


def _element(piece: Piece) -> dict[str, Any]:
    match piece.kind:
        case "quote":
            return _section("rich_text_quote", _text(f"[{piece.n}] {within_quotes(piece)}"))
        case "source" if piece.link:
            link = {"type": "link", "url": piece.link, "text": piece.text}
            return _section("rich_text_section", _text("— "), link, _text("\n"))
        case "source":
            return _section("rich_text_section", _text(f"— {piece.text}\n"))
        case "translation":
            label = _text(f"{translation_label(piece)}: ", italic=True)
            return _section("rich_text_section", label, _text(f"{piece.text}\n"))
        case "heading":
            return _section("rich_text_section", _text(f"{piece.text}\n", bold=True))
        case _:
            return _section("rich_text_section", _text(f"{piece.text}\n"))


def _section(kind: str, *elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "elements": list(elements)}


def _text(words: str, **style: bool) -> dict[str, Any]:
    return {"type": "text", "text": words} | ({"style": style} if style else {})


def _as_failure(error: SlackApiError) -> Exception:
    response = error.response
    status = getattr(response, "status_code", 0)
    headers = getattr(response, "headers", {}) or {}
    if status == 429:
        after = headers.get("Retry-After") or headers.get("retry-after")
        return Later(float(after) if after and str(after).isdigit() else None)
    code = str(response["error"]) if "error" in response.data else ""
    if status >= 500 or code in _NOT_NOW:
        return Later()
    return Refused(f"Slack: {code}")


def _seconds(stamp: str) -> float | None:
    try:
        return float(stamp)
    except ValueError:
        return None
