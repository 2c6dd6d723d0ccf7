"""Who asks, and for what kind of work."""

import ipaddress
from enum import StrEnum

from starlette.types import Scope

from service.access.identified import key_id

_UNLIMITED = frozenset({"/livez", "/readyz"})
"""Whoever watches over the service is answered however busy it is."""

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_ASKING = frozenset({"/v1/related"})
"""Where a POST keeps nothing."""

_IPV6_NETWORK_BITS = 64


class Kind(StrEnum):
    """Kinds of requests, which are limited apart from each other."""

    READS = "reads"
    INGEST = "ingest"


def kind_of(scope: Scope) -> Kind | None:
    """Of what kind a request is; None for what is never limited, and for what is no HTTP."""
    if scope["type"] != "http" or scope["path"] in _UNLIMITED:
        return None
    if scope["method"] in _SAFE or scope["path"] in _ASKING:
        return Kind.READS
    return Kind.INGEST


def caller_of(scope: Scope) -> str:
    """Who asks: the API key, or for those without one the network that they ask from."""
    key = key_id(scope)
    return f"key {key}" if key is not None else f"at {_network(scope)}"


def _network(scope: Scope) -> str:
    """An IPv4 address, of which callers seldom have two; of IPv6 the network of 64 bits, as callers have all of it."""
    client = scope.get("client")
    host = client[0] if client else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return str(host)  # a socket of another kind
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(address), _IPV6_NETWORK_BITS), strict=False))
