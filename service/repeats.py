"""Requests that are sent again because nobody knows what became of them (draft-ietf-httpapi-idempotency-key-header)."""

import re
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated

from cachetools import TTLCache
from fastapi import Header, Request
from pydantic import JsonValue
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.limits.callers import caller_of
from service.problems import ProblemError, answer, make_problem

KEPT_HOURS = 24
_MOST_BYTES = 64 * 2**20
_MOST_BYTES_OF_ONE = 2**20
_PATHS = frozenset({"/v1/articles", "/v1/articles:batch"})
_KEY = re.compile(r'"(?P<quoted>[\x21\x23-\x5b\x5d-\x7e ]{1,200})"|(?P<bare>[\x21\x23-\x5b\x5d-\x7e]{1,200})')
_DESCRIBED: dict[str, JsonValue] = {"pattern": r'^("[ !#-\[\]-~]{1,200}"|[!#-\[\]-~]{1,200})$'}
_RETRY_SECONDS = 1

_CREDENTIALS = ("authorization", "x-api-key")

_Name = tuple[str, str, str, bytes]
"""Who asks, the path, the key, and with what credentials: whether these let in may be checked only later."""


async def describe_key(
    idempotency_key: Annotated[
        str | None,
        Header(
            description=f"Any text that is new with every request: one that is sent again within {KEPT_HOURS} h, with "
            "the same key and body, gets the first answer again, if there is one of at most 1 MiB.",
            examples=['"8e03978e-40d5-43e8-bc93-6894a57f9324"'],
            json_schema_extra=_DESCRIBED,
        ),
    ] = None,
) -> None:
    """What a route depends on that may be asked again."""


def forget(request: Request) -> None:
    """Let the answer not be given again: with the same request, it may be another one next time."""
    request.state.is_repeatable = False


class _Body:
    """What came so far of a body."""

    def __init__(self) -> None:
        self.size = 0
        self.is_over = False
        self._hash = sha256()

    def add(self, message: Message) -> None:
        data = message.get("body", b"")
        self.size += len(data)
        self._hash.update(data)
        self.is_over = not message.get("more_body", False)

    @property
    def digest(self) -> bytes:
        return self._hash.digest()


@dataclass(slots=True)
class _Answer:
    """An answer that was given, and the body that it was given to."""

    messages: list[Message]
    size: int
    body_size: int
    body_digest: bytes


class Repeats:
    """Middleware that gives the same answer to the same request, where it has an Idempotency-Key.

    Answers are in memory, the last 64 MiB of them for a day: a new process has none, and a request that is sent to it
    again is worked on again, which changes nothing but that its articles are called unchanged. So it is with answers
    that are too long, or that were no success.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app
        self._running = set[_Name]()
        self._answers: TTLCache[_Name, _Answer] = TTLCache(
            _MOST_BYTES, KEPT_HOURS * 3600, getsizeof=lambda given: given.size
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as before, with a problem, or pass the request on."""
        given = None
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"] in _PATHS:
            given = Headers(scope=scope).get("idempotency-key")
        if given is None:
            await self._app(scope, receive, send)
            return
        try:
            name = (caller_of(scope), scope["path"], _key(given), _credentials(scope))
            await self._answer(name, scope, receive, send)
        except ProblemError as error:
            await answer(error.problem, error.headers)(scope, receive, send)

    async def _answer(self, name: _Name, scope: Scope, receive: Receive, send: Send) -> None:
        if name in self._running:
            detail = "a request with this Idempotency-Key is being worked on: send it again when that is done"
            raise ProblemError(make_problem(409, "still-running", detail), {"Retry-After": str(_RETRY_SECONDS)})
        known = self._answers.get(name)
        if known is None:
            await self._work(name, scope, receive, send)
        elif await _is_same(known, receive):
            for message in known.messages:
                await send(message)
        else:
            detail = "this Idempotency-Key came with another body before: use a new one for a new request"
            raise ProblemError(make_problem(422, "idempotency-key-reused", detail))

    async def _work(self, name: _Name, scope: Scope, receive: Receive, send: Send) -> None:
        state = scope.setdefault("state", {})
        body = _Body()
        messages = list[Message]()
        size = 0

        async def receive_and_note() -> Message:
            message = await receive()
            if message["type"] == "http.request":
                body.add(message)
            return message

        async def send_and_note(message: Message) -> None:
            nonlocal size
            size += len(message.get("body", b""))
            if size <= _MOST_BYTES_OF_ONE:
                messages.append(message)
            await send(message)

        self._running.add(name)
        try:
            await self._app(scope, receive_and_note, send_and_note)
        finally:
            self._running.discard(name)
        if state.get("is_repeatable", True) and body.is_over and _is_whole_success(messages):
            first = {**messages[0], "headers": list(messages[0]["headers"])}
            MutableHeaders(scope=first)["Idempotent-Replayed"] = "true"
            with suppress(ValueError):  # more than all that is kept
                self._answers[name] = _Answer([first, *messages[1:]], size + 1_000, body.size, body.digest)


def _key(given: str) -> str:
    found = _KEY.fullmatch(given.strip())
    if not found:
        detail = "Idempotency-Key: send a text of at most 200 ASCII characters in quotation marks, such as a UUID"
        raise ProblemError(make_problem(400, "bad-idempotency-key", detail))
    return str(found["quoted"] or found["bare"])


def _credentials(scope: Scope) -> bytes:
    """What stands for the credentials that were sent, so that nobody gets the answer to another's."""
    headers = Headers(scope=scope)
    sent = [headers.getlist(name) for name in _CREDENTIALS]
    return sha256(repr([sent, scope.get("query_string", b"")]).encode()).digest()


async def _is_same(known: _Answer, receive: Receive) -> bool:
    """Whether the body is the one that was answered; read no further than to tell."""
    body = _Body()
    while not body.is_over and body.size <= known.body_size:
        message = await receive()
        if message["type"] != "http.request":
            return False  # the client has gone
        body.add(message)
    return body.is_over and body.digest == known.body_digest


def _is_whole_success(messages: list[Message]) -> bool:
    if not messages or not 200 <= messages[0]["status"] < 300:  # noqa: PLR2004 - what success is
        return False
    return messages[-1]["type"] == "http.response.body" and not messages[-1].get("more_body", False)
