"""A feed, and what is known of it."""

import hashlib
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from index.article import MAX_URL, Country, Lang, Name, canonical_url


def _without_fragment(url: str) -> str:
    canonical_url(url)  # or it is none
    return url.strip().partition("#")[0]


FeedUrl = Annotated[
    str, Field(json_schema_extra={"maxLength": MAX_URL, "format": "uri"}), AfterValidator(_without_fragment)
]


class FeedState(StrEnum):
    """How a feed is."""

    NEW = "new"
    """It was not asked yet."""
    WELL = "well"
    FAILING = "failing"
    """The last poll failed; it is asked again, more and more seldom."""
    DEAD = "dead"
    """It is gone (410), or has failed for a week. It is asked once a day, and may come back."""


class FeedSettings(BaseModel):
    """Which feed, and what counts more than what it says itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: FeedUrl = Field(
        description="Where it is: RSS, Atom, JSON Feed or a news sitemap.",
        examples=["https://harbor-tribune.example/feed.xml"],
    )
    source: Name | None = Field(None, description="The publisher's name; by default what the feed calls it.")
    country: Country | None = Field(None, description="The publisher's country, ISO 3166-1 alpha-2.")
    lang: Lang | None = Field(None, description="The language of all its articles, BCP 47.")
    full_text: bool = Field(
        default=False,
        strict=True,
        description="Whether the page of each new item is fetched, for the whole of its text.",
    )

    @property
    def feed_id(self) -> str:
        """By its canonical URL, so that a feed is there once."""
        return f"feed-{hashlib.sha256(canonical_url(self.url).encode()).hexdigest()[:16]}"


class KnownFeed(FeedSettings):
    """A feed as it is kept.

    Attributes:
        added_at: when it was.
        in_settings: whether it is here because SIMILAR_NEWS_FEEDS names it.
    """

    added_at: datetime
    in_settings: bool = False

    @property
    def given(self) -> FeedSettings:
        """What somebody gave."""
        return FeedSettings.model_validate(self.model_dump(include=set(FeedSettings.model_fields)))


class Progress(BaseModel):
    """What polling a feed has shown so far.

    Attributes:
        kind: its format, as far as that is known.
        title: what it calls itself.
        etag: what to ask with, to hear only of what is newer; `modified` likewise.
        modified: see above.
        digest: SHA-256 of what was sent last, for sites that say neither.
        every: seconds after which the feed wants to be asked again.
        interval: seconds to wait after a poll that succeeds.
        next_at: when it is asked again; None for at once.
        polled_at: when it was asked last.
        succeeded_at: when that went well last.
        news_at: when it had something new last.
        failures: how many polls failed since.
        failing_since: when the first of them did.
        is_gone: whether the site says that it will not come back.
        problem: what was wrong with the last poll.
    """

    model_config = ConfigDict(extra="ignore")

    kind: str | None = None
    title: str | None = None
    etag: str | None = None
    modified: str | None = None
    digest: str | None = None
    every: float | None = None
    interval: float | None = None
    next_at: datetime | None = None
    polled_at: datetime | None = None
    succeeded_at: datetime | None = None
    news_at: datetime | None = None
    failures: int = 0
    failing_since: datetime | None = None
    is_gone: bool = False
    problem: str | None = None

    def state(self, dead_after: float) -> FeedState:
        """How the feed is, when it is dead after failing for so many seconds."""
        if self.polled_at is None:
            return FeedState.NEW
        if self.failures == 0 or self.failing_since is None:
            return FeedState.WELL
        failed_for = (self.polled_at - self.failing_since).total_seconds()
        return FeedState.DEAD if self.is_gone or failed_for >= dead_after else FeedState.FAILING


class SeenItem(BaseModel):
    """An item that a feed had.

    Attributes:
        article_id: the id of its article.
        fingerprint: by which it is seen whether it was edited.
        version: of the article as this feed left it; None when it is not this feed's.
    """

    article_id: str
    fingerprint: str
    version: str | None = None


class SeenItems(BaseModel):
    """Items that a feed had, by their keys, those last that it had last."""

    items: dict[str, SeenItem] = Field(default_factory=dict)

    def note(self, key: str, item: SeenItem) -> None:
        """The feed has this item now."""
        self.items.pop(key, None)
        self.items[key] = item

    def forget_all_but(self, most: int) -> None:
        """Forget those that it had longest ago, but for so many."""
        for key in list(self.items)[: max(0, len(self.items) - most)]:
            del self.items[key]
