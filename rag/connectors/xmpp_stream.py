"""The connection to an XMPP server: let in safely, kept, made anew; and what the server has taken.

slixmpp speaks the protocol. Added here is when to try again, which errors no try mends, and that
stream management (0198) is used to its end:

    deliver(message)   returns when the server has taken the message, on this connection or a later
                       one; raises `Later` where it has not and the message must be sent anew
    settled()          until this says so, what arrived is not acknowledged: should the process end,
                       the server delivers it again, or keeps it for the next start
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import logging
import ssl
from asyncio import FIRST_COMPLETED
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from slixmpp import JID, ClientXMPP, InvalidJID
from slixmpp.exceptions import IqError, IqTimeout
from slixmpp.plugins.xep_0198 import XEP_0198
from slixmpp.stanza import Message

from rag.connectors.base import Later
from rag.errors import SettingsError

log = logging.getLogger(__name__)
# What slixmpp logs are tracebacks, and the words of messages; what matters is said here.
if logging.getLogger("slixmpp").level == logging.NOTSET:
    logging.getLogger("slixmpp").setLevel(logging.CRITICAL)

_RESOURCE = "Ordagrant"
_PORT = 5222
_PATIENCE = 60.0  # seconds that a server may take to let the bot in
_CHECK_EVERY = 60.0  # seconds between two checks that the server is still there
_ANSWER_WITHIN = 30.0
_LONGEST_WAIT = 60.0  # seconds between two tries to reach the server
_MOST_UNSETTLED = 100  # stanzas: a server keeps only so many (prosody 500)


class _Client(ClientXMPP):
    """Makes one attempt when it is told to; when to make another is decided here."""

    sending: asyncio.Task[None] | None = None

    def reschedule_connection_attempt(self) -> None:
        return None

    def reconnect(self, wait: float = 2.0, reason: str = "") -> None:
        self.abort()

    async def run_filters(self) -> None:
        self.sending = asyncio.current_task()
        await super().run_filters()


class _Management(XEP_0198):
    """Stream management that acknowledges what is settled, not what was merely read."""

    name = "ordagrant_0198"

    def plugin_init(self) -> None:
        base: Any = super()
        base.plugin_init()
        self.may_settle: Callable[[int], bool] = lambda _: True
        self.settled = 0

    def send_ack(self) -> None:
        if self.may_settle(self.handled - self.settled):
            self.settled = self.handled
        if self.xmpp.transport:
            ack = self.stanza.Ack(self.xmpp)
            ack["h"] = self.settled
            self.xmpp.send_raw(str(ack))

    def _handle_enabled(self, stanza: Any) -> None:
        self.settled = 0
        base: Any = super()
        base._handle_enabled(stanza)

    def _handle_resumed(self, stanza: Any) -> None:
        self.settled = self.handled  # which is what the server was told to resume from
        base: Any = super()
        base._handle_resumed(stanza)

    def _handle_failed(self, stanza: Any) -> None:
        """The server may still know how much it took before the session was lost."""
        base: Any = super()
        taken = stanza.xml.get("h", "")
        if taken.isdecimal():
            base._handle_ack({"h": int(taken)})
        base._handle_failed(stanza)


class XmppStream:
    """One session of one account. Set `on_session` to what is to be done when one is begun."""

    def __init__(self, jid: str, password: str, server: str | None = None) -> None:
        """`server` is `host:port` where DNS does not tell it from `jid`."""
        account = _account(jid)
        self._address = _host_and_port(server)
        self._local = is_this_computer(self._address[0] or account.domain)
        self.name = server or account.domain
        self.jid = account.bare
        self.settled: Callable[[], bool] = lambda: True
        self.on_session: Callable[[], Any] = lambda: None
        self._unacknowledged: dict[str, asyncio.Future[bool]] = {}
        # Of the connection that is made or kept: whether there is a session, why it is over.
        self._let_in: asyncio.Future[None]
        self._over: asyncio.Future[str]
        self._fatal: SettingsError | None = None
        self._untrusted: ssl.SSLCertVerificationError | None = None
        self._refusal = ""  # why the account was not accepted
        self._open = False
        self._leaving = False
        self._wait = 1.0
        self.client = self._made(account, password)

    @property
    def open(self) -> bool:
        """Whether there is a session to send in."""
        return self._open

    def plugin(self, name: str) -> Any:
        plugins: Any = self.client.plugin
        return plugins[name]

    async def run(self) -> None:
        """Keeps a session, whatever happens to connections.

        Raises `SettingsError` for what no further try would mend.
        """
        while True:
            self._forget_connection()
            why = await self._connection()
            if self._untrusted is not None and not self._let_in.done():
                self._not_trusted(self._untrusted)
            if self._fatal is not None:
                raise self._fatal
            log.warning("the XMPP server %s; trying again in %.0f s", why, self._wait)
            await asyncio.sleep(self._wait)
            self._wait = min(2 * self._wait, _LONGEST_WAIT)

    async def deliver(self, message: Message) -> None:
        """Sends a message that has an id and waits until the server has taken it.

        Raises `Later` where there is no session, or it ended before the message was taken.
        """
        if not self._open:
            raise Later
        management = self.plugin(_Management.name)
        if not management.enabled_out:  # the server does not tell
            self.client.send(message)
            return
        taken = self._unacknowledged[message["id"]] = asyncio.get_running_loop().create_future()
        try:
            self.client.send(message)
            # In the same queue, so that it is asked after the message was sent.
            self.client.send(str(management.stanza.RequestAck(self.client)))
            if not await taken:
                raise Later
        finally:
            del self._unacknowledged[message["id"]]

    def tell(self, stanza: Any) -> None:
        """Sends what need not arrive."""
        if self._open:
            stanza.send()

    def leave(self) -> None:
        """From now on nothing is settled: it is for the next start."""
        if self._open:
            self.plugin(_Management.name).send_ack()
        self._leaving = True

    async def close(self) -> None:
        client = self.client
        if self._open:
            client.send_presence(ptype="unavailable")
        self._open = False
        if client.transport is not None:
            await client.disconnect(wait=2.0)
        client.cancel_connection_attempt()
        if client.sending is not None:
            client.sending.cancel()
            await asyncio.gather(client.sending, return_exceptions=True)

    def _made(self, account: JID, password: str) -> _Client:
        """The client, with all that it is to know and nothing asked of the server yet."""
        account.resource = account.resource or _RESOURCE
        # On this computer nobody is in between. So a certificate, or even encryption, is not asked
        # for; but then nothing is sent from which the password could be read.
        sasl = {"unencrypted_scram": self._local, "encrypted_plain": not self._local}
        client = _Client(account, password, plugin_config={"feature_mechanisms": sasl})
        client.enable_plaintext = self._local
        if self._local:
            client.ssl_context.check_hostname = False
            client.ssl_context.verify_mode = ssl.CERT_NONE
        plugins: Any = client.plugin
        plugins.register(_Management)
        plugins[_Management.name].may_settle = self._may_settle
        client.register_plugin("xep_0199")
        for event, handler in {
            "connection_failed": self._not_connected,
            "ssl_invalid_chain": self._not_trusted,
            "failed_auth": self._refused_once,
            "failed_all_auth": self._not_accepted,
            "stream_error": self._ended_by_server,
            "disconnected": self._disconnected,
            "session_end": self._session_ended,
            "session_resumed": self._resumed,
            "stream_negotiated": self._negotiated,
            "stanza_acked": self._acknowledged,
        }.items():
            client.add_event_handler(event, handler)
        return client

    def _forget_connection(self) -> None:
        """What is known of the connection is for a new one to tell."""
        loop = asyncio.get_running_loop()
        self._let_in, self._over = loop.create_future(), loop.create_future()
        self._untrusted, self._refusal = None, ""

    async def _connection(self) -> str:
        """Makes a connection and keeps it as long as it can; tells why it ended."""
        over = self._over
        with contextlib.suppress(Exception):  # of DNS, in its many forms; seen by what follows
            async with asyncio.timeout(_PATIENCE):
                await self.client.connect(*self._address)
        if self.client.transport is None and not over.done():
            return "cannot be reached"
        either: set[asyncio.Future[Any]] = {over, self._let_in}
        await asyncio.wait(either, timeout=_PATIENCE, return_when=FIRST_COMPLETED)
        while not over.done():
            if not await self._is_there():
                self.client.abort()
                return "does not answer"
            await asyncio.wait({over}, timeout=_CHECK_EVERY)
            if not over.done():  # it lasts
                self._wait = 1.0
        return over.result()

    def _may_settle(self, unsettled: int) -> bool:
        """Whether the last stanzas that came, so many, may be acknowledged."""
        return not self._leaving and (self.settled() or unsettled > _MOST_UNSETTLED)

    async def _is_there(self) -> bool:
        if not self._open:
            return False
        self.plugin(_Management.name).send_ack()
        try:
            await self.plugin("xep_0199").ping(timeout=_ANSWER_WITHIN)
        except (IqTimeout, IqError):
            return False
        return True

    def _end(self, why: str, fatal: SettingsError | None = None) -> None:
        """Ends the connection; `fatal` says that another would end the same way."""
        self._fatal = self._fatal or fatal
        if not self._over.done():
            self._over.set_result(why)
        self.client.abort()

    def _negotiated(self, _: Any) -> None:
        """A new session, with stream management where the server has it."""
        if self.client.sessionstarted and self._session_opened():
            self.on_session()

    def _session_opened(self) -> bool:
        """There is a session to send in; not where somebody in between has left out encryption."""
        self._refusal = ""
        if not self._local and not isinstance(self.client.socket, ssl.SSLObject):
            self._not_accepted(None)
            return False
        self._open = True
        if not self._let_in.done():
            self._let_in.set_result(None)
        return True

    def _resumed(self, _: Any) -> None:
        """The same session on another connection; what was sent into the last may be lost."""
        if not self._session_opened():
            return
        sent_again = {one["id"] for _, one in self.plugin(_Management.name).unacked_queue}
        for name, taken in self._unacknowledged.items():
            if name not in sent_again and not taken.done():
                taken.set_result(False)

    def _acknowledged(self, stanza: Any) -> None:
        taken = self._unacknowledged.get(stanza["id"])
        if taken is not None and not taken.done():
            taken.set_result(True)

    def _session_ended(self, _: Any) -> None:
        for taken in self._unacknowledged.values():
            if not taken.done():
                taken.set_result(False)

    def _disconnected(self, reason: Any) -> None:
        self._open = False
        if self.plugin(_Management.name).sm_id is None:
            self.client.event("session_end")  # it cannot be resumed
        if self._refusal:  # and was not waited for to try the other ways to log in
            self._not_accepted(None)
        else:
            self._end("ended the connection")

    def _not_connected(self, error: Any) -> None:
        if isinstance(error, ssl.SSLCertVerificationError):
            self._untrusted = error

    def _not_trusted(self, error: Any) -> None:
        if not isinstance(error, ssl.SSLCertVerificationError):
            self._end("did not agree on encryption")
            return
        fatal = SettingsError(
            f"The certificate of the XMPP server {self.name} is not trusted "
            f"({error.verify_message}): correct XMPP_JID or XMPP_SERVER, or name the file of the "
            "authority that signed it in SSL_CERT_FILE."
        )
        self._end("is not trusted", fatal)

    def _refused_once(self, failure: Any) -> None:
        """In one of the ways to log in; slixmpp tries the others."""
        self._refusal = failure["condition"]

    def _not_accepted(self, _: Any) -> None:
        if self._refusal == "temporary-auth-failure":
            self._end("does not let the bot in yet")
            return
        if self._refusal:
            told = (
                f"does not accept the account ({self._refusal}): check XMPP_JID and XMPP_PASSWORD."
            )
        else:
            told = (
                "offers no safe way to log in: it must offer encryption (TLS) and take a password, "
                "or be on this computer and offer SCRAM."
            )
        self._end("not let in", SettingsError(f"The XMPP server {self.name} {told}"))

    def _ended_by_server(self, error: Any) -> None:
        condition = error["condition"]
        fatal = None
        if condition == "host-unknown":
            fatal = SettingsError(
                f"The XMPP server {self.name} does not serve {self.client.boundjid.domain}: check "
                "XMPP_JID and XMPP_SERVER."
            )
        elif condition == "conflict":
            fatal = SettingsError(
                f"Another process has taken over the session of {self.client.boundjid.full}: end "
                "one of them, or give each a resource of its own in XMPP_JID (bot@server/resource)."
            )
        self._end(f"ended the connection ({condition})", fatal)


def is_this_computer(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _account(jid: str) -> JID:
    try:
        account = JID(jid)
    except InvalidJID:
        account = JID("")
    if not account.user:
        raise SettingsError(
            f"XMPP_JID is not the address of an account: {jid}. It looks like bot@xmpp.example."
        )
    return account


def _host_and_port(server: str | None) -> tuple[str | None, int | None]:
    if server is None:
        return None, None
    with contextlib.suppress(ValueError):
        parts = urlsplit(f"//{server}")
        if parts.hostname and not parts.path and parts.username is None:
            return parts.hostname, parts.port or _PORT
    raise SettingsError(f"XMPP_SERVER is not host:port: {server}. Set it to xmpp.example:5222.")
