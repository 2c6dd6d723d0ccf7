"""Where requests come from, for what is counted by it, and where they go."""

import ipaddress

from starlette.types import Scope

_IPV6_NETWORK_BITS = 64


def address_of(host: str, port: int) -> str:
    """The address of a service that listens there."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def network_of(scope: Scope) -> str:
    """Where a caller asks from: an IPv4 address, of which callers seldom have two; of IPv6 the network of 64 bits.

    Whoever has one address of that has them all.
    """
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
