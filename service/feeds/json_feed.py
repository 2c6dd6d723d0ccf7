"""JSON Feed, 1 and 1.1 (jsonfeed.org)."""

import json
from typing import Any
from urllib.parse import urljoin

from service.feeds.items import Item, ParsedFeed, UnreadableFeedError
from service.feeds.markup import text_of
from service.feeds.moments import moment

_VERSION = "https://jsonfeed.org/version/"


def read(body: bytes, url: str) -> ParsedFeed:
    """Read a feed.

    Args:
        body: as it was sent.
        url: where it was, to which links are relative.

    Raises:
        UnreadableFeedError: it is none.
    """
    try:
        feed = json.loads(body.decode(), strict=False)
    except (ValueError, RecursionError) as error:
        raise UnreadableFeedError("it looks like JSON, but cannot be read as such") from error
    if not isinstance(feed, dict) or not isinstance(feed.get("items"), list):
        raise UnreadableFeedError("it is JSON, but not a JSON Feed: it has no list of 'items'")
    version = _words(feed.get("version")) or ""
    return ParsedFeed(
        kind="json" + version.removeprefix(_VERSION).replace(".", "") if version.startswith(_VERSION) else "json",
        title=_words(feed.get("title")),
        lang=_words(feed.get("language")),
        items=tuple(_item(one, url) for one in feed["items"] if isinstance(one, dict)),
    )


def _item(said: dict[str, Any], base: str) -> Item:
    guid = said.get("id")
    updated_at = moment(said.get("date_modified"))
    return Item(
        guid=str(guid).strip() or None if isinstance(guid, str | int | float) else None,
        link=_link(said, base),
        title=_words(said.get("title")),
        text=_text(said),
        published_at=moment(said.get("date_published")) or updated_at,
        updated_at=updated_at,
        lang=_words(said.get("language")),
    )


def _link(said: dict[str, Any], base: str) -> str | None:
    """Where it is; not what it is about, which is in `external_url`, unless there is nothing else."""
    written = _words(said.get("url")) or _words(said.get("external_url"))
    try:
        return urljoin(base, written) if written else None
    except ValueError:
        return None


def _text(said: dict[str, Any]) -> str | None:
    html = _words(said.get("content_html"))
    return _words(said.get("content_text")) or (text_of(html) if html else None) or _words(said.get("summary"))


def _words(said: object) -> str | None:
    return said.strip() or None if isinstance(said, str) else None
