"""Feeds, as they are answered."""

from datetime import datetime

from pydantic import BaseModel, Field

from service.feeds.feed import FeedSettings, FeedState, KnownFeed, Progress
from service.feeds.folder import FeedBook
from service.feeds.schedule import Pace


class FeedOut(FeedSettings):
    """A feed, and how it is."""

    id: str = Field(description="What it is deleted by; derived from its URL.")
    state: FeedState = Field(
        description="`new`: not asked yet; `well`; `failing`: the last poll failed; `dead`: it is gone (410), or has "
        "failed for a week, and is asked once a day."
    )
    problem: str | None = Field(description="What was wrong with the last poll, if it failed.")
    failures: int = Field(description="How many polls have failed one after the other.")
    title: str | None = Field(description="What it calls itself.")
    format: str | None = Field(description="Such as `rss20`, `atom10`, `json11` or `sitemap`.")
    in_settings: bool = Field(description="Whether it is here because SIMILAR_NEWS_FEEDS names it.")
    added_at: datetime
    polled_at: datetime | None = Field(description="When it was asked last.")
    succeeded_at: datetime | None = Field(description="When that went well last.")
    news_at: datetime | None = Field(description="When it had something new last.")
    next_at: datetime | None = Field(description="When it is asked next; null for at once.")
    interval: float | None = Field(description="So many seconds are between two polls while it is well.")

    @classmethod
    def of(cls, feed: KnownFeed, progress: Progress) -> "FeedOut":
        """Of what is kept."""
        known = progress.model_dump(include=set(cls.model_fields))
        return cls.model_construct(
            **feed.model_dump(), **known, id=feed.feed_id, format=progress.kind, state=progress.state(Pace().dead_after)
        )


class FeedsOut(BaseModel):
    """All feeds."""

    items: list[FeedOut] = Field(description="Those first that were added first.")

    @classmethod
    def of(cls, book: FeedBook) -> "FeedsOut":
        """Of all that there are."""
        feeds = book.feeds().items()
        return cls.model_construct(items=[FeedOut.of(feed, book.progress(feed_id)) for feed_id, feed in feeds])
