"""A client of the HTTP API.

    with Client("http://127.0.0.1:8000", key="og_…") as client:
        answer = client.ask("What did Trump and Xi talk about?")
        for event in client.stream("And what did China say?", history=[…]):
            ...

In the same process `rag.Bot` gives the same answers without a server between.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import httpx
from pydantic import ValidationError

from rag.errors import OrdagrantError
from rag.types import Answer, Filters, Turn, Waiting

_PATIENCE = 30.0  # seconds that a wait for a place may take in all, before it is an error


class ClientError(OrdagrantError):
    """The server replied with an error, or could not be reached; `status` is None then."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class EvidenceItem:
    """A sentence that the answer may stand on; `n` is its number in this event alone."""

    n: int
    text: str
    article_id: str
    start: int
    end: int
    source: str
    outlet: str | None
    title: str | None
    published: str | None  # ISO 8601 date
    published_is: str | None
    language: str
    article_sha256: str


@dataclass(frozen=True, slots=True)
class EvidenceTold:
    """What was found; first of all."""

    standalone_question: str
    enough: bool
    evidence: tuple[EvidenceItem, ...]


@dataclass(frozen=True, slots=True)
class StatementTold:
    """A statement that passed verification, with the numbers of its evidence."""

    text: str
    evidence: tuple[int, ...]


Told = EvidenceTold | StatementTold | Waiting | Answer


class Client:
    """Asks a server. Close it, or use it as a context; safe to share between threads."""

    def __init__(
        self,
        url: str = "http://127.0.0.1:8000",
        key: str | None = None,
        *,
        owner: str | None = None,
        timeout: float = 330.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """`owner`: a long random word, whose conversations and feedback are meant; `timeout`:
        seconds without a word from the server; `transport`: httpx's, for tests."""
        headers = {"Accept": "application/json"}
        if key is not None:
            headers["Authorization"] = f"Bearer {key}"
        if owner is not None:
            headers["X-Ordagrant-Owner"] = owner
        self._http = httpx.Client(
            base_url=url.rstrip("/"),
            headers=headers,
            timeout=httpx.Timeout(timeout, connect=10.0),
            transport=transport,
        )

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def ask(
        self, question: str, history: Sequence[Turn] = (), filters: Filters | None = None
    ) -> Answer:
        """The answer to `question`; a refusal is an answer too. Raises `ClientError`."""
        return _answer(self._call("POST", "/api/ask", json=_asked(question, history, filters)))

    def stream(
        self, question: str, history: Sequence[Turn] = (), filters: Filters | None = None
    ) -> Iterator[Told]:
        """Evidence, each statement as it passes verification, and the `Answer`, last.

        Leaving the iterator early stops the server's work. Raises `ClientError`.
        """
        body = {**_asked(question, history, filters), "stream": True}
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                with self._http.stream(
                    "POST", "/api/ask", json=body, headers={"Accept": "text/event-stream"}
                ) as response:
                    if response.is_error:
                        response.read()
                    wait = _wait(response, end)
                    if wait is None:
                        _raise(response)
                        yield from _events(response.iter_lines())
                        return
            except httpx.HTTPError as error:
                raise _unreached(self._http.base_url, error) from error
            time.sleep(wait)

    def articles(self, search: str | None = None, limit: int = 50, offset: int = 0) -> Any:
        """`{"articles": […], "total"}`, newest first. Raises `ClientError`."""
        params = {"limit": limit, "offset": offset, **({"search": search} if search else {})}
        return self._call("GET", "/api/articles", params=params)

    def article(self, article_id: str) -> Any:
        """An article with its text. Raises `ClientError`, with the status 404 for none."""
        return self._call("GET", f"/api/articles/{_quoted(article_id)}")

    def feedback(
        self,
        trace_id: str,
        verdict: str | None,
        *,
        target: str = "answer",
        index: int = 0,
        reason: str = "",
    ) -> None:
        """A thumb, `up` or `down`; None takes an earlier one back. Raises `ClientError`."""
        said = {"target": target, "index": index, "verdict": verdict, "reason": reason}
        self._call("POST", "/api/feedback", json={"trace_id": trace_id, **said})

    def _call(self, method: str, path: str, **sent: Any) -> Any:
        """The JSON of a reply, after waiting where the server says to."""
        end = time.monotonic() + _PATIENCE
        while True:
            try:
                response = self._http.request(method, path, **sent)
            except httpx.HTTPError as error:
                raise _unreached(self._http.base_url, error) from error
            wait = _wait(response, end)
            if wait is None:
                _raise(response)
                return _json(response.text)
            time.sleep(wait)


def _asked(question: str, history: Sequence[Turn], filters: Filters | None) -> dict[str, Any]:
    asked: dict[str, Any] = {"question": question}
    if history:
        asked["history"] = [{"role": t.role, "content": t.content} for t in history]
    if filters is not None:
        asked["filters"] = {
            "date_from": filters.date_from and filters.date_from.isoformat(),
            "date_to": filters.date_to and filters.date_to.isoformat(),
            "source": filters.source,
            "language": filters.language,
        }
    return asked


def _events(lines: Iterable[str]) -> Iterator[Told]:
    """Server-sent events as they are; comments are skipped."""
    name, data = "", ""
    for line in lines:
        if line.startswith("event:"):
            name = line[6:].strip()
        elif line.startswith("data:"):
            data += line[5:].strip()
        elif not line and data:
            told = _told(name, _json(data))
            if told is not None:
                yield told
            if isinstance(told, Answer):
                return
            name, data = "", ""
    raise ClientError("The server hung up before the answer was there: ask again.")


def _told(name: str, value: Any) -> Told | None:
    """The value of an event; None for one that a newer server tells."""
    try:
        if name == "answer":
            return _answer(value)
        if name == "error":
            raise ClientError(str(value["error"]))
        if name == "waiting":
            return Waiting(value["ahead"])
        if name == "statement":
            return StatementTold(value["text"], tuple(value["evidence"]))
        if name == "evidence":
            items = tuple(EvidenceItem(**_known(item)) for item in value["evidence"])
            return EvidenceTold(value["standalone_question"], value["enough"], items)
    except (KeyError, TypeError) as error:
        raise ClientError(f"The server told something unreadable ({error}).") from error
    return None


def _known(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: item[name] for name in EvidenceItem.__slots__}


def _answer(value: Any) -> Answer:
    try:
        return Answer.model_validate(value)
    except ValidationError as error:
        raise ClientError(
            "The server is of another version, its answer cannot be read: upgrade the older of "
            "the two."
        ) from error


def _wait(response: httpx.Response, end: float) -> float | None:
    """Seconds to wait before trying again, where the server is busy and there is time left."""
    if response.status_code not in (429, 503):
        return None
    said = response.headers.get("retry-after", "")
    seconds = float(said) if said.isdecimal() else 1.0
    return seconds if time.monotonic() + seconds < end else None


def _raise(response: httpx.Response) -> None:
    if not response.is_error:
        return
    try:
        message = str(response.json()["error"])
    except (ValueError, KeyError, TypeError):
        message = f"The server replied with status {response.status_code}."
    raise ClientError(message, response.status_code)


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ClientError("The server's reply is not JSON: is this the right address?") from error


def _unreached(url: httpx.URL, error: httpx.HTTPError) -> ClientError:
    reason = str(error) or type(error).__name__
    return ClientError(f"The server at {url} cannot be reached ({reason}): is it running?")


def _quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")
