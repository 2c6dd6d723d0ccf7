"""Read whatever a site sends as a feed."""

import asyncio

from anyio import BrokenWorkerProcess, to_process

from service.feeds.items import ParsedFeed, UnreadableFeedError
from service.fetching.apart import bound

_SECONDS = 20.0
_START = 1024
"""Bytes in which the first character that is no white space has to be."""


async def read_apart(body: bytes, content_type: str | None, url: str) -> ParsedFeed:
    """Read a feed in a process of its own, which can be ended: what is read is anyone's.

    Args:
        body: as it was sent.
        content_type: the header of that name.
        url: where it was.

    Raises:
        UnreadableFeedError: it is none, or is made so that reading it does not end.
    """
    try:
        async with asyncio.timeout(_SECONDS):
            parsed = await to_process.run_sync(_read_bounded, body, content_type, url, cancellable=True)
    except (TimeoutError, BrokenWorkerProcess) as error:
        raise UnreadableFeedError("it is written so that it cannot be read") from error
    if isinstance(parsed, str):
        raise UnreadableFeedError(parsed)
    return parsed


def _read_bounded(body: bytes, content_type: str | None, url: str) -> ParsedFeed | str:
    """A feed, or why it is none; without a log, and with the memory of the process bounded."""
    bound()
    try:
        return read(body, content_type, url)
    except UnreadableFeedError as error:
        return str(error)
    except Exception:  # noqa: BLE001 - whatever makes a library fail is no feed for us
        return "it is written so that it cannot be read"


def read(body: bytes, content_type: str | None, url: str) -> ParsedFeed:
    """Read a feed of any format; see `read_apart`."""
    # Here, as the service itself has no other use for them.
    from service.feeds import json_feed, sitemap, syndicated
    from service.feeds.encoding import in_a_said_encoding
    from service.feeds.safe_xml import local_name, root_of

    body, content_type = in_a_said_encoding(body, content_type)
    start = body[:_START].lstrip()
    if not start:
        raise UnreadableFeedError("there is nothing in it")
    if start.startswith((b"{", b"[")):
        return json_feed.read(body, url)
    if any(name in body[: 4 * _START] for name in (b"urlset", b"sitemapindex")):
        root = root_of(body)
        if root is not None and local_name(root) in {"urlset", "sitemapindex"}:
            return sitemap.read(root, url)
    return syndicated.read(body, content_type, url)
