"""What may be asked at all: which URLs, and which addresses behind their names."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address

import httpx2

from service.fetching.addresses import Address, is_public
from service.fetching.errors import Failure, FetchError

MAX_URL = 4096

_SCHEMES = {"http": 80, "https": 443}
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})+\.?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_LOCAL = re.compile(r"(?:.+\.)?(?:localhost|local|internal|home\.arpa|localdomain)\.?")
_HOW = "only public pages are fetched"


@dataclass(frozen=True)
class Destinations:
    """Where pages may be fetched from.

    Attributes:
        ports: those that may be asked.
        networks: those that may be asked although they are not public.
    """

    ports: Collection[int] = (80, 443)
    networks: Sequence[IPv4Network | IPv6Network] = ()

    def parsed(self, url: str) -> httpx2.URL:
        """A URL, when it is one that may be asked. Whatever its host is a name for is still to be seen.

        Raises:
            FetchError: it is not.
        """
        if len(url) > MAX_URL:
            raise _refused(f"the URL is longer than {MAX_URL} characters")
        try:
            parsed = httpx2.URL(url)
        except httpx2.InvalidURL as error:
            raise _refused(f"the URL cannot be read: {error}") from error
        if parsed.scheme not in _SCHEMES:
            raise _refused("the URL is not an absolute one of http or https")
        if parsed.userinfo:
            raise _refused("the URL has a user name or a password in it")
        self._refuse_host(parsed.raw_host.decode("ascii"))
        self.refuse_port(parsed.port or _SCHEMES[parsed.scheme])
        return parsed

    def refuse_addresses(self, addresses: Collection[Address]) -> None:
        """Refuse what a name leads to, when any of it may not be asked: an attacker's name may lead to several.

        Raises:
            FetchError: it may not.
        """
        if not all(is_public(one) or any(one in network for network in self.networks) for one in addresses):
            raise _refused(f"the URL leads to an address that is not public; {_HOW}")

    def refuse_port(self, port: int) -> None:
        """Refuse a port that may not be asked.

        Raises:
            FetchError: it may not.
        """
        if port not in self.ports:
            raise _refused(f"the URL has the port {port}; SIMILAR_NEWS_FETCH_PORTS says which may be asked")

    def _refuse_host(self, host: str) -> None:
        """Refuse hosts that are neither a full name nor an address as everybody writes it.

        Other ways to write one, such as 2130706433, 0x7f.1 or 127.1, are read by some and not by others, so that what
        is checked may not be what is asked.
        """
        address = literal(host)
        if address is not None:
            self.refuse_addresses([address])
        elif not _NAME.fullmatch(host) or _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
            raise _refused("the URL's host is neither a full name nor an address in its usual form")
        elif _LOCAL.fullmatch(host) and not self.networks:
            raise _refused(f"the URL's host has a name of a private network; {_HOW}")


def literal(host: str) -> Address | None:
    """The address that a host is, without brackets; None if it is a name, or another way to write an address."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def _refused(message: str) -> FetchError:
    return FetchError(Failure.REFUSED, message)
