"""The key that a widget sends in the query, kept away from what reads the query."""

from urllib.parse import unquote_plus

from fastapi import Request
from starlette.types import Scope

NAME = "key"


def take(scope: Scope) -> str | None:
    """Take the key out of the query of a request, so that no route takes it for a parameter; None if there is none.

    Args:
        scope: of the request, before anything has read its query.
    """
    sent = seen(scope)
    if sent is not None:
        parts = scope["query_string"].split(b"&")
        scope["query_string"] = b"&".join(part for part in parts if _name(part) != NAME)
    return sent


def seen(scope: Scope) -> str | None:
    """The key in the query of a request, which stays as it is; None if there is none."""
    for part in scope["query_string"].split(b"&"):
        if _name(part) == NAME:
            return unquote_plus(part.partition(b"=")[2].decode("latin-1"))
    return None


def remember(request: Request, key: str) -> None:
    """Keep the key, which is one, for links that lead on from the answer."""
    request.state.key_in_query = key


def leading_on(request: Request, query: str) -> str:
    """The query of an address that an answer leads on to: with the key, when it was sent like that."""
    key = getattr(request.state, "key_in_query", None)
    return "&".join(filter(None, (query, key and f"{NAME}={key}")))


def _name(part: bytes) -> str:
    return unquote_plus(part.partition(b"=")[0].decode("latin-1"))
