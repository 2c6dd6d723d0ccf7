"""The article in a saved page of HTML."""

import re
from collections.abc import Iterator
from typing import BinaryIO
from urllib.parse import urlsplit

from service.fetching.errors import FetchError
from service.files.records import BEGINNING, INVALID, MAX_RECORD, Record, Skipped, Start, Taken

_OWN_URL = re.compile(rb"""<(?:link|meta)\b[^>]*\b(?:rel=["']?canonical|property=["']?og:url)\b[^>]*>""", re.IGNORECASE)
_VALUE = re.compile(rb"""\b(?:href|content)=["']?([^"'\s>]+)""", re.IGNORECASE)


def read(stream: BinaryIO, start: Start = BEGINNING) -> Iterator[Record]:
    """The article in a file, which is one page."""
    if not start.number:
        page = stream.read(MAX_RECORD)
        url = own_url(page)
        what = article_of(page, url) if url else Skipped("the page does not say what its URL is", INVALID)
        yield Record(1, what)


def own_url(page: bytes) -> str | None:
    """What a page says its URL is."""
    for tag in _OWN_URL.findall(page):
        said = _VALUE.search(tag)
        url = said[1].decode(errors="replace").replace("&amp;", "&") if said else ""
        if url.startswith(("http://", "https://")) and urlsplit(url).hostname:
            return url
    return None


def article_of(page: bytes, url: str, content_type: str | None = None) -> Taken | Skipped:
    """The article in a page.

    Args:
        page: the HTML.
        url: where it was.
        content_type: what its server said, if known.
    """
    from service.fetching.extraction import extract  # here, as it takes long to import
    from service.fetching.pages import article_of as article_of_page

    try:
        extracted = extract(page, content_type, url)
    except Exception as error:  # noqa: BLE001 - whatever page makes a library fail, the next one is to be read
        return Skipped(f"the page cannot be read: {error}", INVALID)
    if extracted is None:
        return Skipped("it cannot be read as HTML", INVALID)
    try:
        return Taken(article_of_page(extracted, url).model_dump_json(exclude_none=True).encode())
    except (FetchError, ValueError) as error:
        return Skipped(str(error))
