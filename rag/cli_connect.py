"""`ordagrant connect …`: the bot in a chat app. Secrets come from the environment alone."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol

import typer

from rag.errors import MissingExtra, SettingsError
from rag.settings import load_settings

if TYPE_CHECKING:
    from rag.connectors.base import Attendant
    from rag.settings import Settings

_LOOPBACK = "127.0.0.1"

Data = Annotated[
    Path | None,
    typer.Option("--data", help="Data folder [default: $ORDAGRANT_DATA, else .ordagrant]."),
]
Llm = Annotated[
    str | None,
    typer.Option(
        "--llm",
        help="auto | none | local | PATH.gguf | ollama:NAME | openai:NAME[@URL] | anthropic:NAME",
    ),
]

MetricsPort = Annotated[
    int | None,
    typer.Option("--metrics-port", min=0, max=65535, help="Serve metrics for Prometheus there."),
]
MetricsHost = Annotated[str, typer.Option("--metrics-host", help="Address to serve them on.")]

connect = typer.Typer(
    help="Answer in a chat app. Secrets are read from the environment.", no_args_is_help=True
)


class Connector(Protocol):
    """An app at work."""

    async def run(self, stop: asyncio.Event) -> None: ...


def register(app: typer.Typer) -> None:
    """Adds the commands to `app`."""
    app.add_typer(connect, name="connect")


@connect.command()
def matrix(
    data: Data = None,
    llm: Llm = None,
    metrics_port: MetricsPort = None,
    metrics_host: MetricsHost = _LOOPBACK,
) -> None:
    """Matrix. MATRIX_HOMESERVER, MATRIX_USER, and MATRIX_PASSWORD or MATRIX_TOKEN."""
    secrets = Secrets(os.environ)
    server = secrets.need("MATRIX_HOMESERVER", "the address of the server: https://matrix.example")
    user = secrets.need("MATRIX_USER", "the account of the bot: @bot:matrix.example", hide=False)
    token = secrets.get("MATRIX_TOKEN")
    password = None if token else secrets.need("MATRIX_PASSWORD", "the password of that account")

    def made(attendant: Attendant) -> Connector:
        from rag.connectors.matrix import MatrixConnector

        return MatrixConnector(attendant, server, user, password=password, token=token)

    _check("matrix", "nio")
    _run("matrix", load_settings(data=data, llm=llm), secrets, made, (metrics_host, metrics_port))


@connect.command()
def telegram(
    data: Data = None,
    llm: Llm = None,
    metrics_port: MetricsPort = None,
    metrics_host: MetricsHost = _LOOPBACK,
) -> None:
    """Telegram. TELEGRAM_TOKEN, as @BotFather gave it."""
    secrets = Secrets(os.environ)
    token = secrets.need("TELEGRAM_TOKEN", "the token that @BotFather gave for the bot")
    base_url = secrets.get("TELEGRAM_BASE_URL", hide=False)

    def made(attendant: Attendant) -> Connector:
        from rag.connectors.telegram import TelegramConnector

        return TelegramConnector(attendant, token, base_url=base_url)

    _check("telegram", "telegram")
    _run("telegram", load_settings(data=data, llm=llm), secrets, made, (metrics_host, metrics_port))


@connect.command()
def slack(
    http: Annotated[
        bool, typer.Option("--http", help="Listen for events over HTTP, not over a socket.")
    ] = False,
    port: Annotated[int, typer.Option("--port", min=0, max=65535)] = 3000,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = _LOOPBACK,
    data: Data = None,
    llm: Llm = None,
    metrics_port: MetricsPort = None,
    metrics_host: MetricsHost = _LOOPBACK,
) -> None:
    """Slack. SLACK_BOT_TOKEN, and SLACK_APP_TOKEN or (--http) SLACK_SIGNING_SECRET."""
    secrets = Secrets(os.environ)
    bot_token = secrets.need("SLACK_BOT_TOKEN", "the bot token of the Slack app (xoxb-…)")
    app_token = signing_secret = None
    if http:
        signing_secret = secrets.need("SLACK_SIGNING_SECRET", "the signing secret of the Slack app")
    else:
        app_token = secrets.need("SLACK_APP_TOKEN", "the app-level token (xapp-…), or say --http")

    def made(attendant: Attendant) -> Connector:
        from rag.connectors.slack import SlackConnector

        return SlackConnector(
            attendant,
            bot_token,
            app_token=app_token,
            signing_secret=signing_secret,
            host=host,
            port=port,
        )

    _check("slack", "slack_bolt")
    _run("slack", load_settings(data=data, llm=llm), secrets, made, (metrics_host, metrics_port))


@connect.command()
def discord(
    data: Data = None,
    llm: Llm = None,
    metrics_port: MetricsPort = None,
    metrics_host: MetricsHost = _LOOPBACK,
) -> None:
    """Discord. DISCORD_TOKEN, as the developer portal gave it for the bot."""
    secrets = Secrets(os.environ)
    token = secrets.need("DISCORD_TOKEN", "the token of the bot, from Discord's developer portal")

    def made(attendant: Attendant) -> Connector:
        from rag.connectors.discord import DiscordConnector

        return DiscordConnector(attendant, token)

    _check("discord", "discord")
    _run("discord", load_settings(data=data, llm=llm), secrets, made, (metrics_host, metrics_port))


@connect.command()
def xmpp(
    data: Data = None,
    llm: Llm = None,
    metrics_port: MetricsPort = None,
    metrics_host: MetricsHost = _LOOPBACK,
) -> None:
    """XMPP. XMPP_JID and XMPP_PASSWORD; XMPP_SERVER as host:port where DNS does not tell;
    XMPP_ROOMS, with commas, to enter rooms unasked."""
    secrets = Secrets(os.environ)
    jid = secrets.need("XMPP_JID", "the account of the bot: bot@xmpp.example", hide=False)
    password = secrets.need("XMPP_PASSWORD", "the password of that account")
    server = secrets.get("XMPP_SERVER", hide=False)
    rooms = secrets.get("XMPP_ROOMS", hide=False) or ""

    def made(attendant: Attendant) -> Connector:
        from rag.connectors.xmpp import XmppConnector

        return XmppConnector(attendant, jid, password, server=server, rooms=_listed(rooms))

    _check("xmpp", "slixmpp")
    _run("xmpp", load_settings(data=data, llm=llm), secrets, made, (metrics_host, metrics_port))


def _listed(names: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in names.split(",") if name.strip())


class Secrets(logging.Filter):
    """What the environment tells; as a filter of logs it blots out what must not be seen."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        super().__init__()
        self._environ = environ
        self._hidden: list[str] = []

    def need(self, name: str, what: str, *, hide: bool = True) -> str:
        """The variable `name`; raises `SettingsError` saying `what` it should hold."""
        value = self.get(name, hide=hide)
        if value is None:
            raise SettingsError(f"{name} is not set in the environment: set it to {what}.")
        return value

    def get(self, name: str, *, hide: bool = True) -> str | None:
        value = self._environ.get(name, "").strip() or None
        if value is not None and hide:
            self._hidden.append(value)
        return value

    def filter(self, record: logging.LogRecord) -> bool:
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = self._blotted(record.exc_text)
        record.exc_info = None  # nothing but the text of it is written
        record.msg, record.args = self._blotted(record.getMessage()), ()
        return True

    def _blotted(self, told: str) -> str:
        for hidden in self._hidden:
            told = told.replace(hidden, "…")
        return told


def _check(extra: str, package: str) -> None:
    """Raises `MissingExtra` before any model is loaded."""
    from importlib.util import find_spec

    if find_spec(package) is None:
        raise MissingExtra(f"`ordagrant connect {extra}`", extra)


def _run(
    app: str,
    settings: Settings,
    secrets: Secrets,
    made: Callable[[Attendant], Connector],
    metrics_at: tuple[str, int | None],
) -> None:
    """Answers in `app` until interrupted, and serves its metrics at a host and port, if any."""
    from rag.audit import Heard
    from rag.bot import Bot
    from rag.cli_io import progress_on_stderr
    from rag.connectors.base import Attendant
    from rag.connectors.counts import RoomMetrics, served
    from rag.connectors.seen import Seen
    from rag.logs import set_up_logs

    set_up_logs(settings, hide=secrets)
    metrics = RoomMetrics()
    with (
        served(metrics, *metrics_at) as address,
        closing(Seen(settings.data / "connectors.db")) as seen,
    ):
        with progress_on_stderr() as progress:
            bot = Bot.open(settings, progress)
        with bot:
            heard = Heard.of(bot, metrics)

            async def serve() -> None:
                link = _links(settings)
                attendant = Attendant(bot, app, seen, link, heard=heard, metrics=metrics)
                await _until_interrupted(made(attendant))

            beside = f", its metrics are at {address}" if address else ""
            print(f"Ordagrant answers in {app}{beside} (Ctrl+C ends it)", file=sys.stderr)
            asyncio.run(serve())


async def _until_interrupted(connector: Connector) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(number, stop.set)
        except NotImplementedError:  # Windows: Ctrl+C ends it less gently
            break
    await connector.run(stop)


def _links(settings: Settings) -> Callable[[Any], str | None]:
    """Where a quote can be seen: on our own page if there is one, else where it was published."""
    from rag import links

    base = settings.base_url
    if base is not None:
        return lambda quote: links.article_link(base, quote)
    return lambda quote: links.web_address(quote.source)
