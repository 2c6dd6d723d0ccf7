"""WARC: what a crawler has kept. Responses that are pages of HTML are read."""

from collections.abc import Iterator
from typing import Any, BinaryIO

from service.files.errors import UnreadableFileError
from service.files.pages import article_of
from service.files.records import BEGINNING, MAX_RECORD, Record, Skipped, Start, Taken

_PAGES = ("text/html", "application/xhtml+xml")


def read(stream: BinaryIO, start: Start = BEGINNING) -> Iterator[Record]:
    """The articles in a file; records that are no responses are not counted.

    Raises:
        UnreadableFileError: it is no WARC file from some place on.
    """
    from warcio.archiveiterator import ArchiveIterator
    from warcio.exceptions import ArchiveLoadFailed

    number = 0
    try:
        for record in ArchiveIterator(stream):
            if record.rec_type != "response" or record.http_headers is None:
                continue
            number += 1
            if number > start.number:
                yield Record(number, _page(record))
    except (ArchiveLoadFailed, EOFError) as error:
        raise UnreadableFileError(f"it is not WARC from there on: {error}") from error
    if not number:
        raise UnreadableFileError("there is no response in it")


def _page(record: Any) -> Taken | Skipped:
    kind = record.http_headers.get_header("Content-Type") or ""
    if not kind.lower().strip().startswith(_PAGES):
        return Skipped(f"the response is no page, but {kind.partition(';')[0] or 'of no type'}")
    status = record.http_headers.get_statuscode()
    if status != "200":
        return Skipped(f"the response is no page, but has the status {status}")
    url = record.rec_headers.get_header("WARC-Target-URI") or ""
    return article_of(record.content_stream().read(MAX_RECORD), url.strip("<>"), kind)
