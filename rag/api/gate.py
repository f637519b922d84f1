"""A key for an application that is mounted beside the API and knows nothing of keys."""

from __future__ import annotations

from contextvars import ContextVar

from fastapi.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as Connection

from rag.api.door import Door
from rag.api.errors import ApiError, error_response
from rag.store.keys import Scope

# Who makes the request in hand, for an application that cannot say.
caller_name: ContextVar[str] = ContextVar("caller_name", default="anonymous")


class Gate:
    """Lets through to `app` only who may do what `scope` names."""

    def __init__(self, app: ASGIApp, door: Door, scope: Scope) -> None:
        self._app = app
        self._door = door
        self._scope = scope

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            request = Request(scope)
            try:
                caller = await run_in_threadpool(self._door.caller, request, self._scope)
            except ApiError as error:
                await error_response(request, error)(scope, receive, send)
                return
            caller_name.set(caller.name)
        await self._app(scope, receive, send)


class Slash:
    """The root of an application mounted at `path`, where the address lacks the slash at its end.

    A redirect would do too, but not every client sends its request again.
    """

    def __init__(self, app: ASGIApp, path: str) -> None:
        self._app = app
        self._path = path

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        root = scope.get("root_path", "") + self._path
        await self._app({**scope, "root_path": root, "path": f"{root}/"}, receive, send)
