"""What keeps one caller, or many at once, from taking the service away from the others."""

from fastapi import FastAPI
from limits import parse

from service.limits.bodies import InflatedBodies
from service.limits.callers import Kind
from service.limits.crowds import CrowdLimits
from service.limits.rates import RateLimits
from service.limits.times import TimeLimits
from service.settings import Settings


def inflate_bodies(app: FastAPI) -> None:
    """Let the application have bodies inflated that come compressed, no more of them than it reads."""
    app.add_middleware(InflatedBodies)


def limit_work(app: FastAPI, settings: Settings) -> None:
    """Limit how much is worked on at once, and for how long."""
    # What is added later comes before.
    app.add_middleware(CrowdLimits, most=settings.max_concurrent_requests, most_ingests=settings.max_concurrent_ingests)
    app.add_middleware(TimeLimits, body_seconds=settings.client_timeout, answer_seconds=settings.request_timeout)


def limit_rates(app: FastAPI, settings: Settings) -> None:
    """Limit how often callers ask.

    What tells who asks (`service.access.identified`) has to be added after this, so that it comes before.
    """
    given = {Kind.READS: settings.rate_limit, Kind.INGEST: settings.ingest_rate_limit}
    rates = {kind: parse(rate) for kind, rate in given.items() if rate is not None}
    if rates:
        app.add_middleware(RateLimits, rates=rates)
