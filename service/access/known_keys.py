"""Which key a request was sent with, for what comes before the routes: limits, and the log."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from service.access import key_in_query
from service.access.key_file import FollowedKeyFile, KeyFileError


class KnownKeys:
    """Middleware that notes the id of a key that there is in `scope["state"]["key_id"]`, and refuses nobody.

    A key that is merely claimed is none: whoever made up new ones would be a new caller each time.
    """

    def __init__(self, app: ASGIApp, keys: FollowedKeyFile) -> None:
        """Wrap an application whose keys these are."""
        self._app = app
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Note the key, and pass the request on."""
        if scope["type"] == "http":
            scope.setdefault("state", {})["key_id"] = self._id(scope)
        await self._app(scope, receive, send)

    def _id(self, scope: Scope) -> str | None:
        try:
            ring = self._keys.current()
        except KeyFileError:  # the route says so
            return None
        sent = key_in_headers(Headers(scope=scope)) or key_in_query.seen(scope)
        key = ring.find(sent) if ring and sent else None
        return key.id if key else None


def key_in_headers(headers: Headers) -> str | None:
    """The key that was sent in a header, if one was."""
    scheme, _, sent = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and sent.strip():
        return sent.strip()
    return headers.get("x-api-key", "").strip() or None
