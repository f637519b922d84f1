"""What is counted of a connector: its answers, and what became of the messages."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter, start_http_server

from rag.counts import Metrics
from rag.errors import SettingsError


class RoomMetrics(Metrics):
    """The counts of one connector, in a registry of their own.

    What was heard and neither answered nor failed got one of our sentences: help, too often, busy.
    """

    def __init__(self) -> None:
        super().__init__()
        self.heard = self._counter("heard", "Messages that were meant for the bot.")
        self.answered = self._counter("answered", "Messages whose answer was said to its end.")
        self.failed = self._counter("failed", "Messages that got no answer, or not all of it.")
        self.retried = self._counter("retried", "Further tries to say what the app did not take.")
        self.refused = self._counter("refused", "Messages of the bot that the app will not take.")

    def _counter(self, name: str, about: str) -> Counter:
        return Counter(f"ordagrant_messages_{name}", about, registry=self.registry)


@contextmanager
def served(metrics: Metrics, host: str, port: int | None) -> Iterator[str | None]:
    """Serves the counts while it lasts and gives their address; port 0 takes a free one, and
    without a port there is none.

    Raises `SettingsError` where nothing can listen there.
    """
    if port is None:
        yield None
        return
    try:
        server, thread = start_http_server(port, host, metrics.registry)
    except OSError as error:
        raise SettingsError(
            f"The metrics cannot be served on {host}:{port} ({error.strerror}): choose another "
            "--metrics-port or --metrics-host, or end what listens there."
        ) from error
    try:
        name = f"[{host}]" if ":" in host else host
        yield f"http://{name}:{server.server_port}/metrics"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
