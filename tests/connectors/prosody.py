"""A real XMPP server on loopback, in a folder of its own, which can be ended and started again."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

HOST = "localhost"
ROOMS = "rooms.localhost"
_PROGRAM = shutil.which("prosody")
_MODULES = Path("/usr/lib/prosody/modules")  # on Debian

_CONFIG = """\
run_as_root = true
pidfile = "{folder}/prosody.pid"
data_path = "{folder}/data"
certificates = "{folder}"
log = {{ info = "{folder}/prosody.log" }}
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {port} }}
c2s_direct_tls_ports = {{ {direct} }}
modules_disabled = {{ "s2s" }}
modules_enabled = {{
    "roster", "saslauth", "disco", "ping", "blocklist", "carbons", "mam", "smacks"{tls}
}}
authentication = "internal_plain"
c2s_require_encryption = {encrypted}
allow_unencrypted_plain_auth = false
VirtualHost "localhost"
Component "rooms.localhost" "muc"
    modules_enabled = {{ "muc_mam" }}
    muc_room_locking = false
    muc_tombstones = false
"""


def missing() -> str | None:
    """Why there is no server to test with; None where there is."""
    if _PROGRAM is None:
        return "prosody is not installed: tools/install_servers.sh installs it"
    if _MODULES.exists() and not (_MODULES / "mod_smacks.lua").exists():
        return "prosody is older than 0.12: install a later one"
    return None


class Prosody:
    """One server for `localhost` with rooms at `rooms.localhost`; what it keeps is in `folder`."""

    def __init__(self, folder: Path, *, encrypted: bool = False) -> None:
        """`encrypted`: nobody is let in without TLS; the certificate is `localhost.crt`."""
        self.port = free_port()
        self.direct_port = free_port()  # for TLS from the first byte
        self.address = f"127.0.0.1:{self.port}"
        self.folder = folder
        self._accounts = folder / "data" / HOST / "accounts"
        self._accounts.mkdir(parents=True)
        self._config = folder / "prosody.cfg.lua"
        self._config.write_text(
            _CONFIG.format(
                folder=folder,
                port=self.port,
                direct=self.direct_port if encrypted else "",
                tls=', "tls"' if encrypted else "",
                encrypted=str(encrypted).lower(),
            )
        )
        self._process: subprocess.Popen[bytes] | None = None

    def add(self, name: str) -> None:
        """Makes an account with its name as the password."""
        (self._accounts / f"{name}.dat").write_text(f'return {{ ["password"] = "{name}" }};\n')

    def start(self) -> None:
        assert _PROGRAM is not None
        self._process = subprocess.Popen(
            [_PROGRAM, "-F", "--config", str(self._config)],
            cwd=self.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        end = time.monotonic() + 60
        while time.monotonic() < end and self._process.poll() is None:
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), 2).close()
                return
            time.sleep(0.05)
        log = self.folder / "prosody.log"
        raise AssertionError(f"prosody did not start: {log.read_text() if log.exists() else ''}")

    def stop(self) -> None:
        """Ends it as a service is ended: what it was still to deliver is kept."""
        self._end("terminate")

    def crash(self) -> None:
        """Ends it without a word to anybody."""
        self._end("kill")

    def _end(self, how: str) -> None:
        if self._process is not None:
            getattr(self._process, how)()
            self._process.wait(30)
            self._process = None


@contextmanager
def started(folder: Path, *, encrypted: bool = False) -> Iterator[Prosody]:
    """With the accounts of a bot and of two people."""
    server = Prosody(folder, encrypted=encrypted)
    for name in ("bot", "anna", "bo"):
        server.add(name)
    server.start()
    try:
        yield server
    finally:
        server.crash()  # what it keeps is not looked at again


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
