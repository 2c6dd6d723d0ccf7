"""Which pages of other sites may read answers in a browser."""

from collections.abc import Callable, Collection

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.problems import answer, make_problem

_METHODS = ("GET", "HEAD")
_HEADERS = ("Authorization", "Content-Type", "If-None-Match", "Last-Event-ID", "X-API-Key")
_EXPOSED = ("ETag", "Link", "Location", "Retry-After")
_ASKED_FOR = ("Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers")
_REMEMBERED_SECONDS = 600


class ExactCors:
    """Middleware that lets pages of certain origins read what a GET answers, and no other page anything.

    What says itself who may read it is left as it is.

    Starlette's has its origins once and for all, where these come and go with the keys of widgets; it lets every
    method's answer be read, and tells what is allowed to those to whom nothing is.
    """

    def __init__(self, app: ASGIApp, origins: Callable[[], Collection[str]]) -> None:
        """Wrap an application.

        Args:
            app: the application.
            origins: gives the origins, which are compared as they are.
        """
        self._app = app
        self._origins = origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a preflight, or let the answer be read by whom it may be."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        named = headers.getlist("origin")
        origin = named[0] if len(named) == 1 and named[0] in self._origins() else None
        if scope["method"] == "OPTIONS" and named and "access-control-request-method" in headers:
            await _preflight(headers, origin)(scope, receive, send)
            return

        async def send_readable(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered = MutableHeaders(scope=message)
                if "Access-Control-Allow-Origin" in answered:  # the same for all, such as the script of the widget
                    await send(message)
                    return
                if "origin" not in answered.get("Vary", "").lower():  # an answer that was passed on says it already
                    answered.add_vary_header("Origin")
                if origin is not None and scope["method"] in _METHODS:
                    answered["Access-Control-Allow-Origin"] = origin
                    answered["Access-Control-Expose-Headers"] = ", ".join(_EXPOSED)
            await send(message)

        await self._app(scope, receive, send_readable)


def _preflight(headers: Headers, origin: str | None) -> Response:
    """The answer to a browser that asks whether a page may send a request; `origin` is that of a page that may."""
    response = _refusal(headers, origin) or Response(status_code=204)
    if response.status_code == 204 and origin is not None:  # noqa: PLR2004 - said just above
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Allow-Methods"] = ", ".join(_METHODS)
        response.headers["Access-Control-Allow-Headers"] = ", ".join(_HEADERS)
        response.headers["Access-Control-Max-Age"] = str(_REMEMBERED_SECONDS)
    response.headers["Vary"] = ", ".join(_ASKED_FOR)
    return response


def _refusal(headers: Headers, origin: str | None) -> Response | None:
    allowed = {name.lower() for name in _HEADERS}
    asked = {name.strip().lower() for name in headers.get("access-control-request-headers", "").split(",")} - {""}
    if origin is None:
        detail = (
            "pages of this origin cannot read here; SIMILAR_NEWS_CORS_ORIGINS and the keys of widgets say which can"
        )
    elif headers["access-control-request-method"] not in _METHODS:
        detail = "pages of other sites can only send GET; send anything else from a program"
    elif not asked <= allowed:
        detail = f"pages of other sites can only send the headers {', '.join(_HEADERS)}"
    else:
        return None
    return answer(make_problem(403, "origin", detail))
