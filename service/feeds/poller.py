"""Ask for many feeds, each in its time, and none at the expense of others."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Protocol
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool

from index.errors import SimilarNewsError
from service.feeds.feed import FeedState, KnownFeed, Progress
from service.feeds.folder import FeedBook
from service.feeds.keeping import ItemOutcome
from service.feeds.polling import Polled, PollOutcome
from service.feeds.schedule import Pace

_logger = logging.getLogger(__name__)

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


class Clock(Protocol):
    """The time, which a test can make pass."""

    def now(self) -> datetime:
        """The time, in UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let so much time pass."""
        ...


class RealClock:
    """The time as it is."""

    def now(self) -> datetime:
        """See `Clock`."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """See `Clock`."""
        await asyncio.sleep(seconds)


class Asks(Protocol):
    """Asks for one feed, as `service.feeds.polling.FeedPolling` does."""

    async def poll(self, feed: KnownFeed, before: Progress) -> Polled:
        """Ask once."""
        ...


class PollObserver(Protocol):
    """Is told of what is polled."""

    def polled(self, outcome: PollOutcome, items: Counter[ItemOutcome]) -> None:
        """A poll has ended."""
        ...


class Poller:
    """Polls all feeds of a book, on one event loop.

    One feed of a host is asked at a time, with a pause after it. A feed that takes long keeps a place among those that
    are asked at once, and no other feed of another host waits for it unless all places are taken.
    """

    def __init__(
        self, book: FeedBook, polling: Asks, *, clock: Clock, pace: Pace, at_once: int, observer: PollObserver
    ) -> None:
        """Poll feeds.

        Args:
            book: the feeds; it is looked at again every `look_seconds`, and when `wake` is called.
            polling: asks for one of them.
            clock: the time.
            pace: how often to ask.
            at_once: how many feeds are asked at once.
            observer: is told of every poll.
        """
        self.look_seconds = 60.0
        self._book = book
        self._polling = polling
        self._clock = clock
        self._pace = pace
        self._at_once = at_once
        self._observer = observer
        self._feeds: dict[str, KnownFeed] = {}
        self._progress: dict[str, Progress] = {}
        self._under_way: dict[str, asyncio.Task[Polled]] = {}
        self._free_at: dict[str, datetime] = {}
        self._woken = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._look_at = _LONG_AGO

    @property
    def under_way(self) -> int:
        """How many feeds are asked just now."""
        return len(self._under_way)

    def states(self) -> Counter[FeedState]:
        """How many feeds are in which state."""
        return Counter(one.state(self._pace.dead_after) for one in self._progress.values())

    def wake(self) -> None:
        """Look at once at which feeds there are. May be called from any thread."""
        self._look_at = _LONG_AGO
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._woken.set)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Poll for as long as the block lasts. What is asked then is broken off; what is being kept is kept."""
        self._loop = asyncio.get_running_loop()
        task = asyncio.create_task(self.run())
        try:
            yield
        finally:
            self._loop = None
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def run(self) -> None:
        """Poll for ever."""
        try:
            while True:
                try:
                    await self._turn()
                except Exception:  # such as that the disk does not answer: nobody would see that polling has ended
                    _logger.exception("feeds could not be polled; tried again in %g seconds", self.look_seconds)
                    await self._clock.sleep(self.look_seconds)
        finally:
            await self._end()

    async def _turn(self) -> None:
        """Ask for what is to be asked for now, and wait until there is something else to do."""
        await self._look()
        next_at = self._start({one: known.next_at or _LONG_AGO for one, known in self._progress.items()})
        await self._wait(min(next_at, self._look_at))

    async def poll_once(self, feed_ids: Collection[str] | None = None) -> dict[str, Polled]:
        """Ask for feeds now, whether it is their time or not.

        Args:
            feed_ids: which; None for all.

        Returns:
            What came of each, by its id.
        """
        await self._look()
        waiting = set(self._feeds if feed_ids is None else feed_ids).intersection(self._feeds)
        polled: dict[str, Polled] = {}
        try:
            while waiting or self._under_way:
                next_at = self._start(dict.fromkeys(waiting, _LONG_AGO))
                waiting -= self._under_way.keys()
                polled |= await self._wait(next_at)
        finally:
            await self._end()
        return polled

    async def _look(self) -> None:
        """See which feeds there are, every now and then."""
        if self._clock.now() < self._look_at:
            return
        self._look_at = self._clock.now() + timedelta(seconds=self.look_seconds)
        feeds = await run_in_threadpool(self._book.feeds)
        new = {
            feed_id: await run_in_threadpool(self._book.progress, feed_id)
            for feed_id in feeds
            if feed_id not in self._progress
        }
        self._feeds = feeds
        self._progress = {feed_id: self._progress.get(feed_id) or new[feed_id] for feed_id in feeds}

    def _start(self, due: Mapping[str, datetime]) -> datetime:
        """Ask for the feeds that it is time for, those first that have waited longest.

        Returns:
            When it is time for the next one, as far as nothing under way ends before.
        """
        now = self._clock.now()
        next_at = datetime.max.replace(tzinfo=UTC)
        busy = {_host(self._feeds[one]) for one in self._under_way if one in self._feeds}
        for feed_id, moment in sorted(due.items(), key=lambda one: one[1]):
            if len(self._under_way) >= self._at_once:
                break
            host = _host(self._feeds[feed_id])
            if feed_id in self._under_way or host in busy:
                continue
            ready_at = max(moment, self._free_at.get(host, _LONG_AGO))
            if ready_at > now:
                next_at = min(next_at, ready_at)
                continue
            busy.add(host)
            self._under_way[feed_id] = asyncio.create_task(self._poll(feed_id))
        return next_at

    async def _wait(self, until: datetime) -> dict[str, Polled]:
        """Wait until a moment, or until a poll has ended, or somebody has woken it; gives what has ended."""
        seconds = max(0.0, (until - self._clock.now()).total_seconds())
        others = [asyncio.create_task(self._woken.wait()), asyncio.create_task(self._clock.sleep(seconds))]
        try:
            await asyncio.wait([*self._under_way.values(), *others], return_when=asyncio.FIRST_COMPLETED)
        finally:
            for one in others:
                one.cancel()
        self._woken.clear()
        ended = {feed_id: task for feed_id, task in self._under_way.items() if task.done()}
        for feed_id in ended:
            del self._under_way[feed_id]
        return {feed_id: task.result() for feed_id, task in ended.items()}

    async def _poll(self, feed_id: str) -> Polled:
        feed, before = self._feeds[feed_id], self._progress[feed_id]
        try:
            polled = await self._polling.poll(feed, before)
        except Exception:  # whatever one feed does, the others are asked
            _logger.exception("polling %s failed unexpectedly", feed_id)
            polled = self._broken(before)
        now = self._clock.now()
        self._free_at[_host(feed)] = now + timedelta(seconds=max(self._pace.host_pause, polled.rest))
        self._tell(feed_id, before, polled)
        if feed_id in self._progress:
            self._progress[feed_id] = polled.progress
        try:
            await run_in_threadpool(self._book.keep_progress, feed_id, polled.progress)
        except SimilarNewsError as error:
            _logger.error("%s", error)  # noqa: TRY400 - it says it all
        return polled

    def _broken(self, before: Progress) -> Polled:
        now, failures = self._clock.now(), before.failures + 1
        now_known = {
            "polled_at": now,
            "next_at": now + timedelta(seconds=self._pace.back_off(failures, before.interval)),
            "failures": failures,
            "failing_since": before.failing_since or now,
            "problem": "an error of the service's own; its log has the traceback",
        }
        return Polled(PollOutcome.FAILED, before.model_copy(update=now_known))

    def _tell(self, feed_id: str, before: Progress, polled: Polled) -> None:
        self._observer.polled(polled.outcome, polled.items)
        counts = ", ".join(f"{count} {outcome}" for outcome, count in sorted(polled.items.items()))
        _logger.debug("%s: %s%s", feed_id, polled.outcome, f": {counts}" if counts else "")
        was, now = (one.state(self._pace.dead_after) for one in (before, polled.progress))
        if was is now:
            return
        if now in {FeedState.FAILING, FeedState.DEAD}:
            _logger.warning("the feed %s is %s: %s", feed_id, now, polled.progress.problem)
        else:
            _logger.info("the feed %s is %s", feed_id, now)

    async def _end(self) -> None:
        tasks = list(self._under_way.values())
        self._under_way.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _host(feed: KnownFeed) -> str:
    return urlsplit(feed.url).hostname or ""
