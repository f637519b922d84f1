"""The commands of the HTTP door: `ordagrant serve` and `ordagrant keys …`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rag.cli_io import complain, emit
from rag.settings import load_settings

if TYPE_CHECKING:
    from rag.store.keys import Key, Keys, Scope

Data = Annotated[
    Path | None,
    typer.Option("--data", help="Data folder [default: $ORDAGRANT_DATA, else .ordagrant]."),
]
Json = Annotated[bool, typer.Option("--json", help="Print nothing but JSON on stdout.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="What the key is called.")]

keys = typer.Typer(help="API keys: made, listed, given a new secret, ended.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Adds the commands to `app`."""
    app.command()(serve)
    app.add_typer(keys, name="keys")


def serve(
    port: Annotated[int, typer.Option("--port", min=0, max=65535)] = 8000,
    host: Annotated[str, typer.Option("--host", help="Address to listen on.")] = "127.0.0.1",
    chat: Annotated[bool, typer.Option("--chat/--no-chat", help="The chat beside it.")] = True,
    data: Data = None,
    llm: Annotated[
        str | None,
        typer.Option(
            "--llm",
            help="auto | none | local | PATH.gguf | ollama:NAME | openai:NAME[@URL] | "
            "anthropic:NAME",
        ),
    ] = None,
) -> None:
    """Serve the HTTP API, and the chat beside it."""
    from rag.serving import serve as run

    run(load_settings(data=data, llm=llm), host, port, chat=chat)


@keys.command()
def create(
    name: Name,
    scope: Annotated[
        list[str] | None,
        typer.Option("--scope", help="read | ask | manage, once for each [default: read, ask]."),
    ] = None,
    data: Data = None,
    json: Json = False,
) -> None:
    """Make a key. It is shown this once: only its digest is kept."""
    scopes = _scopes(scope or ["read", "ask"])
    with _opened(data) as store:
        _show(name, store.create(name, scopes), json)


@keys.command(name="list")
def listed(data: Data = None, json: Json = False) -> None:
    """List the keys; the secrets themselves are not known."""
    with _opened(data) as store:
        found = store.list()
    if json:
        emit([_value(key) for key in found], indent=2)
        return
    for key in found:
        state = f"revoked {key.revoked[:10]}" if key.revoked else "in use"
        rotated = f", new secret {key.rotated[:10]}" if key.rotated else ""
        print(f"{key.name}  {' '.join(_in_order(key))}  made {key.created[:10]}{rotated}  {state}")


@keys.command()
def rotate(name: Name, data: Data = None, json: Json = False) -> None:
    """Give a key a new secret; the old one ends at once."""
    with _opened(data) as store:
        _show(name, store.rotate(name), json)


@keys.command()
def revoke(name: Name, data: Data = None) -> None:
    """End a key for good."""
    with _opened(data) as store:
        store.revoke(name)
    complain(f"the key {name} is revoked.")


@contextmanager
def _opened(data: Path | None) -> Iterator[Keys]:
    from rag.store.database import Database
    from rag.store.keys import Keys

    database = Database.open(load_settings(data=data))
    try:
        yield Keys(database)
    finally:
        database.close()


def _scopes(given: list[str]) -> frozenset[Scope]:
    from rag.errors import SettingsError
    from rag.store.keys import SCOPES

    for word in given:
        if word not in SCOPES:
            raise SettingsError(f"--scope cannot be {word!r}: give {', '.join(SCOPES)}.")
    return frozenset(scope for scope in SCOPES if scope in given)


def _show(name: str, key: str, json: bool) -> None:
    if json:
        emit({"name": name, "key": key})
    else:
        complain(f"this is the key {name}, shown this once:")
        print(key)


def _value(key: Key) -> dict[str, Any]:
    return {**asdict(key), "scopes": _in_order(key)}


def _in_order(key: Key) -> list[str]:
    from rag.store.keys import SCOPES

    return [scope for scope in SCOPES if scope in key.scopes]
