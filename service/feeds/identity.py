"""Which items of a feed are the same, and under which id the article of each is kept."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from index.article import canonical_url, id_of_url
from service.feeds.items import Item

_START = 200
"""Characters of a text by which an item without an id, a link and a title is known: so much is seldom edited."""

_UNIQUE = ("tag:", "urn:")
"""What ids begin with that are no other feed's."""


@dataclass(frozen=True, slots=True)
class IdentifiedItem:
    """An item that is told from all others.

    Attributes:
        key: by which its feed is known to have had it before, whatever was edited; 32 hexadecimal digits.
        article_id: the id of its article, unless it had another one before.
        item: what it says. It has a link only if that can be the URL of an article.
    """

    key: str
    article_id: str
    item: Item

    @property
    def fingerprint(self) -> str:
        """By which it is seen whether the item was edited. A time alone is no edit: some feeds say "now" every time."""
        item = self.item
        return _digest(canonical_url(item.link) if item.link else "", item.title, item.text, item.lang, item.source)


def key_of_guid(guid: str) -> str:
    """The key of an item that its feed calls so."""
    return _digest("guid", guid)


def identified(items: Iterable[Item], feed_url: str) -> list[IdentifiedItem]:
    """Tell the items of a feed apart; each is given once, as it was changed last, or else as it comes first.

    Its article has the id of its URL, as that of anyone else has. Feeds are careless: one calls all items the same,
    another has all of them lead to its front page. Then neither counts for what it should be, and the other one does.

    Args:
        items: all that the feed has.
        feed_url: where it is; ids that it made up are its own.
    """
    linked = [replace(item, link=_article_url(item.link)) for item in items]
    places = [canonical_url(item.link) if item.link else "" for item in linked]
    places_of, titles_at, guids_at = defaultdict(set), defaultdict(set), defaultdict(set)
    for item, place in zip(linked, places, strict=True):
        places_of[item.guid].add(place)
        titles_at[place].add((item.title or "").casefold())
        guids_at[place].add(item.guid)
    found: dict[str, IdentifiedItem] = {}
    for item, place in zip(linked, places, strict=True):
        # Of several titles in one place, those of one guid are versions of one report.
        is_its_place = len(titles_at[place]) == 1 or (len(guids_at[place]) == 1 and item.guid is not None)
        guid = item.guid if len(places_of[item.guid]) == 1 else None
        one = _identified(item, feed_url, guid, item.link if is_its_place else None)
        known = found.get(one.article_id)
        if known is None or _is_later(item, known.item):
            found[one.article_id] = one
    return list(found.values())


def _identified(item: Item, feed_url: str, guid: str | None, link: str | None) -> IdentifiedItem:
    if guid:
        key = key_of_guid(guid)
    elif link:
        key = _digest("url", canonical_url(link))
    else:
        key = _digest("words", (item.title or (item.text or "")[:_START]).casefold())
    scope = "" if guid and guid.startswith(_UNIQUE) else feed_url
    article_id = id_of_url(link) if link else f"feed-{_digest(scope, key)}"
    return IdentifiedItem(key, article_id, item)


def _is_later(item: Item, other: Item) -> bool:
    return item.updated_at is not None and other.updated_at is not None and item.updated_at > other.updated_at


def _article_url(link: str | None) -> str | None:
    try:
        return link if link and canonical_url(link) else None
    except ValueError:
        return None


def _digest(*parts: str | None) -> str:
    text = "\0".join(part or "" for part in parts)
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:32]
