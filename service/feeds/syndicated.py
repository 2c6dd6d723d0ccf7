"""RSS and Atom, as feedparser reads them, and what it does not read of them: deletions (RFC 6721)."""

import io
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

import feedparser

from service.feeds.items import Item, ParsedFeed, UnreadableFeedError
from service.feeds.markup import text_of
from service.feeds.moments import moment, moment_of_parts
from service.feeds.safe_xml import root_of

_TOMBSTONE = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"
_PERIODS = {"hourly": 3600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000, "yearly": 31_536_000}


def read(body: bytes, content_type: str | None, url: str) -> ParsedFeed:
    """Read a feed; what is not well-formed, as far as that goes.

    Args:
        body: as it was sent.
        content_type: the header of that name.
        url: where it was, to which links are relative.

    Raises:
        UnreadableFeedError: it is none.
    """
    headers = {"content-location": url} | ({"content-type": content_type} if content_type else {})
    # Of a stream, as it would fetch or open what a string names. Markup is taken out of the texts anyway.
    found = feedparser.parse(
        io.BytesIO(body), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
    )
    if not found.version and not found.entries:
        raise UnreadableFeedError("it is neither RSS nor Atom, nor a JSON Feed or a sitemap for news")
    return ParsedFeed(
        kind=found.version or "xml",
        title=_plain(found.feed, "title"),
        lang=_language(found.feed),
        items=tuple(map(_item, found.entries)),
        deleted=_deleted(body, url),
        every=_every(found.feed),
    )


def _item(entry: Mapping[str, Any]) -> Item:
    texts = [_without_markup(one) for one in (*entry.get("content", ()), entry.get("summary_detail") or {})]
    updated_at = moment_of_parts(entry.get("updated_parsed") if "updated" in entry else None)
    return Item(
        guid=entry.get("id") or None,
        link=entry.get("link") or None,
        title=_plain(entry, "title"),
        text=max(texts, key=len) or None,
        published_at=moment_of_parts(entry.get("published_parsed")) or updated_at,
        updated_at=updated_at,
        lang=_language(entry),
        source=_plain(entry.get("source") or {}, "title"),
    )


def _plain(said: Mapping[str, Any], name: str) -> str | None:
    """A text without its markup, if it has any."""
    return _without_markup(said.get(f"{name}_detail") or {"value": said.get(name)}) or None


def _without_markup(detail: Mapping[str, Any]) -> str:
    value = detail.get("value") or ""
    return str(text_of(value) if "html" in (detail.get("type") or "") else value).strip()


def _language(said: Mapping[str, Any]) -> str | None:
    """What it says its language is, else that of its words, which may be that of what is around them."""
    details = (said.get("title_detail"), *said.get("content", ()), said.get("summary_detail"))
    return said.get("language") or next((one["language"] for one in details if one and one.get("language")), None)


def _every(feed: Mapping[str, Any]) -> float | None:
    """Seconds, by the longer of RSS's `ttl` and the syndication module's period."""
    wanted = []
    if str(feed.get("ttl", "")).isdecimal():
        wanted.append(int(feed["ttl"]) * 60.0)
    period = _PERIODS.get(str(feed.get("sy_updateperiod", "")).strip().lower())
    if period:
        times = str(feed.get("sy_updatefrequency", "1")).strip()
        wanted.append(period / max(1, int(times) if times.isdecimal() else 1))
    return max(wanted, default=None)


def _deleted(body: bytes, base: str) -> dict[str, datetime | None]:
    if b"deleted-entry" not in body:
        return {}
    root = root_of(body)
    found = root.iter(_TOMBSTONE) if root is not None else ()
    # Absolute, as feedparser makes the ids of entries.
    return {urljoin(base, one.get("ref").strip()): moment(one.get("when")) for one in found if one.get("ref")}
