"""What keeps one caller, or many at once, from taking the service away from the others."""

from fastapi import FastAPI
from limits import parse

from service.limits.bodies import InflatedBodies
from service.limits.callers import Kind
from service.limits.rates import RateLimits
from service.settings import Settings


def install(app: FastAPI, settings: Settings) -> None:
    """Put the limits before an application.

    What tells who asks (`scope["state"]["key_id"]`) has to be added after this, so that it comes before.
    """
    app.add_middleware(InflatedBodies)  # what is added later comes before
    given = {Kind.READS: settings.rate_limit, Kind.INGEST: settings.ingest_rate_limit}
    rates = {kind: parse(rate) for kind, rate in given.items() if rate is not None}
    if rates:
        app.add_middleware(RateLimits, rates=rates)
