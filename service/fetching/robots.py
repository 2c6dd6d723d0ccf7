"""What sites ask of programs (RFC 9309)."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import ClassVar

import httpx2
from cachetools import TLRUCache
from protego import Protego
from starlette.concurrency import run_in_threadpool

from service.fetching.errors import Failure, FetchError

_KEPT_SECONDS = 3600
"""RFC 9309 allows a day; in an hour a site that has just forbidden us is obeyed."""

_FAILURE_KEPT_SECONDS = 300
_MOST_KEPT_BYTES = 8 * 2**20
_SITE_BYTES = 1024
"""What a site with next to nothing in its robots.txt counts."""

_TOO_MANY = 429


@dataclass(frozen=True)
class RobotsFile:
    """An answered robots.txt.

    Attributes:
        status: of the answer.
        body: its beginning; what comes after `MOST_BYTES` does not count, as RFC 9309 allows.
    """

    MOST_BYTES: ClassVar[int] = 500 * 1024

    status: int
    body: bytes


@dataclass(frozen=True)
class _Rules:
    """What a site asks; None where it could not say, which forbids everything until it can."""

    parsed: Protego | None
    size: int
    seconds: float


class Robots:
    """Remembers what sites ask for, a while."""

    def __init__(self, name: str, fetch: Callable[[httpx2.URL], Awaitable[RobotsFile]]) -> None:
        """Obey what is asked of `name`.

        Args:
            name: the product token that a robots.txt calls us by, or matches by `*`.
            fetch: gives a robots.txt; what it raises is raised to who asked, and not remembered.
        """
        self._name = name
        self._fetch = fetch
        self._known: TLRUCache[str, _Rules] = TLRUCache(
            maxsize=_MOST_KEPT_BYTES,
            ttu=lambda _, rules, now: now + rules.seconds,
            timer=time.monotonic,
            getsizeof=lambda rules: rules.size,
        )

    async def refuse_unless_allowed(self, url: httpx2.URL) -> None:
        """Refuse what the site does not want fetched.

        Raises:
            FetchError: it does not, or cannot say.
        """
        at = url.copy_with(raw_path=b"/robots.txt", fragment=None)
        rules = self._known.get(str(at))
        if rules is None:
            rules = self._known[str(at)] = await run_in_threadpool(_read, await self._fetch(at))
        if rules.parsed is None:
            raise FetchError(Failure.ROBOTS, f"{url.host} does not say at present what it lets programs fetch")
        # Off the event loop, like the reading: a robots.txt may be long, and whoever wrote it may mean ill.
        if not await run_in_threadpool(rules.parsed.can_fetch, str(url), self._name):
            raise FetchError(Failure.ROBOTS, f"the robots.txt of {url.host} asks programs not to fetch it")


def _read(file: RobotsFile) -> _Rules:
    """By RFC 9309, a site that has no robots.txt allows all, and one that has an error nothing."""
    if file.status >= 500 or file.status == _TOO_MANY:  # noqa: PLR2004 - where errors of servers begin
        return _Rules(None, _SITE_BYTES, _FAILURE_KEPT_SECONDS)
    return _Rules(Protego.parse(file.body.decode("utf-8-sig", "replace")), _SITE_BYTES + len(file.body), _KEPT_SECONDS)
