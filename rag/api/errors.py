"""What goes wrong at the HTTP door, as JSON of one clear sentence.

    {"error": "…"}                                                     everywhere but
    {"error": {"message": "…", "type", "param", "code"}}               under /v1, OpenAI's shape

4xx: what was asked or how; 429 and 503 with `Retry-After` where waiting helps; 5xx: what we lack.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from rag.errors import InputError, LlmError, OrdagrantError, SettingsError
from rag.line import LineFull

log = logging.getLogger(__name__)

UNEXPECTED = (
    "Something unexpected went wrong while this was being answered: try again, and tell whoever "
    "runs this if it stays so."
)
_OPENAI_TYPES = {
    401: ("authentication_error", "invalid_api_key"),
    403: ("permission_error", "insufficient_scope"),
    429: ("rate_limit_error", "rate_limit_exceeded"),
}
_UNREAD = "There was an error parsing the body"  # FastAPI's, for whatever json.loads does not take
_SENTENCES = {
    404: "There is nothing at this address: see /openapi.json for what there is.",
    405: "This address does not take {method}: see /openapi.json for what it takes.",
}


class ErrorOut(BaseModel):
    """What every error is."""

    error: str = Field(description="one sentence", examples=["There is no such conversation."])


class OpenAiErrorIn(BaseModel):
    """What OpenAI's clients read of an error."""

    message: str = Field(description="one sentence")
    type: str
    param: str | None = Field(description="the field that is wrong")
    code: str | None


class OpenAiErrorOut(BaseModel):
    """What every error under /v1 is."""

    error: OpenAiErrorIn


class ApiError(HTTPException):
    """A reply other than what was asked for: `str(error)` is its one sentence.

    An `HTTPException`, as FastAPI lets those through that are raised while it reads a body.
    """

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, message, headers)

    def __str__(self) -> str:
        return self.detail

    @property
    def status(self) -> int:
        return self.status_code


def as_api_error(error: BaseException) -> ApiError:
    """Any error as a reply; what was not foreseen is logged, and told without its details."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, SettingsError):
        return ApiError(403, str(error))
    if isinstance(error, InputError):
        return ApiError(422, str(error))
    if isinstance(error, LlmError):
        return ApiError(502, str(error))
    if isinstance(error, LineFull):
        return ApiError(429, str(error), {"Retry-After": "5"})
    if isinstance(error, OrdagrantError):
        return ApiError(503, str(error), {"Retry-After": "5"})
    log.error("an unexpected error", exc_info=error)
    return ApiError(500, UNEXPECTED)


def error_value(path: str, status: int, message: str, param: str | None = None) -> dict[str, Any]:
    """The body of an error at `path`."""
    if not path.startswith("/v1/"):
        return {"error": message}
    kind, code = _OPENAI_TYPES.get(
        status, ("server_error", None) if status >= 500 else ("invalid_request_error", None)
    )
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def error_response(request: Request, error: BaseException) -> JSONResponse:
    """The reply to a request that failed with `error`."""
    told = as_api_error(error)
    value = error_value(request.url.path, told.status, str(told))
    return JSONResponse(value, status_code=told.status, headers=told.headers)


def _taken(api: FastAPI, scope: Scope) -> list[str]:
    """The methods that the address of a request takes."""

    def takes(method: str) -> bool:
        asked = {**scope, "method": method}
        return any(route.matches(asked)[0] is Match.FULL for route in api.router.routes)

    taken = [method for method in ("GET", "POST", "PUT", "PATCH", "DELETE") if takes(method)]
    return [*taken, *(["HEAD"] if "GET" in taken else [])]


def sentence(method: str, status: int, said: str) -> str:
    """What a library `said` of a request that it refused, as a sentence of ours."""
    if status in _SENTENCES:
        return _SENTENCES[status].format(method=method)
    if said == _UNREAD:
        return "The body cannot be read: send JSON in UTF-8 that is not nested too deeply."
    return f"{said.rstrip('.')}."


def field_error(found: Mapping[str, Any]) -> tuple[str | None, str]:
    """The field that pydantic found wrong, and the sentence about it."""
    # Of what may be a text or a list, pydantic names the one that it tried last, in its own words.
    named = [str(part) for part in found["loc"][1:]]
    where = ".".join(part for part in named if not re.match(r"(constrained-)?str$|list\[", part))
    if found["type"] == "json_invalid":
        why = found["ctx"]["error"]
        return None, f"The body is not JSON ({why}, at character {where}): send a JSON object."
    if not where:
        return None, "Send a JSON object as the body, with `Content-Type: application/json`."
    said = str(found["msg"]).removeprefix("Value error, ").rstrip(".")
    said = said.replace("a valid dictionary or object to extract fields from", "a JSON object")
    if "UploadFile" in said:
        said = "Input should be a file"
    return where, f"{where}: {said}."


class CatchAll:
    """Replies to what no route foresaw, within the middlewares that add headers to each reply."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except ClientDisconnect:  # nobody is there to be told
            return
        except Exception as error:
            if begun or scope["type"] != "http":
                raise
            await error_response(Request(scope), error)(scope, receive, send)


def described(model: type[BaseModel]) -> dict[int | str, dict[str, Any]]:
    """Errors of this shape, for the OpenAPI document."""
    return {
        "4XX": {"model": model, "description": "What is wrong with the request."},
        "5XX": {"model": model, "description": "What went wrong here."},
    }


def install(api: FastAPI) -> None:
    """Has `api` reply to every error as above, never with a traceback."""

    async def reply(request: Request, error: Exception) -> JSONResponse:
        return error_response(request, error)

    async def invalid(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - what it is installed for
        where, message = field_error(error.errors()[0])
        openai = request.url.path.startswith("/v1/")
        status = 400 if openai else 422
        value = error_value(request.url.path, status, message, where)
        return JSONResponse(value, status_code=status)

    async def plain(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)  # noqa: S101 - what it is installed for
        told = sentence(request.method, error.status_code, str(error.detail))
        value = error_value(request.url.path, error.status_code, told)
        headers = {**(error.headers or {})}
        if error.status_code == 405:  # the router names the methods of one route of the address
            headers["Allow"] = ", ".join(_taken(api, request.scope))
        return JSONResponse(value, status_code=error.status_code, headers=headers)

    api.add_exception_handler(RequestValidationError, invalid)
    api.add_exception_handler(HTTPException, plain)
    api.add_exception_handler(ApiError, reply)
    api.add_exception_handler(OrdagrantError, reply)
    api.add_exception_handler(Exception, reply)
