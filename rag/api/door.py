"""What every route needs: the bot, the settings, and who may do what.

def router(door: Door) -> APIRouter:
    routes = APIRouter()

    @routes.post("/api/ask")
    async def ask(
        body: AskIn, request: Request, caller: Annotated[Caller, Depends(door.allow("ask"))]
    ) -> Answer:
        return await door.ask(request, caller, body.question).answer()

    return routes
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

from fastapi import Request

from rag.api.asking import Asking, Desk
from rag.types import Answer, Filters, Turn

if TYPE_CHECKING:
    from rag.bot import Bot
    from rag.settings import Settings

Scope = Literal["read", "ask", "manage"]
SCOPES: frozenset[Scope] = frozenset(get_args(Scope))


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking: a key by its name, or nobody known; `address` is an IP address."""

    name: str
    scopes: frozenset[Scope]
    address: str
    key_id: str | None = None


@dataclass(frozen=True, slots=True)
class Door:
    """What the routers share. `base_url` is the public address, without a slash at its end."""

    bot: Bot
    settings: Settings
    base_url: str | None = None
    desk: Desk = field(default_factory=Desk)

    def allow(self, scope: Scope) -> Callable[[Request], Caller]:
        """A dependency: the caller if it may do what `scope` names, else 401, 403 or 429."""

        def caller(request: Request) -> Caller:
            return Caller("anonymous", SCOPES, request.client.host if request.client else "")

        return caller

    def ask(
        self,
        request: Request,
        caller: Caller,
        question: str,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
    ) -> Asking:
        """Puts a question to the bot; raises `ApiError` 429 where the line is full.

        Call it before the response begins, within the event loop.
        """
        return Asking(self.desk, request, self.bot, question, history, filters, self._heard(caller))

    def base(self, request: Request) -> str:
        """The public address for links: as set, else as this request was addressed."""
        return self.base_url or str(request.base_url).rstrip("/")

    def _heard(self, caller: Caller) -> Callable[[Answer], None]:
        return lambda answer: None
