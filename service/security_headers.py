"""Headers that tell browsers to do no more with an answer than is meant."""

from collections.abc import Mapping

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_OF_ALL = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    # What is read from other sites is read by CORS, which this does not touch.
    "Cross-Origin-Resource-Policy": "same-origin",
}

FOR_ALL_SITES = {"Cross-Origin-Resource-Policy": "cross-origin"}
"""For files that pages of other sites load, such as those of the widget."""


_OF_PAGES = ("base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'")
"""What `default-src` does not stand for."""


def page_headers(*sources: str) -> dict[str, str]:
    """The headers of a page that loads something.

    Args:
        sources: directives of its content security policy, such as `style-src 'self'`; all else is forbidden.
    """
    given = {source.partition(" ")[0] for source in sources}
    others = (directive for directive in _OF_PAGES if directive.partition(" ")[0] not in given)
    policy = ("default-src 'none'", *sources, *others)
    return {
        "Content-Security-Policy": "; ".join(policy),
        "Referrer-Policy": "strict-origin-when-cross-origin",
    }


class WithHeaders:
    """Middleware that adds headers to all answers that do not have them."""

    def __init__(self, app: ASGIApp, headers: Mapping[str, str] | None = None) -> None:
        """Wrap an application.

        Args:
            app: the application.
            headers: by default the strictest, for answers that load and are loaded by nothing.
        """
        self._app = app
        named = _OF_ALL if headers is None else headers
        self._headers = {name.lower().encode(): value.encode() for name, value in named.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the headers."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = message.get("headers", ())
                names = {name for name, _ in there}
                added = [header for header in self._headers.items() if header[0] not in names]
                message = {**message, "headers": [*there, *added]}
            await send(message)

        await self._app(scope, receive, send_with_headers)
