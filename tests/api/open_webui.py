"""A real Open WebUI in a folder of its own, pointed at a server of ours.

It is some 3 GB with what it needs, so `make test` does without; `make open-webui` installs it
beside this environment and runs what needs it.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

PROGRAM = Path(sys.prefix) / "open-webui" / "bin" / "open-webui"
_START = 180  # seconds; the first start makes its database
# No account, no model hub, nothing but what it is pointed at; and no words of an LLM of its own.
_SETTINGS = {
    "WEBUI_AUTH": "False",
    "WEBUI_SECRET_KEY": "made-up",
    "OFFLINE_MODE": "true",
    "HF_HUB_OFFLINE": "1",
    "ENABLE_OLLAMA_API": "false",
    "OPENAI_API_KEY": "none-needed-here",
    "RAG_EMBEDDING_ENGINE": "openai",
    "ENABLE_VERSION_UPDATE_CHECK": "false",
    "ANONYMIZED_TELEMETRY": "false",
    "DO_NOT_TRACK": "true",
    "SCARF_NO_ANALYTICS": "true",
    "ENABLE_TITLE_GENERATION": "false",
    "ENABLE_TAGS_GENERATION": "false",
    "ENABLE_FOLLOW_UP_GENERATION": "false",
    "ENABLE_AUTOCOMPLETE_GENERATION": "false",
}


@contextmanager
def open_webui(ours: str, folder: Path) -> Iterator[str]:
    """Its address; `ours` is where our API is. It keeps its files in `folder`."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    folder.mkdir(parents=True, exist_ok=True)
    settings = {**_SETTINGS, "DATA_DIR": str(folder), "OPENAI_API_BASE_URL": f"{ours}/v1"}
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(PROGRAM), "serve", "--host", "127.0.0.1", "--port", str(port)],
            cwd=folder, env={**os.environ, **settings}, stdout=log, stderr=log,
        )  # fmt: skip
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(url, process, folder / "log")
            yield url
        finally:
            process.terminate()
            process.wait(30)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _START
    while time.monotonic() < end and process.poll() is None:
        with suppress(httpx.TransportError):
            if httpx.get(f"{url}/health").is_success:
                return
        time.sleep(0.5)
    raise AssertionError(f"Open WebUI did not start: {log.read_text('utf-8')[-2_000:]}")


def ask(page: Any, url: str, question: str) -> Any:
    """Begins a conversation, and waits until the answer's sources are told."""
    page.goto(url)
    news = page.get_by_role("button", name="Okay, Let's Go!")
    field = page.locator("#chat-input")
    news.or_(field).first.wait_for(timeout=60_000)
    page.wait_for_timeout(1_000)  # its news come over the page once that is there
    if news.is_visible():
        news.click()
    field.click()
    page.keyboard.type(question)
    page.keyboard.press("Enter")
    answer = page.locator(".chat-assistant").last
    page.get_by_role("button", name="Source").last.wait_for(timeout=60_000)
    return answer
