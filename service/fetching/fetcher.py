"""Fetch what is at a URL: redirects, bounds, and what a site asks of programs in its robots.txt."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Self

import httpcore2
import httpx2

from service.fetching.connecting import CheckedConnector, CheckedTransport, Resolve, resolve_by_system
from service.fetching.destinations import Destinations
from service.fetching.errors import Failure, FetchError
from service.fetching.robots import Robots, RobotsFile

MAX_REDIRECTS = 5
"""As many as RFC 9309 wants followed to a robots.txt; sites need two or three, for https, www and an edition."""

_CONNECT_SECONDS = 5.0
"""So that there is time left for another address of the host."""

_WAIT_SECONDS = 5.0
_ENCODINGS = {"gzip", "deflate", "br", "identity"}
_MAX_ENCODINGS = 2
_REDIRECTS = {301, 302, 303, 307, 308}
_SUCCESS = range(200, 300)


@dataclass(frozen=True)
class FetchLimits:
    """How much one fetch may take, and all of them.

    Attributes:
        max_bytes: of a body, when it is inflated.
        seconds: for all of it, with robots.txt and redirects.
        at_once: how many run; others wait a little for their turn.
    """

    max_bytes: int = 4 * 2**20
    seconds: float = 20
    at_once: int = 8


@dataclass(frozen=True)
class Known:
    """What was fetched before: by its `ETag` or `Last-Modified` a site says that it is still the same."""

    etag: str | None = None
    modified: str | None = None

    def headers(self) -> dict[str, str]:
        """Those of a request for what is newer."""
        named = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {name: value for name, value in named.items() if value}


@dataclass(frozen=True)
class Fetched:
    """What a site answered.

    Attributes:
        url: where it was at last, after all redirects.
        status: 304 when it is what is known; 4xx and 5xx are answers, too.
        headers: whatever they were called, in small letters and capitals alike.
        body: inflated; empty unless the status is 2xx.
    """

    url: str
    status: int
    headers: httpx2.Headers
    body: bytes = b""

    @property
    def known(self) -> Known:
        """What to ask with the next time."""
        return Known(self.headers.get("etag"), self.headers.get("last-modified"))


class Fetcher:
    """Fetches from public addresses, on one event loop; to be closed after use."""

    def __init__(
        self,
        user_agent: str,
        limits: FetchLimits | None = None,
        destinations: Destinations | None = None,
        *,
        resolve: Resolve = resolve_by_system,
        connector: httpcore2.AsyncNetworkBackend | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Fetch within limits, and from certain destinations.

        Args:
            user_agent: how it is called; what is before a `/` is what robots.txt calls it.
            limits: how much a fetch may take.
            destinations: what may be asked.
            resolve: gives the addresses of names.
            connector: connects to addresses; it is never given a name.
            tls: whose certificates are trusted; by default those that the system trusts.
        """
        self._limits = limits or FetchLimits()
        self._destinations = destinations or Destinations()
        checked = CheckedConnector(self._destinations, resolve, connector)
        self._client = httpx2.AsyncClient(
            transport=CheckedTransport(checked, self._limits.max_bytes, tls or httpx2.create_ssl_context()),
            headers={"User-Agent": user_agent, "Accept-Encoding": "gzip, deflate, br"},
            timeout=httpx2.Timeout(None, connect=_CONNECT_SECONDS),  # the whole has its own
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),  # what one site sets is nothing to the next
            trust_env=False,
        )
        self._robots = Robots(user_agent.partition("/")[0], self._robots_file)
        self._turns = asyncio.Semaphore(self._limits.at_once)

    async def __aenter__(self) -> Self:
        """Nothing to open: connections are made as they are needed."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def fetch(
        self, url: str, types: Collection[str], known: Known | None = None, *, also: Collection[str] = ()
    ) -> Fetched:
        """Fetch what is at a URL.

        Args:
            url: where it is.
            types: media types of which it may be; of another one nothing is read.
            known: what was fetched before.
            also: further types, which are taken but not asked for.

        Raises:
            FetchError: it may not be fetched, cannot be, or is too much.
        """
        headers = {"Accept": ", ".join([*types, "*/*;q=0.1"]), **(known or Known()).headers()}
        async with self._turn():
            try:
                async with asyncio.timeout(self._limits.seconds):
                    return await self._follow(url, headers, [*types, *also])
            except TimeoutError as error:
                message = f"it was not there within {self._limits.seconds:g} seconds"
                raise FetchError(Failure.TIMEOUT, message) from error

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(_WAIT_SECONDS):
                await self._turns.acquire()
        except TimeoutError as error:
            raise FetchError(Failure.BUSY, "too much is being fetched already; try again later") from error
        try:
            yield
        finally:
            self._turns.release()

    async def _follow(self, url: str, headers: Mapping[str, str], types: Collection[str]) -> Fetched:
        """What is at a URL, or where that leads; each step is checked as if it had been asked for."""

        async def ask(at: httpx2.URL) -> Fetched:
            await self._robots.refuse_unless_allowed(at)
            return await self._ask(at, headers, lambda response: _refuse_type(response, types))

        return await self._led_on(url, ask)

    async def _led_on(self, url: str, ask: Callable[[httpx2.URL], Awaitable[Fetched]]) -> Fetched:
        seen: set[str] = set()
        while len(seen) <= MAX_REDIRECTS:
            at = self._destinations.parsed(url)
            if str(at) in seen:
                raise FetchError(Failure.UNREACHABLE, "the site leads from one address to another in a circle")
            seen.add(str(at))
            answered = await ask(at)
            leads_to = answered.headers.get("location")
            if answered.status not in _REDIRECTS or not leads_to:
                return answered
            url = _joined(at, leads_to)
        raise FetchError(Failure.UNREACHABLE, f"the site leads from one address to another, {MAX_REDIRECTS} times")

    async def _robots_file(self, url: httpx2.URL) -> RobotsFile:
        async def ask(at: httpx2.URL) -> Fetched:
            return await self._ask(at, {"Accept": "text/plain, */*;q=0.1"}, cut_at=RobotsFile.MOST_BYTES)

        answered = await self._led_on(str(url), ask)
        return RobotsFile(answered.status, answered.body)

    async def _ask(
        self,
        url: httpx2.URL,
        headers: Mapping[str, str],
        check: Callable[[httpx2.Response], None] | None = None,
        cut_at: int | None = None,
    ) -> Fetched:
        """What is at a URL itself.

        Args:
            url: one that may be asked.
            headers: of the request.
            check: refuses a successful answer before its body is read.
            cut_at: read so many bytes and no more; by default, more than the limit is an error.
        """
        try:
            async with self._client.stream("GET", url, headers=dict(headers)) as response:
                if response.status_code not in _SUCCESS:
                    return Fetched(str(url), response.status_code, response.headers)
                if check:
                    check(response)
                body = await self._body(response, cut_at)
                return Fetched(str(url), response.status_code, response.headers, body)
        except httpcore2.TimeoutException as error:
            raise FetchError(Failure.TIMEOUT, f"{url.host} does not answer in time") from error
        except (httpcore2.NetworkError, httpcore2.ProtocolError, ssl.SSLError, OSError) as error:
            raise FetchError(Failure.UNREACHABLE, f"{url.host} does not answer, or not in HTTP") from error
        except httpx2.DecodingError as error:
            raise FetchError(Failure.UNREACHABLE, "what the site sends is not compressed as it says") from error

    async def _body(self, response: httpx2.Response, cut_at: int | None) -> bytes:
        _refuse_encoding(response)
        most = self._limits.max_bytes if cut_at is None else cut_at
        body = bytearray()
        async for part in response.aiter_bytes():  # in pieces of at most 1 MiB, however little was sent for them
            body += part
            if len(body) > most:
                if cut_at is None:
                    raise FetchError(Failure.TOO_LARGE, f"it is larger than {most} bytes")
                break
        return bytes(body[:most])


def _joined(url: httpx2.URL, leads_to: str) -> str:
    try:
        return str(url.join(leads_to))
    except httpx2.InvalidURL as error:
        raise FetchError(Failure.REFUSED, f"the site leads to what is no URL: {error}") from error


def _refuse_type(response: httpx2.Response, types: Collection[str]) -> None:
    """Refuse what is of another type than is wanted; what says nothing of its type is looked at."""
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type and media_type not in types:
        raise FetchError(Failure.NOT_A_PAGE, f"it is {media_type[:100]!r}, not one of {', '.join(types)}")


def _refuse_encoding(response: httpx2.Response) -> None:
    encodings = [one.strip().lower() for one in response.headers.get("content-encoding", "identity").split(",")]
    if len(encodings) > _MAX_ENCODINGS or not _ENCODINGS.issuperset(encodings):
        raise FetchError(Failure.UNREACHABLE, "the site compresses in a way that was not asked for")
