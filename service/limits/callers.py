"""Who asks, and for what kind of work."""

from enum import StrEnum

from starlette.types import Scope

from service.access.identified import key_id
from service.networks import network_of

UNLIMITED = frozenset({"/livez", "/readyz"})
"""Whoever watches over the service is answered however busy it is."""

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_ASKING = frozenset({"/v1/related"})
"""Where a POST keeps nothing."""


class Kind(StrEnum):
    """Kinds of requests, which are limited apart from each other."""

    READS = "reads"
    INGEST = "ingest"


def kind_of(scope: Scope) -> Kind | None:
    """Of what kind a request is; None for what is never limited, and for what is no HTTP."""
    if scope["type"] != "http" or scope["path"] in UNLIMITED:
        return None
    if scope["method"] in _SAFE or scope["path"] in _ASKING:
        return Kind.READS
    return Kind.INGEST


def caller_of(scope: Scope) -> str:
    """Who asks: the API key, or for those without one the network that they ask from."""
    key = key_id(scope)
    return f"key {key}" if key is not None else f"at {network_of(scope)}"
