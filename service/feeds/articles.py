"""An article from an item of a feed."""

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from pydantic import ValidationError

from index import Article
from index.article import MAX_TEXT, MAX_TITLE, clean_text
from index.language import UNDETERMINED, identify, primary, standard_tag
from service.feeds.feed import KnownFeed
from service.feeds.items import Item, ParsedFeed

_MAX_NAME = 200


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
        "lang": origin.feed.lang or _language(item.lang or origin.lang, f"{title or ''}\n{text or ''}"),
        "published_at": published_at,
        "source": origin.feed.source or named(item.source) or origin.title or _host(item.link or origin.feed.url),
        "country": origin.feed.country,
    }
    try:
        return Article.model_validate(fields)
    except ValidationError:
        return None


def worded(said: str | None, longest: int) -> str | None:
    """What was said, if there is a word in it; cut where it is too long."""
    whole = (said or "").encode(errors="replace").decode()  # JSON can have half a character
    cleaned = clean_text(whole)[:longest].strip()
    return cleaned if any(map(str.isalnum, cleaned)) else None


def named(said: str | None) -> str | None:
    """A name that was said, if it is one."""
    return worded((said or "").replace("\n", " "), _MAX_NAME)


def _language(said: str | None, words: str) -> str | None:
    """What the feed says, if its words do not say otherwise: many say `en-us` because others do."""
    try:
        tag = standard_tag(said or "")
    except ValueError:
        return None  # identified later
    seen = identify(words)
    return tag if seen in {UNDETERMINED, primary(tag)} else None


def _host(url: str) -> str:
    return (urlsplit(url).hostname or "").removeprefix("www.")
