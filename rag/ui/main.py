"""Arguments and environment -> settings -> bot -> page."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rag.cli_io import progress_on_stderr
from rag.errors import OrdagrantError, SettingsError
from rag.logs import set_up_logs
from rag.settings import load_settings

if TYPE_CHECKING:
    from rag.bot import Bot

_log = logging.getLogger(__name__)

_HOST, _PORT = "127.0.0.1", 7860


def main(argv: Sequence[str] | None = None) -> int:
    """Open the chat and serve it until interrupted; returns the exit status."""
    try:
        arguments = _arguments(argv)
        settings = load_settings(data=arguments.data, llm=arguments.llm)
        set_up_logs(settings)
        port = _port(arguments.port)
        with progress_on_stderr() as progress:
            from rag.bot import Bot

            bot = Bot.open(settings, progress)
        serve(bot, arguments.host, port, arguments.open)
        return 0
    except OrdagrantError as error:
        print(f"ordagrant: {error}", file=sys.stderr)
        return error.exit_status
    except KeyboardInterrupt:
        return 0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="app.py", description="The Ordagrant chat.")
    parser.add_argument("--data", type=Path, help="data folder (default: $ORDAGRANT_DATA)")
    parser.add_argument("--llm", help="auto, none, local, PATH.gguf, ollama:NAME, openai:NAME, …")
    parser.add_argument("--host", default=os.environ.get("GRADIO_SERVER_NAME") or _HOST)
    parser.add_argument("--port", help=f"default: $GRADIO_SERVER_PORT, else {_PORT}")
    parser.add_argument("--open", action="store_true", help="open a browser window")
    return parser.parse_args(argv)


def _port(given: str | None) -> int:
    said = given or os.environ.get("GRADIO_SERVER_PORT") or str(_PORT)
    if not (said.isascii() and said.isdigit() and 0 < int(said) < 65_536):
        raise SettingsError(f"The port cannot be {said!r}: give a number from 1 to 65535.")
    return int(said)


def serve(bot: Bot, host: str, port: int, browser: bool) -> None:
    """The chat over an open bot, until interrupted.

    Raises `SettingsError` when nothing can listen at that address, or the audit file cannot be
    written.
    """
    from rag.audit import Heard
    from rag.ui.app import build_app, launch_options
    from rag.ui.examples import examples_for
    from rag.ui.library import Library
    from rag.ui.library_page import LibraryPage

    set_up_logs(bot.settings)
    library, examples = LibraryPage(Library.of(bot, host)), examples_for(bot.store)
    heard = Heard.local(bot)
    app = build_app(bot, bot.settings, examples=examples, library=library, heard=heard)
    try:
        options = launch_options(host, port, bot.settings.max_file_mb)
        app.launch(**options, inbrowser=browser, prevent_thread_lock=True)
    except OSError as error:
        raise SettingsError(
            f"The chat cannot listen on {host}:{port}: choose another --port or --host, or end "
            f"what listens there."
        ) from error
    threading.Thread(target=_warm, args=(bot,), name="ordagrant-warm", daemon=True).start()
    print(f"Ordagrant is at http://{host}:{port} (Ctrl+C ends it)", file=sys.stderr)
    app.block_thread()


def _warm(bot: Bot) -> None:
    """Load what loads late (10 s on a busy machine) before the first question needs it."""
    try:
        bot.warm()
    except OrdagrantError as error:
        _log.warning("%s", error)
