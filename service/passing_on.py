"""What only the writer can do, passed on to it by a reader: so that clients need one address for the two."""

import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Sequence
from contextlib import aclosing
from urllib.parse import urlsplit

import h11
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import get_contextvars

from index import CoverageIndex
from index.errors import SimilarNewsError
from service.caching import SeenAtOnce
from service.dependencies import refuse_reader
from service.limits.callers import Kind, kind_of
from service.problems import ProblemError, answer, make_problem
from service.writer_exchange import Header, WriterAwayError, exchange

_RETRY_SECONDS = 2

_OF_CONNECTION = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailer", b"transfer-encoding", b"upgrade"}
)
"""Headers that are of one connection and not of what is sent on it (RFC 9110, 7.6.1)."""

_NEVER_OF_CONNECTION = frozenset(
    {
        b"authorization",
        b"content-encoding",
        b"content-length",
        b"content-type",
        b"expect",
        b"host",
        b"idempotency-key",
        b"if-match",
        b"if-none-match",
        b"prefer",
        b"x-api-key",
    }
)
"""What a request means does not change by what it says of its connection."""

_OF_SENDER = frozenset({b"forwarded", b"x-forwarded-for", b"x-forwarded-proto", b"x-request-id"})
"""What the reader says itself."""

_OF_ANSWERER = frozenset({b"date", b"server", b"x-request-id"})

_logger = logging.getLogger(__name__)


class _ClientGoneError(Exception):
    """The client hung up before its request was whole."""


class PassOn:
    """Middleware that has the writer answer what only that can do, and passes on what it says as it is said.

    Who has sent something is to find it here, so all that the writer has taken is followed before its answer ends.
    The writer finds in `X-Forwarded-For` who asks, so this address has to be among its trusted proxies.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        writer: Callable[[], str | None],
        routes: Sequence[APIRoute],
        follow: Callable[[], None],
        seen_at_once: Callable[[], None],
    ) -> None:
        """Wrap an application.

        Args:
            app: the application.
            writer: gives the address of the writer, such as `http://127.0.0.1:8001`; None while there is none.
            routes: those of the application that only the writer can answer.
            follow: sees what the writer has taken.
            seen_at_once: lets answers from before now not be given any more.
        """
        self._app = app
        self._writer = writer
        self._routes = routes
        self._follow = follow
        self._seen_at_once = seen_at_once

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on to the writer, or to the application."""
        route = self._of_writer(scope) if kind_of(scope) is Kind.INGEST else None
        if route is None:
            await self._app(scope, receive, send)
            return
        scope["route"] = route
        try:
            await self._pass_on(scope, receive, send, is_single=SeenAtOnce in route.dependencies)
        except _ClientGoneError:
            pass
        except ProblemError as error:
            await answer(error.problem, error.headers)(scope, receive, send)

    def _of_writer(self, scope: Scope) -> APIRoute | None:
        return next((route for route in self._routes if route.matches(scope)[0] is Match.FULL), None)

    async def _pass_on(self, scope: Scope, receive: Receive, send: Send, *, is_single: bool) -> None:
        """Ask the writer, and answer as it does; the last of the answer when what it tells of is found here.

        Raises:
            ProblemError: the writer does not answer, or the body does not come.
        """
        has_begun = False
        held: Message | None = None
        try:
            async with aclosing(self._asked(scope, receive)) as messages:
                async for message in messages:
                    if held:
                        has_begun = True
                        await send(held)
                    held = message
        except h11.LocalProtocolError as error:
            raise ProblemError(make_problem(400, "bad-request", f"this is no HTTP: {error}")) from error
        except WriterAwayError as error:
            if has_begun:  # without its end, the client sees that there is more to the answer than came
                _logger.warning("the process that takes articles went away in the middle of an answer")
                return
            detail = f"the process that takes articles {error}: send it again in {_RETRY_SECONDS} s"
            problem = make_problem(503, "writer-away", detail)
            raise ProblemError(problem, {"Retry-After": str(_RETRY_SECONDS)}) from error
        await self._catch_up(is_single=is_single)
        if held:
            await send(held)
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _catch_up(self, *, is_single: bool) -> None:
        try:
            await run_in_threadpool(self._follow)
        except (SimilarNewsError, OSError) as error:  # it is kept all the same, and is found later
            _logger.warning("what was passed on is not found yet: %s", error)
        if is_single:
            self._seen_at_once()

    async def _asked(self, scope: Scope, receive: Receive) -> AsyncGenerator[Message, None]:
        """The writer's answer."""
        address = self._writer()
        if address is None:
            raise WriterAwayError("is not there yet, and nothing was kept")
        writer = urlsplit(address)
        target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
        names = {name for name, _ in scope["headers"]}
        is_chunked = b"transfer-encoding" in names
        body = _body(receive) if is_chunked or b"content-length" in names else None
        headers = _headers_to_writer(scope, writer.netloc.encode(), is_chunked=is_chunked)
        async with aclosing(exchange(writer, scope["method"], target, headers, body)) as events:
            async for event in events:
                if isinstance(event, h11.Response):
                    dropped = _OF_CONNECTION | _OF_ANSWERER | _named_by_connection(event.headers)
                    kept = [(name, value) for name, value in event.headers if name not in dropped]
                    yield {"type": "http.response.start", "status": event.status_code, "headers": kept}
                else:
                    yield {"type": "http.response.body", "body": bytes(event.data), "more_body": True}


def install(app: FastAPI, writer: Callable[[], str | None], routes: Iterable[object]) -> None:
    """Let an app of a reader pass on what those of its routes cannot do that are for the writer.

    What limits how much is worked on has to be added after this, so that it comes before, and what inflates bodies
    before this.
    """

    def follow() -> None:
        index: CoverageIndex = app.state.index
        index.catch_up()

    def seen_at_once() -> None:
        app.state.answers.put_at = time.monotonic()

    of_writer = [route for route in routes if isinstance(route, APIRoute) and _is_of_writer(route)]
    app.add_middleware(PassOn, writer=writer, routes=of_writer, follow=follow, seen_at_once=seen_at_once)


def _is_of_writer(route: APIRoute) -> bool:
    return any(one.dependency is refuse_reader for one in route.dependencies)


async def _body(receive: Receive) -> AsyncIterator[bytes]:
    """The parts of a body as they come.

    Raises:
        _ClientGoneError: it does not come to its end.
        ProblemError: it comes too slowly.
    """
    has_more = True
    while has_more:
        message: Message = await receive()
        if message["type"] != "http.request":
            raise _ClientGoneError
        has_more = message.get("more_body", False)
        if part := message.get("body", b""):
            yield part


def _headers_to_writer(scope: Scope, host: bytes, *, is_chunked: bool) -> list[Header]:
    """The headers of a request as they are passed on."""
    sent: Sequence[Header] = scope["headers"]
    dropped = _OF_CONNECTION | _OF_SENDER | _named_by_connection(sent)
    if is_chunked:
        dropped |= {b"content-length"}  # which then counts for nothing (RFC 9112, 6.3)
    headers = [(name, value.strip(b" \t")) for name, value in sent if name not in dropped]
    if is_chunked:
        headers.append((b"transfer-encoding", b"chunked"))
    if not any(name == b"host" for name, _ in headers):
        headers.append((b"host", host))
    if client := scope.get("client"):
        headers.append((b"x-forwarded-for", str(client[0]).encode()))
    headers.append((b"x-forwarded-proto", scope["scheme"].encode()))
    if request_id := get_contextvars().get("request_id"):
        headers.append((b"x-request-id", str(request_id).encode()))
    return headers


def _named_by_connection(headers: Iterable[Header]) -> frozenset[bytes]:
    """The headers that are said to be of the connection alone."""
    named = {one.strip().lower() for name, value in headers if name == b"connection" for one in value.split(b",")}
    return frozenset(named - _NEVER_OF_CONNECTION)
