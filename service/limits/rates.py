"""How many requests a caller may send in a while."""

import time
from collections.abc import Mapping
from math import ceil

from limits import RateLimitItem
from limits.strategies import SlidingWindowCounterRateLimiter
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.in_memory_counts import InMemoryCounts
from service.limits.callers import Kind, caller_of, kind_of
from service.problems import answer, make_problem


class RateLimits:
    """Middleware that counts each caller's requests, and refuses what is too many.

    It takes a tenth of a millisecond. What is counted is in memory: each process counts for itself, and begins anew.
    A refused request is not counted. Answers say how much is left, as draft-ietf-httpapi-ratelimit-headers-10 has it.
    """

    def __init__(self, app: ASGIApp, rates: Mapping[Kind, RateLimitItem]) -> None:
        """Wrap an application.

        Args:
            app: the application.
            rates: how much each kind of requests is limited; those not named are not.
        """
        self._app = app
        self._rates = rates
        # Two numbers a caller; a moving window would be a list of all its requests.
        self._counts = SlidingWindowCounterRateLimiter(InMemoryCounts())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a problem, or pass the request on."""
        kind = kind_of(scope)
        rate = self._rates.get(kind) if kind else None
        if kind is None or rate is None:
            await self._app(scope, receive, send)
            return
        who = (kind.value, caller_of(scope))
        is_admitted = self._counts.hit(rate, *who)
        left = self._counts.get_window_stats(rate, *who)
        seconds = max(1, ceil(left.reset_time - time.time()))
        headers = {
            "RateLimit-Policy": f'"{kind}";q={rate.amount};w={rate.get_expiry()}',
            "RateLimit": f'"{kind}";r={left.remaining};t={seconds}',
        }
        if not is_admitted:
            detail = f"more than {rate.amount} requests in {rate.get_expiry()} s ({kind}): try again in {seconds} s"
            refusal = answer(make_problem(429, "too-many-requests", detail), {"Retry-After": str(seconds)} | headers)
            await refusal(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(headers)
            await send(message)

        await self._app(scope, receive, send_with_headers)
