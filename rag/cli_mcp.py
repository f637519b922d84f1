"""The command of the MCP server: `ordagrant mcp`, for one client on stdin and stdout."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from rag.cli_io import progress_on_stderr
from rag.settings import load_settings


def register(app: typer.Typer) -> None:
    """Adds the command to `app`."""
    app.command(name="mcp")(mcp)


def mcp(
    data: Annotated[
        Path | None,
        typer.Option("--data", help="Data folder [default: $ORDAGRANT_DATA, else .ordagrant]."),
    ] = None,
    llm: Annotated[
        str | None,
        typer.Option(
            "--llm",
            help="auto | none | local | PATH.gguf | ollama:NAME | openai:NAME[@URL] | "
            "anthropic:NAME",
        ),
    ] = None,
) -> None:
    """Serve one MCP client on stdin and stdout: tools to ask, search and read articles."""
    from rag.audit import Heard
    from rag.bot import Bot
    from rag.logs import set_up_logs
    from rag.mcp_server import run_stdio

    settings = load_settings(data=data, llm=llm)
    set_up_logs(settings)
    with progress_on_stderr() as progress:
        bot = Bot.open(settings, progress)
    with bot:
        run_stdio(bot, partial(Heard.local(bot), "mcp"))
