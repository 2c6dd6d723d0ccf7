"""JSON Feed 1 and 1.1 (jsonfeed.org): the items of a site."""

from collections.abc import Iterator
from typing import Any, BinaryIO

from service.files.errors import UnreadableFileError
from service.files.json_documents import document, text
from service.files.markup import text_of_html
from service.files.records import BEGINNING, INVALID, Record, Skipped, Start, Taken, id_of, taken


def read(stream: BinaryIO, start: Start = BEGINNING) -> Iterator[Record]:
    """The articles in a feed.

    Raises:
        UnreadableFileError: it is no feed.
    """
    feed = document(stream)
    items = feed.get("items") if isinstance(feed, dict) else None
    if not isinstance(items, list):
        raise UnreadableFileError("it is no JSON Feed: it has no list of 'items'")
    for number, item in enumerate(items, start=1):
        if number > start.number:
            yield Record(number, _article(item, feed))


def _article(item: Any, feed: dict[str, Any]) -> Taken | Skipped:
    if not isinstance(item, dict):
        return Skipped("the item is no object", INVALID)
    url = text(item, "url") or text(item, "external_url")
    own = item.get("id")
    identifier = str(own) if isinstance(own, str | int | float) else None
    if not url and identifier is None:
        return Skipped("the item has neither an 'id' nor a 'url'", INVALID)
    # An item's id is unique in its feed only; where there is a URL, that tells the article.
    within = text(feed, "feed_url") or text(feed, "home_page_url") or text(feed, "title") or "feed"
    return taken(
        {
            "id": None if url else id_of(identifier or "", within),
            "url": url,
            "title": text(item, "title"),
            "text": text(item, "content_text") or text_of_html(text(item, "content_html")) or text(item, "summary"),
            "lang": text(item, "language") or text(feed, "language"),
            "published_at": text(item, "date_published"),
            "source": text(feed, "title"),
        }
    )
