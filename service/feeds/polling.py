"""Ask for a feed once, and say when to ask again."""

import hashlib
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool

from index.errors import EncoderOverloadedError, SimilarNewsError
from service.feeds.articles import Origin
from service.feeds.feed import KnownFeed, Progress
from service.feeds.folder import FeedBook
from service.feeds.items import ParsedFeed, UnreadableFeedError
from service.feeds.keeping import ArticleKeeper, ItemOutcome
from service.feeds.reading import read_apart
from service.feeds.schedule import Jitter, Pace, max_age, retry_after
from service.fetching.errors import FetchError
from service.fetching.fetcher import Fetched, Fetcher, Known

TYPES = (
    "application/rss+xml",
    "application/atom+xml",
    "application/feed+json",
    "application/rdf+xml",
    "application/xml",
    "text/xml",
    "application/json",
)
_ALSO = ("application/x-rss+xml", "application/octet-stream", "binary/octet-stream", "text/plain", "text/html")
"""What feeds are called by mistake; not asked for, as a page might come."""

_GONE = 410
_NOT_MODIFIED = 304
_SUCCESS = range(200, 300)
_STORE_SECONDS = 60.0
_NEWS = (ItemOutcome.CREATED, ItemOutcome.UPDATED, ItemOutcome.DELETED)

_logger = logging.getLogger(__name__)


class PollOutcome(StrEnum):
    """How a poll ended."""

    NEWS = "news"
    NOTHING = "nothing"
    """There was something else than before, but nothing of it was new."""
    UNMODIFIED = "unmodified"
    """The site said so, or sent the very same again."""
    FAILED = "failed"
    PUT_OFF = "put_off"
    """This service could not take anything just then."""


@dataclass(frozen=True, slots=True)
class Polled:
    """What came of a poll.

    Attributes:
        outcome: how it ended.
        progress: what is known now.
        items: how many of its items ended how.
        rest: seconds in which the host is not to be asked for anything, if it said so.
    """

    outcome: PollOutcome
    progress: Progress
    items: Counter[ItemOutcome] = field(default_factory=Counter)
    rest: float = 0


class _UnwillingError(Exception):
    """The site answered that there is no feed, or not now."""

    def __init__(self, fetched: Fetched, now: datetime) -> None:
        super().__init__(f"{urlsplit(fetched.url).hostname} answered {fetched.status}")
        self.is_gone = fetched.status == _GONE
        self.wait = retry_after(fetched.headers, now)


class FeedPolling:
    """Asks for feeds, and keeps what is new in them."""

    def __init__(
        self,
        book: FeedBook,
        fetcher: Fetcher,
        keeper: ArticleKeeper,
        now: Callable[[], datetime],
        pace: Pace,
        jitter: Jitter,
    ) -> None:
        """Put the parts together.

        Args:
            book: remembers what was seen.
            fetcher: fetches feeds.
            keeper: keeps articles.
            now: the time, in UTC.
            pace: how often to ask.
            jitter: changes that a little.
        """
        self._book = book
        self._fetcher = fetcher
        self._keeper = keeper
        self._now = now
        self._pace = pace
        self._jitter = jitter

    async def poll(self, feed: KnownFeed, before: Progress) -> Polled:
        """Ask once. Whatever is wrong is in what it gives; of what is kept then nothing is lost."""
        progress = before.model_copy(update={"polled_at": self._now()})
        try:
            fetched = await self._fetcher.fetch(feed.url, TYPES, Known(before.etag, before.modified), also=_ALSO)
            return await self._answered(feed, progress, fetched)
        except (FetchError, UnreadableFeedError) as error:
            return self._failed(progress, str(error))
        except _UnwillingError as error:
            return self._failed(progress, str(error), error.wait, is_gone=error.is_gone)
        except EncoderOverloadedError as error:
            return self._put_off(before, float(error.retry_after))
        except SimilarNewsError as error:
            _logger.error("the items of %s were not kept: %s", feed.feed_id, error)  # noqa: TRY400 - it says it all
            return self._put_off(before, _STORE_SECONDS)

    async def _answered(self, feed: KnownFeed, progress: Progress, fetched: Fetched) -> Polled:
        if fetched.status == _NOT_MODIFIED and (progress.etag or progress.modified):
            return self._well(progress, fetched, PollOutcome.UNMODIFIED)
        if fetched.status not in _SUCCESS:
            raise _UnwillingError(fetched, self._now())
        digest = hashlib.sha256(fetched.body).hexdigest()
        if digest == progress.digest:
            return self._well(progress, fetched, PollOutcome.UNMODIFIED)
        parsed = await read_apart(fetched.body, fetched.headers.get("content-type"), fetched.url)
        return await self._keep(feed, progress, fetched, parsed, digest)

    async def _keep(
        self, feed: KnownFeed, progress: Progress, fetched: Fetched, parsed: ParsedFeed, digest: str
    ) -> Polled:
        origin = Origin.of(feed, parsed)
        seen = await run_in_threadpool(self._book.items, feed.feed_id)
        try:
            kept = await self._keeper.keep(parsed, origin, seen, self._now())
        finally:
            await run_in_threadpool(self._book.keep_items, feed.feed_id, seen)
        known = fetched.known if kept.is_all else Known()
        learned = {
            "kind": parsed.kind,
            "title": origin.title,
            "every": parsed.every,
            "etag": known.etag,
            "modified": known.modified,
            "digest": digest if kept.is_all else None,
        }
        outcome = PollOutcome.NEWS if any(kept.outcomes[one] for one in _NEWS) else PollOutcome.NOTHING
        return self._well(progress.model_copy(update=learned), fetched, outcome, kept.outcomes)

    def _well(
        self,
        progress: Progress,
        fetched: Fetched,
        outcome: PollOutcome,
        items: Counter[ItemOutcome] | None = None,
    ) -> Polled:
        now, had_news = self._now(), outcome is PollOutcome.NEWS
        hint = max(progress.every or 0, max_age(fetched.headers) or 0)
        interval = self._pace.next_interval(progress.interval, hint, had_news=had_news)
        now_known = {
            "interval": interval,
            "next_at": now + timedelta(seconds=self._jitter(interval)),
            "succeeded_at": now,
            "news_at": now if had_news else progress.news_at,
            "failures": 0,
            "failing_since": None,
            "is_gone": False,
            "problem": None,
        }
        return Polled(outcome, progress.model_copy(update=now_known), items or Counter())

    def _failed(self, progress: Progress, problem: str, wait: float | None = None, *, is_gone: bool = False) -> Polled:
        now, failures = self._now(), progress.failures + 1
        wanted = min(wait or 0, self._pace.failed_most)
        backed_off = self._pace.failed_most if is_gone else self._pace.back_off(failures, progress.interval)
        now_known = {
            "next_at": now + timedelta(seconds=max(self._jitter(backed_off), wanted)),
            "failures": failures,
            "failing_since": progress.failing_since or now,
            "is_gone": is_gone,
            "problem": problem,
        }
        return Polled(PollOutcome.FAILED, progress.model_copy(update=now_known), rest=wanted)

    def _put_off(self, before: Progress, wait: float) -> Polled:
        """As if it had not been asked, so that all of it comes again."""
        next_at = self._now() + timedelta(seconds=self._jitter(max(wait, 1)))
        return Polled(PollOutcome.PUT_OFF, before.model_copy(update={"next_at": next_at}))
