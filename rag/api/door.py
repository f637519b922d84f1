"""What every route needs: the bot, the settings, and who may do what.

def router(door: Door) -> APIRouter:
    routes = APIRouter()
    may_ask = Depends(door.allow("ask"))  # here, as annotations cannot see `door`

    @routes.post("/api/ask")
    async def ask(body: AskIn, request: Request, caller: Caller = may_ask) -> Answer:
        return await door.ask(request, caller, body.question).answer()

    return routes
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol

from fastapi import Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from rag.api.access import is_loopback, known_hosts, needs_keys
from rag.api.asking import Asking, Desk
from rag.api.counts import HttpMetrics
from rag.api.errors import ApiError
from rag.api.limits import Rates
from rag.audit import Heard
from rag.store.keys import SCOPES, Keys, Scope
from rag.types import Filters, Turn

if TYPE_CHECKING:
    from pathlib import Path

    from rag.bot import Bot
    from rag.settings import Settings

_ADDRESS_RATE = "120/minute"
_SHORTEST_OWNER, _LONGEST_OWNER = 16, 200
_BEARER = HTTPBearer(
    auto_error=False,
    scheme_name="key",
    description="An API key, made with `ordagrant keys create NAME`. Not asked for on loopback.",
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking: a key by its name, or nobody known; `address` is an IP address."""

    name: str
    scopes: frozenset[Scope]
    address: str
    key_id: str | None = None


class Readiness:
    """Whether the bot can answer yet. Safe between threads."""

    def __init__(self, problem: str | None = None) -> None:
        self._problem = problem

    def problem(self) -> str | None:
        """What is missing, as a sentence; None when ready."""
        return self._problem

    def say(self, problem: str | None) -> None:
        self._problem = problem


@dataclass(frozen=True, slots=True)
class Added:
    """What became of uploaded files; `failed`: a sentence for each that could not be used."""

    added: int
    changed: int
    unchanged: int
    failed: tuple[str, ...]


class AddArticles(Protocol):
    """Reads uploaded files, each with its name, into the store; raises `OrdagrantError`."""

    def __call__(self, files: Sequence[tuple[str, Path]], /) -> Added: ...


@dataclass(frozen=True, slots=True)
class Door:
    """What the routers share. `base_url` is the public address, without a slash at its end.

    Made as `Door(bot, settings)` it asks for no key and counts nothing: for tests. `Door.of` is
    the one to serve with.
    """

    bot: Bot
    settings: Settings
    base_url: str | None = None
    desk: Desk = field(default_factory=Desk)
    keys: Keys | None = None
    keys_needed: bool = False
    # What may be done without a key, where none is needed.
    open_scopes: frozenset[Scope] = frozenset(SCOPES)
    hosts: frozenset[str] | None = None  # answered to besides loopback; None: to any
    rates: Rates = field(default_factory=lambda: Rates(None, None))
    heard: Heard = field(default_factory=Heard)  # told each answer, with the name of who asked
    metrics: HttpMetrics | None = None
    add_articles: AddArticles | None = None
    readiness: Readiness = field(default_factory=Readiness)

    @classmethod
    def of(cls, bot: Bot, host: str, add_articles: AddArticles | None = None) -> Door:
        """The door of a bot that is served at `host`, as its settings say."""
        settings = bot.settings
        needed = needs_keys(settings, host)
        editable = settings.articles_editable
        if editable is None:
            editable = is_loopback(host) and not needed
        per_address = settings.api_rate_address or (_ADDRESS_RATE if needed else None)
        metrics = HttpMetrics()
        return cls(
            bot,
            settings,
            base_url=settings.base_url,
            desk=Desk(settings.api_at_once, settings.api_in_line, settings.api_seconds),
            keys=Keys(bot.store.database),
            keys_needed=needed,
            open_scopes=frozenset(SCOPES) if editable else frozenset(SCOPES) - {"manage"},
            hosts=None if needed else known_hosts(settings, host),
            rates=Rates(settings.api_rate_key, per_address),
            heard=Heard.of(bot, metrics),
            metrics=metrics,
            add_articles=add_articles,
        )

    def allow(self, scope: Scope) -> Callable[..., Caller]:
        """A dependency: the caller if it may do what `scope` names, else 401, 403 or 429."""

        def caller(
            request: Request,
            _key: HTTPAuthorizationCredentials | None = Security(_BEARER),  # noqa: B008 - documents it
        ) -> Caller:
            return self.caller(request, scope)

        return caller

    def caller(self, request: Request, scope: Scope) -> Caller:
        """Who makes this request; raises `ApiError` 401, 403 or 429."""
        address = request.client.host if request.client else ""
        given = key_of(request)
        key = self.keys.find(given) if self.keys is not None and given else None
        if key is not None:
            self.rates.take_key(key.id)
            found = Caller(key.name, key.scopes, address, key.id)
        else:
            self.rates.take_address(address)
            open_to_all = scope == "read" and self.settings.open_reading
            if self.keys_needed and not open_to_all:
                raise ApiError(
                    401,
                    "This key is not known or was revoked: ask whoever runs this for another."
                    if given
                    else "A key is needed here: send it as `Authorization: Bearer KEY`.",
                    {"WWW-Authenticate": "Bearer"},
                )
            # What expects a key in every request, like OpenAI's own client, sends some word.
            scopes = frozenset({scope}) if self.keys_needed else self.open_scopes
            found = Caller("anonymous", scopes, address)
        if scope not in found.scopes:
            raise ApiError(
                403,
                f"The key {found.name} does not have the scope {scope!r}, which this needs."
                if found.key_id
                else f"This needs a key with the scope {scope!r}.",
            )
        return found

    def owner(self, request: Request, caller: Caller) -> str:
        """Whose conversations and feedback: the key's, or those of `X-Ordagrant-Owner`.

        With both, that owner's among the key's: so one key can serve many people. Raises
        `ApiError` 400 with neither.
        """
        token = request.headers.get("x-ordagrant-owner", "")
        if token and not _SHORTEST_OWNER <= len(token) <= _LONGEST_OWNER:
            raise ApiError(
                400,
                f"X-Ordagrant-Owner must have {_SHORTEST_OWNER} to {_LONGEST_OWNER} characters: "
                "use a long random word.",
            )
        if caller.key_id is not None:
            return f"key:{caller.key_id}:{token}"
        if not token or token.startswith("key:"):
            raise ApiError(
                400,
                "Say whose conversations these are: send a long random word of your own as "
                "X-Ordagrant-Owner, or a key.",
            )
        return token

    def ask(
        self,
        request: Request,
        caller: Caller,
        question: str,
        history: Sequence[Turn] = (),
        filters: Filters | None = None,
    ) -> Asking:
        """Puts a question to the bot; raises `ApiError` 422 for too long a history, `LineFull`
        where too much waits. Call it before the response begins, within the event loop.
        """
        self._check(history)
        heard = partial(self.heard, caller.name)
        return Asking(self.desk, request, self.bot, question, history, filters, heard)

    def base(self, request: Request) -> str:
        """The public address for links: as set, else as this request was addressed."""
        return self.base_url or str(request.base_url).rstrip("/")

    def _check(self, history: Sequence[Turn]) -> None:
        turns, most = len(history), self.settings.max_history_turns
        if turns > most:
            raise ApiError(
                422, f"The history has {turns} turns and {most} are allowed: send fewer."
            )
        chars, most = sum(len(t.content) for t in history), self.settings.max_history_chars
        if chars > most:
            raise ApiError(
                422, f"The history has {chars} characters and {most} are allowed: send less."
            )


def key_of(request: Request) -> str:
    """The key that a request came with, or nothing."""
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer" and given.strip():
        return given.strip()
    return request.headers.get("x-api-key", "").strip()
