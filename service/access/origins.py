"""Origins of web pages, exactly as browsers write them."""

import re
from typing import Annotated

from pydantic import AfterValidator

_LABEL = r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?"
_ORIGIN = re.compile(
    rf"(?P<scheme>https?)://(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-f:.]+\])(?::(?P<port>[1-9][0-9]{{0,4}}))?", re.ASCII
)
_ADDRESS = re.compile(r"(https?://[^/?#\\@\s]+)(?:[/?#]\S*)?", re.ASCII)
_DEFAULT_PORTS = {"http": "80", "https": "443"}
_LAST_PORT = 65_535


def checked(origin: str) -> str:
    """The origin, which is what a browser sends for a page, character by character.

    Raises:
        ValueError: no browser sends this, so that it would never match.
    """
    parts = _ORIGIN.fullmatch(origin)
    if parts is None:
        raise ValueError(
            f"{origin!r} is no origin: give scheme, host and, if need be, port as a browser sends them, such as "
            "'https://example.org': no path or '/' at the end, no '*', all in lower case, other letters as 'xn--…'"
        )
    port = parts["port"]
    if port is not None and (port == _DEFAULT_PORTS[parts["scheme"]] or int(port) > _LAST_PORT):
        raise ValueError(f"{origin!r}: no browser sends the port {port} with {parts['scheme']}")
    return origin


Origin = Annotated[str, AfterValidator(checked)]
"""An origin that a browser could send."""


def origin_of(address: str) -> str | None:
    """The origin of the page with an address, as `Referer` has it; None of what no browser sends there."""
    parts = _ADDRESS.fullmatch(address)
    return parts[1] if parts else None
