"""Traces and metrics by OpenTelemetry, for those who have it."""

from collections.abc import MutableMapping
from typing import Any

from fastapi import FastAPI
from fastapi.telemetry import TelemetryConfig
from opentelemetry import trace
from starlette.types import ASGIApp, Receive, Scope, Send

from service.request_watch import QUIET_PATHS


def config(*, is_on: bool) -> TelemetryConfig:
    """What FastAPI is to do.

    Never logs, which would have the messages of errors, and with them what was sent. Exporters are made from the
    `OTEL_…` variables, unless something else, such as `opentelemetry-instrument`, has made them already.
    """
    return {
        "tracing": is_on,
        "metrics": is_on,
        "logs": False,
        "auto_configure": is_on and isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider),
        "exclude": _is_quiet,
    }


def leave_queries_out(app: FastAPI) -> None:
    """Take the query, which FastAPI puts there, out of every request's span, also if a middleware refuses it."""
    build = app.build_middleware_stack
    app.build_middleware_stack = lambda: _WithoutQueries(build())  # type: ignore[method-assign]


class _WithoutQueries:
    """Middleware around all others."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] == "http" and scope["query_string"]:
            trace.get_current_span().set_attribute("url.query", "REDACTED")
        await self._app(scope, receive, send)


def _is_quiet(scope: MutableMapping[str, Any]) -> bool:
    return scope.get("path") in QUIET_PATHS
