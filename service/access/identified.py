"""Who sent a request, for all that comes after: limits, kept answers, routes and the log."""

from starlette.types import ASGIApp, Receive, Scope, Send

from service.access.callers import Identified, identify
from service.access.key_file import FollowedKeyFile
from service.access.wrong_keys import WrongKeys

_NAME = "identified"


class IdentifiedCallers:
    """Middleware that finds out who asks, and refuses nobody: what is public is open to all."""

    def __init__(self, app: ASGIApp, keys: FollowedKeyFile) -> None:
        """Wrap an application whose keys these are."""
        self._app = app
        self._keys = keys
        self._wrong_keys = WrongKeys()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Note who asks, and pass the request on."""
        if scope["type"] == "http":
            scope.setdefault("state", {})[_NAME] = identify(scope, self._keys, self._wrong_keys)
        await self._app(scope, receive, send)


def identified(scope: Scope) -> Identified:
    """Who asks, as it was noted.

    Raises:
        KeyError: nobody has noted it. There is no caller who is let in without that.
    """
    found: Identified = scope["state"][_NAME]
    return found


def key_id(scope: Scope) -> str | None:
    """The id of the key that a request was sent with, if there is one; None also before it was found out."""
    found: Identified | None = scope.get("state", {}).get(_NAME)
    return found.key.id if found is not None and found.key is not None else None
