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
    parts = scope["query_string"].split(b"&")
    is_key = [_name(part) == NAME for part in parts]
    if not any(is_key):
        return None
    scope["query_string"] = b"&".join(part for part, taken in zip(parts, is_key, strict=True) if not taken)
    sent = parts[is_key.index(True)].partition(b"=")[2]
    return unquote_plus(sent.decode("latin-1"))


def remember(request: Request, key: str) -> None:
    """Keep the key, which is one, for links that lead on from the answer."""
    request.state.key_in_query = key


def leading_on(request: Request, query: str) -> str:
    """The query of an address that an answer leads on to: with the key, when it was sent like that."""
    key = getattr(request.state, "key_in_query", None)
    return "&".join(filter(None, (query, key and f"{NAME}={key}")))


def _name(part: bytes) -> str:
    return unquote_plus(part.partition(b"=")[0].decode("latin-1"))
