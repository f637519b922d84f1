"""Where the XMPP connector is not let in, or does not go in, against a real prosody."""

from __future__ import annotations

import asyncio
import logging
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.connectors.xmpp import XmppConnector
from rag.connectors.xmpp_stream import is_this_computer
from rag.errors import SettingsError
from tests.connectors import prosody
from tests.connectors.prosody import Prosody
from tests.connectors.rooms import Scene
from tests.connectors.xmpp_people import BOT

needs_server = pytest.mark.skipif(prosody.missing() is not None, reason=str(prosody.missing()))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Prosody]:
    with prosody.started(tmp_path / "server") as server:
        yield server


def refused(folder: Path, server: str, password: str = "bot", jid: str = BOT) -> str:  # noqa: S107
    """What is said where nobody is let in."""

    async def whole() -> str:
        scene = Scene(folder, app="xmpp")
        connector = XmppConnector(scene.attendant, jid, password, server=server)
        with pytest.raises(SettingsError) as caught:
            async with asyncio.timeout(60):
                await connector.run(asyncio.Event())
        scene.seen.close()
        return str(caught.value)

    return asyncio.run(whole())


@needs_server
def test_an_account_that_is_not_accepted_is_one_sentence_without_its_password(
    tmp_path: Path, server: Prosody, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        told = refused(tmp_path, server.address, "s3cret")
    assert "not-authorized" in told and "XMPP_JID" in told and "XMPP_PASSWORD" in told
    assert "s3cret" not in told + caplog.text


@needs_server
def test_a_server_that_does_not_serve_the_account_is_one_sentence(
    tmp_path: Path, server: Prosody
) -> None:
    told = refused(tmp_path, server.address, jid="bot@elsewhere.example")
    assert "does not serve elsewhere.example" in told and "XMPP_SERVER" in told


@needs_server
def test_a_password_is_not_sent_without_encryption_to_another_computer(
    tmp_path: Path, server: Prosody
) -> None:
    # It is this computer, but under an address that does not say so.
    told = refused(tmp_path, f"0.0.0.0:{server.port}")
    assert "offers no safe way to log in" in told


@needs_server
def test_only_a_trusted_certificate_is_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "server"
    certificate = made_certificate(folder)
    with prosody.started(folder, encrypted=True) as server:
        # They are on this computer, but the addresses do not say so.
        addresses = [f"0.0.0.0:{port}" for port in (server.port, server.direct_port)]
        for address in addresses:
            told = refused(tmp_path, address)
            assert "is not trusted (self-signed certificate)" in told and "XMPP_SERVER" in told
        # On this computer nobody is in between; and whom its user trusts is trusted.
        assert "does not accept the account" in refused(tmp_path, server.address, "wrong")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        for address in addresses:
            assert "does not accept the account" in refused(tmp_path, address, "wrong")


def made_certificate(folder: Path) -> Path:
    """For localhost, signed by itself."""
    folder.mkdir()
    key, certificate = folder / "localhost.key", folder / "localhost.crt"
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    named = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run(
        [*make, *named, "-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
    )
    return certificate


@pytest.mark.parametrize(
    ("jid", "server", "rooms", "name"),
    [
        ("xmpp.example", None, (), "XMPP_JID"),
        ("bot@@xmpp", None, (), "XMPP_JID"),
        (BOT, "xmpp.example:many", (), "XMPP_SERVER"),
        (BOT, "https://xmpp.example", (), "XMPP_SERVER"),
        (BOT, None, ("newsroom",), "XMPP_ROOMS"),
    ],
)
def test_an_address_that_is_none_is_one_sentence(
    tmp_path: Path, jid: str, server: str | None, rooms: tuple[str, ...], name: str
) -> None:
    async def whole() -> None:
        scene = Scene(tmp_path, app="xmpp")
        with pytest.raises(SettingsError, match=name):
            XmppConnector(scene.attendant, jid, "s3cret", server=server, rooms=rooms)

    asyncio.run(whole())


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost", True),
        ("127.0.0.1", True),
        ("::1", True),
        ("xmpp.localhost", True),
        ("localhost.example", False),
        ("192.168.1.5", False),
    ],
)
def test_only_this_computer_is_this_computer(host: str, local: bool) -> None:
    assert is_this_computer(host) is local
