"""What every request has: an id, a place in the log and in the metrics, and an end that is told to the client."""

import ipaddress
import logging
import random
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from index.tracebacks import traceback_of
from service.access.identified import key_id

ID_HEADER = "X-Request-ID"

QUIET_PATHS = frozenset({"/livez", "/readyz", "/metrics"})
"""What is asked every few seconds."""

UNMATCHED = "unmatched"
"""In place of the route of a request that has none."""

_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_ID_BYTES = 8
_LONGEST_PATH = 300
_NETWORKS = {4: 24, 6: 48}

_logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Handled:
    """A request that was handled.

    Attributes:
        method: as it was sent.
        route: the template of its path, such as `/v1/articles/{article_id}`; `UNMATCHED` if no route has it.
        status: of the answer; 499 if the client had gone before there was one.
        seconds: until the last byte of the answer was handed over.
        bytes: of the answer's body.
        request_id: as in the answer.
        key_id: which key it was sent with, if it was with one.
        scope: of the request, for what only some observers want to know.
    """

    method: str
    route: str
    status: int
    seconds: float
    bytes: int
    request_id: str
    key_id: str | None
    scope: Scope

    @property
    def path(self) -> str:
        """The beginning of its path, without the query, escaped as in a URL."""
        return quote(self.scope["path"][:_LONGEST_PATH], safe="/~:@")

    @property
    def network(self) -> str | None:
        """That of the client: the first 24 bits of an IPv4 address, 48 of an IPv6 one; None if it is not known."""
        if not self.scope.get("client"):
            return None
        try:
            address = ipaddress.ip_address(self.scope["client"][0].partition("%")[0])
        except ValueError:
            return None
        return str(ipaddress.ip_network((address, _NETWORKS[address.version]), strict=False))


Observer = Callable[[Handled], None]


class RequestWatch:
    """Middleware around everything else: gives requests their ids, and tells of those that were handled."""

    def __init__(self, app: ASGIApp, observers: Sequence[Observer], is_stopping: Callable[[], bool]) -> None:
        """Wrap an application.

        Args:
            app: the application.
            observers: called on the event loop when a request was handled.
            is_stopping: whether clients are to be told that their connections are closed.
        """
        self._app = app
        self._observers = observers
        self._is_stopping = is_stopping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        root = scope.get("root_path", "")
        started = time.perf_counter()
        status, sent = 499, 0

        async def watched(message: Message) -> None:
            nonlocal status, sent
            if message["type"] == "http.response.start":
                status = message["status"]
                headers: list[tuple[bytes, bytes]] = [(ID_HEADER.encode(), request_id.encode())]
                if self._is_stopping():
                    headers.append((b"connection", b"close"))
                message = {**message, "headers": [*message.get("headers", ()), *headers]}
            else:
                sent += len(message.get("body", b""))
            await send(message)

        with bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, watched)
            except Exception as error:  # noqa: BLE001 - answered already; the server's own log line would quote it
                _logger.error("an error that was not expected:\n%s", traceback_of(error))  # noqa: TRY400 - as above
            finally:
                handled = Handled(
                    method=scope["method"],
                    route=_route(scope, root),
                    status=status,
                    seconds=time.perf_counter() - started,
                    bytes=sent,
                    request_id=request_id,
                    key_id=key_id(scope),
                    scope=scope,
                )
                for observer in self._observers:
                    observer(handled)


def install(app: FastAPI, observers: Sequence[Observer]) -> None:
    """Watch every request of the app, also those that fail in a way that nothing else catches."""
    build = app.build_middleware_stack
    # Not add_middleware, behind which Starlette still puts what answers for unexpected errors.
    app.build_middleware_stack = lambda: RequestWatch(  # type: ignore[method-assign]
        build(), observers, lambda: bool(app.state.is_stopping)
    )


def _request_id(scope: Scope) -> str:
    """The one that the client sent, if it is one, or a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            sent = value.decode("latin-1")
            return sent if _ID.fullmatch(sent) else _new_id()
    return _new_id()


def _new_id() -> str:
    """No secret: what is one takes the system, for which a thread gives up its turn at the interpreter."""
    return random.randbytes(_ID_BYTES).hex()  # noqa: S311 - as said


def _route(scope: Scope, root: str) -> str:
    path = getattr(scope.get("route"), "path_format", None)
    if path:
        return str(path)
    mounted = scope.get("root_path", "").removeprefix(root)
    return f"{mounted}/{{path}}" if mounted else UNMATCHED
