"""How long a client may take to send a body, and the service to answer."""

import asyncio
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.limits.callers import Kind, kind_of
from service.problems import ProblemError, answer, make_problem

_LEAST_RATE = 16 * 1024
"""Bytes of a body that earn a second more."""

_RETRY_SECONDS = 5


class TimeLimits:
    """Middleware that gives up on slow clients, and on answers that would come too late.

    Ingest is not given up: what was begun is kept, and who waits for the encoder would only wait for it again.
    """

    def __init__(self, app: ASGIApp, body_seconds: float, answer_seconds: float) -> None:
        """Wrap an application.

        Args:
            app: the application.
            body_seconds: how long a body may take, and a second longer for every 16 KiB of it.
            answer_seconds: within what time after its body the answer to a read has to begin.
        """
        self._app = app
        self._body_seconds = body_seconds
        self._answer_seconds = answer_seconds
        self._late = set[asyncio.Task[None]]()  # which the event loop would not keep alive

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and answer with a problem if it takes too long."""
        kind = kind_of(scope)
        if kind is None:
            await self._app(scope, receive, send)
            return
        body = _TimedBody(receive, self._body_seconds)
        if kind is Kind.INGEST:
            await self._app(scope, body.receive, send)
            return
        timed = _TimedAnswer(self._app, scope, body, send)
        if await timed.begins_within(self._answer_seconds):
            await timed.finish()
        else:
            self._late.add(timed.working)
            timed.working.add_done_callback(self._forget)
            detail = f"the answer would take longer than {self._answer_seconds:g} s: try again later, or ask for less"
            problem = make_problem(503, "too-slow", detail)
            await answer(problem, {"Retry-After": str(_RETRY_SECONDS)})(scope, receive, send)

    def _forget(self, late: asyncio.Task[None]) -> None:
        self._late.discard(late)
        if not late.cancelled():
            late.exception()  # which nobody is told of


class _TimedAnswer:
    """The answer to one request, which the application works on in a task of its own.

    If that is given up, it is to the application as if the client had hung up. It is not cancelled: a thread cannot be,
    and has to count as long as it works.
    """

    def __init__(self, app: ASGIApp, scope: Scope, body: "_TimedBody", send: Send) -> None:
        self._loop = asyncio.get_running_loop()
        self._body = body
        self._send = send
        self._has_begun: asyncio.Future[None] = self._loop.create_future()
        self._is_late: asyncio.Future[None] = self._loop.create_future()
        self.working = self._loop.create_task(_run(app, scope, self._receive_unless_late, self._send_unless_late))

    async def begins_within(self, seconds: float) -> bool:
        """Whether it begins, or fails, so soon after the body; if not, it is given up."""
        try:
            while not (self.working.done() or self._has_begun.done()):
                left = self._body.last_part_at + seconds - self._loop.time()
                if left <= 0:
                    self._is_late.set_result(None)
                    return False
                await asyncio.wait({self.working, self._has_begun}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            self.working.cancel()
            raise
        return True

    async def finish(self) -> None:
        """Wait for the end of an answer that has begun."""
        await self.working

    async def _send_unless_late(self, message: Message) -> None:
        if self._is_late.done():
            return
        if not self._has_begun.done():
            self._has_begun.set_result(None)
        await self._send(message)

    async def _receive_unless_late(self) -> Message:
        # Who only looks whether the client is there calls this without waiting, which would not do below.
        if self._has_begun.done() or not self._body.is_over:
            return await self._body.receive()
        receiving = self._loop.create_task(_receive(self._body))
        either: set[asyncio.Future[Any]] = {receiving, self._is_late}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            return await receiving if receiving.done() else {"type": "http.disconnect"}
        finally:
            receiving.cancel()


async def _run(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    await app(scope, receive, send)


async def _receive(body: "_TimedBody") -> Message:
    return await body.receive()


class _TimedBody:
    """The body of one request. Only the time in which the client is waited for counts."""

    def __init__(self, receive: Receive, seconds: float) -> None:
        self._receive = receive
        self._left = seconds
        self.is_over = False
        self.last_part_at = asyncio.get_running_loop().time()

    async def receive(self) -> Message:
        """The next message.

        Raises:
            ProblemError: it does not come in time.
        """
        if self.is_over:
            return await self._receive()
        clock = asyncio.get_running_loop().time
        began = clock()
        try:
            async with asyncio.timeout(self._left):
                message = await self._receive()
        except TimeoutError as error:
            detail = "the body did not come in time: send it faster, or less at once"
            # Who is as slow with the rest of it is not waited for either.
            raise ProblemError(make_problem(408, "slow-body", detail), {"Connection": "close"}) from error
        finally:
            self._left -= clock() - began
        self._left += len(message.get("body", b"")) / _LEAST_RATE
        self.is_over = not message.get("more_body", False)
        self.last_part_at = clock()
        return message
