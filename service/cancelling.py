"""Stop working for clients that have gone."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from fastapi import Request

from service.problems import Problem, ProblemError

_GONE = Problem(title="Client Closed Request", status=499, detail="the client hung up before it was answered")

Result = TypeVar("Result")


async def unless_disconnected(request: Request, work: Coroutine[Any, Any, Result]) -> Result:
    """Do the work, and cancel it when the client hangs up. To be called when the body has been read.

    Raises:
        ProblemError: the client has gone. Nobody reads that answer, but a log of requests may show its status.
    """
    working = asyncio.ensure_future(work)
    watching = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise ProblemError(_GONE)
        return await working
    finally:
        working.cancel()
        watching.cancel()


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
