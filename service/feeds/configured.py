"""The poller as the settings want it."""

import logging
from datetime import UTC, datetime

from index import CoverageIndex
from service.feeds.feed import FeedSettings
from service.feeds.folder import NAME, FeedBook, FeedFolder
from service.feeds.keeping import ArticleKeeper
from service.feeds.poller import Clock, Poller, PollObserver, RealClock
from service.feeds.polling import FeedPolling
from service.feeds.schedule import Pace, tenth
from service.fetching.fetcher import Fetcher
from service.fetching.pages import Pages
from service.settings import Settings

_logger = logging.getLogger(__name__)


def configured_book(settings: Settings) -> FeedFolder:
    """The feeds of the data directory. Nothing is opened or made for that."""
    return FeedFolder(settings.data_dir / NAME)


def configured_poller(
    settings: Settings,
    index: CoverageIndex,
    fetcher: Fetcher,
    observer: PollObserver,
    *,
    clock: Clock | None = None,
    pace: Pace | None = None,
) -> Poller:
    """Make one.

    Args:
        settings: how it is to run.
        index: where articles are kept.
        fetcher: shared with others, who have half of its turns.
        observer: is told of every poll.
        clock: the time.
        pace: how often to ask.
    """
    clock, pace, book = clock or RealClock(), pace or Pace(), configured_book(settings)
    keeper = ArticleKeeper(index, Pages(fetcher), lambda: clock.sleep(pace.host_pause))
    polling = FeedPolling(book, fetcher, keeper, clock.now, pace, tenth)
    at_once = max(1, settings.max_concurrent_fetches // 2)
    return Poller(book, polling, clock=clock, pace=pace, at_once=at_once, observer=observer)


def follow_settings(settings: Settings, book: FeedBook) -> None:
    """Have the feeds that the settings name, and no longer those that they named before.

    Raises:
        FeedFileError: they cannot be kept.
    """
    there = book.feeds()
    wanted = {feed.feed_id: feed for feed in (FeedSettings(url=url) for url in settings.feeds)}
    for feed_id, feed in wanted.items():
        if feed_id not in there:
            book.add(feed, datetime.now(UTC), in_settings=True)
            _logger.info("the feed %s of SIMILAR_NEWS_FEEDS is added", feed_id)
    for feed_id, known in there.items():
        if known.in_settings and feed_id not in wanted:
            book.remove(feed_id)
            _logger.warning("the feed %s is not in SIMILAR_NEWS_FEEDS any more and is removed", feed_id)
