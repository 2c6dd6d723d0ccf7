"""Make articles of what a feed has, and keep them as those from the API are kept."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from starlette.concurrency import run_in_threadpool

from index import Article, CoverageIndex, PutStatus
from index.article import id_of_url
from index.encoder import Priority
from index.errors import TakenDownError, UnknownArticleError
from index.publishers import site_of
from index.store import StoredArticle
from service.feeds.articles import Origin, article_of
from service.feeds.feed import SeenItem, SeenItems
from service.feeds.identity import IdentifiedItem, identified, key_of_guid
from service.feeds.items import Item, ParsedFeed
from service.fetching.errors import FetchError
from service.fetching.pages import Pages

MOST_ITEMS = 2_000
"""So many items of a feed are read, and as many more are remembered that it does not have any more."""

_AT_ONCE = 32
_MOST_PAGES = 20
"""So many pages are fetched in one poll; what is left waits for the next one."""

_STILL_WHOLE = 0.5
"""An edit that leaves less of a text is none, but another feed's shorter version of it."""


class ItemOutcome(StrEnum):
    """What became of an item."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    """It is as it was, or its article is there in a version that is as good."""
    TAKEN_DOWN = "taken_down"
    """Its article was taken down before, and is not accepted."""
    DELETED = "deleted"
    """The feed says that it is, and its article was taken down."""
    INVALID = "invalid"
    """There are no words in it."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of the items of a feed.

    Attributes:
        outcomes: how many ended how.
        is_all: whether none is left for the next poll.
    """

    outcomes: Counter[ItemOutcome]
    is_all: bool = True


@dataclass(frozen=True, slots=True)
class _New:
    one: IdentifiedItem
    article: Article


class ArticleKeeper:
    """Keeps the articles of feeds in an index."""

    def __init__(self, index: CoverageIndex, pages: Pages, pause: Callable[[], Awaitable[None]]) -> None:
        """Keep articles.

        Args:
            index: where they are kept.
            pages: reads those of feeds whose pages are to be fetched.
            pause: waits between two pages of one feed.
        """
        self._index = index
        self._pages = pages
        self._pause = pause

    async def keep(self, parsed: ParsedFeed, origin: Origin, seen: SeenItems, now: datetime) -> Kept:
        """Keep what is new or edited, and take down what the feed has deleted. What it merely has no more stays.

        Args:
            parsed: all that the feed has.
            origin: the feed.
            seen: the items that it had; brought up to date.
            now: the time.

        Raises:
            EncoderOverloadedError: too much is waiting to be embedded; nothing was kept.
            StoreError: the store cannot be read or written; what was kept before is noted.
        """
        outcomes: Counter[ItemOutcome] = Counter()
        new = await run_in_threadpool(lambda: list(self._new(parsed, origin, seen, now, outcomes)))
        some = new[:_MOST_PAGES] if origin.feed.full_text else new
        if some:
            self._index.refuse_overload()
        for start in range(0, len(some), _AT_ONCE):
            chunk = some[start : start + _AT_ONCE]
            if origin.feed.full_text:
                chunk = [await self._whole(one, is_first=one is some[0], seen=seen) for one in chunk]
            await self._put(chunk, seen, outcomes)
        outcomes[ItemOutcome.DELETED] += await run_in_threadpool(self._take_down, parsed, origin, seen)
        seen.forget_all_but(2 * MOST_ITEMS)
        return Kept(+outcomes, is_all=len(some) == len(new))

    def _new(
        self, parsed: ParsedFeed, origin: Origin, seen: SeenItems, now: datetime, outcomes: Counter[ItemOutcome]
    ) -> Iterator[_New]:
        for one in identified(parsed.items[:MOST_ITEMS], origin.feed.url):
            known = seen.items.get(one.key)
            if known is not None and known.fingerprint == one.fingerprint:
                seen.note(one.key, known)
                outcomes[ItemOutcome.UNCHANGED] += 1
                continue
            found = self._article(one, known, origin, now)
            if isinstance(found, Article):
                yield _New(one, found)
            else:
                seen.note(one.key, found[1])
                outcomes[found[0]] += 1

    def _article(
        self, one: IdentifiedItem, known: SeenItem | None, origin: Origin, now: datetime
    ) -> Article | tuple[ItemOutcome, SeenItem]:
        """The article that is to be put; or what became of the item without that, and what is to be remembered."""
        article_id = known.article_id if known else one.article_id
        item = one.item
        if origin.feed.full_text and item.link and not (item.title or item.text):
            item = replace(item, title=item.link)  # until its page is there
        article = article_of(item, article_id, origin, now)
        left = SeenItem(article_id=article_id, fingerprint=one.fingerprint)
        if article is None:
            return ItemOutcome.INVALID, left
        try:
            stored = self._index.article(article_id)
        except UnknownArticleError:
            return article
        except TakenDownError:
            return ItemOutcome.TAKEN_DOWN, left
        if known is not None and known.version == stored.version:
            return article
        return article if _is_better(article, stored, origin, known) else (ItemOutcome.UNCHANGED, left)

    async def _put(self, chunk: Sequence[_New], seen: SeenItems, outcomes: Counter[ItemOutcome]) -> None:
        articles = [one.article for one in chunk if _has_words(one)]
        # As the lines of a batch: asked once whether there is room, and waiting its turn from then on.
        puts = iter(await self._index.put_async(articles, priority=Priority.BULK, admitted=True))
        for new in chunk:
            put = next(puts) if _has_words(new) else None
            version = put.version if put else None
            fingerprint = new.one.fingerprint
            seen.note(new.one.key, SeenItem(article_id=new.article.id, fingerprint=fingerprint, version=version))
            outcomes[_outcome(put.status) if put else ItemOutcome.INVALID] += 1

    async def _whole(self, new: _New, *, is_first: bool, seen: SeenItems) -> _New:
        """The same with the text of its page, if there is one that can be read; else what the feed has of it."""
        article = new.article
        if article.url is None:
            return new
        if not is_first:
            await self._pause()
        try:
            page = await self._pages.article(article.url, article)
        except FetchError:
            return new
        is_of_url = article.id == id_of_url(article.url) and new.one.key not in seen.items
        return replace(new, article=page if is_of_url else page.model_copy(update={"id": article.id}))

    def _take_down(self, parsed: ParsedFeed, origin: Origin, seen: SeenItems) -> int:
        """Take down what the feed says is deleted, if it brought it, and it is of the feed's own site."""
        living = {item.guid: item for item in parsed.items if item.guid}
        doomed = []
        for guid, when in parsed.deleted.items():
            known = seen.items.get(key_of_guid(guid))
            if known is None or known.version is None or _came_back(living.get(guid), when):
                continue
            if self._is_own(known, origin):
                doomed.append(known.article_id)
        return len(self._index.takedowns.by_ids(doomed)) if doomed else 0

    def _is_own(self, known: SeenItem, origin: Origin) -> bool:
        try:
            stored = self._index.article(known.article_id)
        except (UnknownArticleError, TakenDownError):
            return False
        return stored.article.url is None or site_of(stored.article.url) == site_of(origin.feed.url)


def _is_better(article: Article, stored: StoredArticle, origin: Origin, known: SeenItem | None) -> bool:
    """Whether an article is to replace what somebody else has sent of it: the publisher's own, if fuller or edited."""
    there = stored.article
    if article.words == there.words or site_of(article.url or "") != site_of(origin.feed.url):
        return False
    least = _STILL_WHOLE * len(there.words) if known else len(there.words)
    return len(article.words) > least


def _came_back(item: Item | None, deleted_at: datetime | None) -> bool:
    """Whether an item is there again that was deleted before."""
    if item is None or item.updated_at is None or deleted_at is None:
        return False
    return item.updated_at > deleted_at


def _has_words(new: _New) -> bool:
    """Whether there is more to an article than the URL that stood for its words."""
    return new.article.title != new.article.url


def _outcome(status: PutStatus) -> ItemOutcome:
    return ItemOutcome(status.value)
