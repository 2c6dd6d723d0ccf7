"""The article in a saved page of HTML."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from service.files.records import BEGINNING, INVALID, MAX_RECORD, Record, Skipped, Start, Taken, taken

_LEAST_TEXT = 80
"""Characters. A caption has fewer, the shortest item of news about as many."""


def read(stream: BinaryIO, start: Start = BEGINNING, *, path: Path | None = None) -> Iterator[Record]:
    """The article in a file, which is one page; `path` tells it from others where it does not say what its URL is."""
    if not start.number:
        yield Record(1, article_of(stream.read(MAX_RECORD), path=path))


def article_of(
    page: bytes, *, content_type: str | None = None, url: str | None = None, path: Path | None = None
) -> Taken | Skipped:
    """The article in a page.

    Args:
        page: the HTML.
        content_type: what its server said, if known.
        url: where it was, if known; or else where it says that it is.
        path: where it is, if it has no URL.
    """
    import trafilatura
    from w3lib.encoding import html_to_unicode

    try:
        words = html_to_unicode(content_type, page, auto_detect_fun=_detected)[1]
        found = trafilatura.bare_extraction(
            words, url=url, with_metadata=True, include_comments=False, include_tables=False
        )
    except Exception as error:  # noqa: BLE001 - whatever page makes a library fail, the next one is to be read
        return Skipped(f"the page cannot be read: {error}", INVALID)
    if found is None or isinstance(found, dict) or len(found.text or "") < _LEAST_TEXT:
        return Skipped("there is no text of an article on the page")
    where = url or found.url
    if not where and path is None:
        return Skipped("the page does not say what its URL is", INVALID)
    return taken(
        {
            "id": None if where else f"file-{hashlib.sha256(str(path).encode()).hexdigest()[:32]}",
            "url": where,
            "title": found.title,
            "text": found.text,
            "lang": found.language,
            "published_at": found.date,
            "source": found.sitename,
        }
    )


def _detected(page: bytes) -> str:
    from service.files.csv_files import detected_encoding

    return detected_encoding(page[: 2**16])
