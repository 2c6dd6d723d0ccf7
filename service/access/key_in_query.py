"""The key that a widget sends in the query, kept away from what reads the query."""

from urllib.parse import unquote_plus

from fastapi import Request
from starlette.types import Scope

NAME = "key"
_REMEMBERED = "key_in_query"


def take(scope: Scope) -> str | None:
    """Take the key out of the query of a request, so that no route takes it for a parameter; None if there is none.

    Args:
        scope: of the request, before anything has read its query.
    """
    parts = scope["query_string"].split(b"&")
    keys = [part for part in parts if _name(part) == NAME]
    if not keys:
        return None
    scope["query_string"] = b"&".join(part for part in parts if part not in keys)
    return unquote_plus(keys[0].partition(b"=")[2].decode("latin-1"))


def remember(scope: Scope, key: str) -> None:
    """Keep the key, which is one, for links that lead on from the answer."""
    scope.setdefault("state", {})[_REMEMBERED] = key


def is_remembered(scope: Scope) -> bool:
    """Whether links that lead on from the answer have a key in them."""
    return _REMEMBERED in scope.get("state", {})


def leading_on(request: Request, query: str) -> str:
    """The query of an address that an answer leads on to: with the key, when it was sent like that."""
    key = getattr(request.state, _REMEMBERED, None)
    return "&".join(filter(None, (query, key and f"{NAME}={key}")))


def _name(part: bytes) -> str:
    return unquote_plus(part.partition(b"=")[0].decode("latin-1"))
