"""A service that anyone can reach asks for keys."""

import ipaddress
from pathlib import Path

from service.access import key_file
from service.settings import SettingsError


def refuse_open(address: str, keys: Path, *, allow_anonymous: bool) -> None:
    """Refuse to listen where others can reach the service while it needs no keys.

    Args:
        address: the numeric address that is listened on.
        keys: the file with the keys.
        allow_anonymous: whether that is wanted.

    Raises:
        SettingsError: it would be open.
        KeyFileError: the keys cannot be read; it would answer nobody.
    """
    if key_file.read(keys) is None and not allow_anonymous and not _is_loopback(address):
        raise SettingsError(
            f"listening on {address} while there are no keys would open the service to everyone who can reach it: "
            "create a key with 'similar-news keys create', or set SIMILAR_NEWS_ALLOW_ANONYMOUS=true if something else "
            "checks who asks"
        )


def _is_loopback(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    mapped = ip.ipv4_mapped if isinstance(ip, ipaddress.IPv6Address) else None
    return (mapped or ip).is_loopback
