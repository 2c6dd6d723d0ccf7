"""Connections to addresses that were checked, and to no others."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Sequence
from ipaddress import ip_address
from typing import Any

import httpcore2
import httpx2

from service.fetching.addresses import Address
from service.fetching.destinations import Destinations, literal
from service.fetching.errors import Failure, FetchError

Resolve = Callable[[str], Awaitable[Sequence[Address]]]
"""Gives all addresses of a name, the best first.

Raises:
    OSError: there are none, or nobody can tell.
"""

_MOST_TRIED = 4
_MOST_KEPT = 16
_KEPT_SECONDS = 5.0
_FOR_FRAMES = 2**16
"""What may come in excess of a body: encodings that make it larger, and little that says nothing."""


async def resolve_by_system(name: str) -> list[Address]:
    """All addresses of a name, as this machine resolves it, in the order in which it would try them."""
    found = await asyncio.get_running_loop().getaddrinfo(name, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(address[0]) for *_, address in found))


class CheckedConnector(httpcore2.AsyncNetworkBackend):
    """Resolves a name once, refuses it when any of its addresses may not be asked, and connects to one of those.

    Nothing resolves it a second time, when it could lead elsewhere (DNS rebinding). TLS is told the name, so that the
    certificate is checked against it.
    """

    def __init__(
        self, destinations: Destinations, resolve: Resolve, connector: httpcore2.AsyncNetworkBackend | None = None
    ) -> None:
        """Check by `destinations`; `connector` is given addresses only."""
        self._destinations = destinations
        self._resolve = resolve
        self._connector = connector or httpcore2.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.AsyncNetworkStream:
        """Connect to a host.

        Raises:
            FetchError: it may not be asked, or there is no such host.
            httpcore2.ConnectError: it does not answer; `ConnectTimeout` likewise.
        """
        self._destinations.refuse_port(port)
        addresses = await self._addresses(host)
        self._destinations.refuse_addresses(addresses)
        *others, last = addresses[:_MOST_TRIED]
        for address in others:
            try:
                return await self._connector.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout):
                continue
        return await self._connector.connect_tcp(str(last), port, timeout, local_address, socket_options)

    async def _addresses(self, host: str) -> Sequence[Address]:
        address = literal(host)
        if address is not None:
            return [address]
        try:
            addresses = await self._resolve(host)
        except (OSError, UnicodeError) as error:
            raise FetchError(Failure.UNREACHABLE, f"there is no host {host}") from error
        if not addresses:
            raise FetchError(Failure.UNREACHABLE, f"there is no host {host}")
        return addresses


class CheckedTransport(httpx2.AsyncBaseTransport):
    """Sends requests by a connector, past any proxy that the environment names. Raises what httpcore2 raises."""

    def __init__(self, connector: CheckedConnector, max_bytes: int, tls: ssl.SSLContext | None = None) -> None:
        """Give no more than about `max_bytes` of a body, as it is sent; `tls` is the system's by default."""
        self._max_bytes = max_bytes
        self._pool = httpcore2.AsyncConnectionPool(
            ssl_context=tls,
            max_connections=None,  # bounded by whoever sends
            max_keepalive_connections=_MOST_KEPT,
            keepalive_expiry=_KEPT_SECONDS,
            network_backend=connector,
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request."""
        url = httpcore2.URL(
            scheme=request.url.raw_scheme,
            host=request.url.raw_host,
            port=request.url.port,
            target=request.url.raw_path,
        )
        sent = httpcore2.Request(request.method, url, headers=request.headers.raw, extensions=request.extensions)
        answered = await self._pool.handle_async_request(sent)
        body = _BoundedStream(answered, self._max_bytes + _FOR_FRAMES)
        return httpx2.Response(answered.status, headers=answered.headers, stream=body, extensions=answered.extensions)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._pool.aclose()


class _BoundedStream(httpx2.AsyncByteStream):
    """A body as it is sent: an encoding may hide from who decodes it how much has come."""

    def __init__(self, answered: httpcore2.Response, most: int) -> None:
        self._answered = answered
        self._most = most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        count = 0
        stream = self._answered.stream
        assert isinstance(stream, AsyncIterable)  # noqa: S101 - httpcore2 types both of its kinds alike
        async for part in stream:
            count += len(part)
            if count > self._most:
                raise FetchError(Failure.TOO_LARGE, f"more than {self._most} bytes are sent")
            yield part

    async def aclose(self) -> None:
        await self._answered.aclose()
