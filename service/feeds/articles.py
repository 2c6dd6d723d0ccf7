"""An article from an item of a feed."""

from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import ValidationError

from index import Article
from index.article import MAX_TEXT, MAX_TITLE
from service.feeds.feed import KnownFeed
from service.feeds.items import Item, ParsedFeed
from service.fetching.said import MAX_NAME, host_of, language_said, worded


@dataclass(frozen=True, slots=True)
class Origin:
    """Where items come from: what counts for all of a feed.

    Attributes:
        feed: the feed, with what somebody has set for it.
        title: what it calls itself.
        lang: what it says its language is.
    """

    feed: KnownFeed
    title: str | None = None
    lang: str | None = None

    @classmethod
    def of(cls, feed: KnownFeed, parsed: ParsedFeed) -> "Origin":
        """That of all items of a feed."""
        return cls(feed, named(parsed.title), parsed.lang)


def article_of(item: Item, article_id: str, origin: Origin, now: datetime) -> Article | None:
    """The article that an item is; None if there are no words in it.

    Args:
        item: as the feed has it.
        article_id: under which it is kept.
        origin: the feed.
        now: no article is later than that.
    """
    title, text = worded(item.title, MAX_TITLE), worded(item.text, MAX_TEXT)
    if text == title:
        text = None
    published_at = item.published_at and min(item.published_at, now.astimezone(UTC))
    fields = {
        "id": article_id,
        "url": item.link,
        "title": title,
        "text": text,
        "lang": origin.feed.lang or language_said(item.lang or origin.lang, f"{title or ''}\n{text or ''}"),
        "published_at": published_at,
        "source": origin.feed.source or named(item.source) or origin.title or host_of(item.link or origin.feed.url),
        "country": origin.feed.country,
    }
    try:
        return Article.model_validate(fields)
    except ValidationError:
        return None


def named(said: str | None) -> str | None:
    """A name that was said, if it is one."""
    return worded((said or "").replace("\n", " "), MAX_NAME)
