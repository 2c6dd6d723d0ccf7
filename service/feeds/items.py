"""What a feed says, whatever its format."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Item:
    """One report, as a feed has it. Everything but the times is as it was written, without markup.

    Attributes:
        guid: what the feed calls it.
        link: where it can be read; absolute, http or https.
        title: the headline.
        text: as much of the text as the feed has.
        published_at: when it was published, or else changed; UTC when nothing says otherwise.
        updated_at: when it was changed.
        lang: what the feed says its language is.
        source: the publisher, where the feed names another one than itself.
    """

    guid: str | None = None
    link: str | None = None
    title: str | None = None
    text: str | None = None
    published_at: datetime | None = None
    updated_at: datetime | None = None
    lang: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """All that a feed has at one time.

    Attributes:
        kind: the format, such as `rss20`, `atom10`, `json11` or `sitemap`.
        title: what it calls itself.
        lang: what it says its language is.
        items: in its order, which is mostly from the newest to the oldest.
        deleted: what it has deleted (RFC 6721), by what it was called, with the time of that if it is given.
        every: seconds after which it wants to be asked again, if it says that.
    """

    kind: str
    title: str | None = None
    lang: str | None = None
    items: Sequence[Item] = ()
    deleted: Mapping[str, datetime | None] = field(default_factory=dict)
    every: float | None = None


class UnreadableFeedError(Exception):
    """The message says why what a site sent is no feed."""
