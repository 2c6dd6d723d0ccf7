"""How many requests are worked on at once."""

from collections import Counter

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.limits.callers import Kind, kind_of
from service.problems import answer, make_problem

_RETRY_SECONDS = 1


class CrowdLimits:
    """Middleware that refuses what is too much at once; ingest has a share of its own, and leaves reads the rest.

    A read counts until its answer begins, so that who listens to a stream is not counted; ingest until it is done.

    Uvicorn's own limit answers in plain text, counts connections on which nothing is asked, and refuses those who ask
    whether the service lives; that of FastAPI's dependencies lets callers wait, with their bodies in memory.
    """

    def __init__(self, app: ASGIApp, most: int, most_ingests: int) -> None:
        """Wrap an application.

        Args:
            app: the application.
            most: how many requests may be worked on at once.
            most_ingests: how many of them may keep or delete articles.
        """
        self._app = app
        self._most = most
        self._most_ingests = most_ingests
        self._running = Counter[Kind]()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a problem, or pass the request on."""
        kind = kind_of(scope)
        if kind is None:
            await self._app(scope, receive, send)
            return
        if not self._has_room(kind):
            detail = f"too many requests ({kind}) are being worked on: try again in {_RETRY_SECONDS} s"
            refusal = answer(make_problem(503, "overloaded", detail), {"Retry-After": str(_RETRY_SECONDS)})
            await refusal(scope, receive, send)
            return
        is_counted = True
        self._running[kind] += 1

        async def send_and_count(message: Message) -> None:
            nonlocal is_counted
            if kind is Kind.READS and is_counted:
                is_counted = False
                self._running[kind] -= 1
            await send(message)

        try:
            await self._app(scope, receive, send_and_count)
        finally:
            if is_counted:
                self._running[kind] -= 1

    def _has_room(self, kind: Kind) -> bool:
        if kind is Kind.INGEST and self._running[kind] >= self._most_ingests:
            return False
        return self._running.total() < self._most
