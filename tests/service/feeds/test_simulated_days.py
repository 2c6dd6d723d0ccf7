"""Forty feeds over three days: every good report is an article once, whatever the others do."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from index import CoverageIndex, open_index
from service.feeds.configured import configured_book
from service.feeds.feed import FeedSettings, FeedState
from service.feeds.folder import FeedFolder
from service.feeds.keeping import ArticleKeeper, ItemOutcome
from service.feeds.poller import Poller
from service.feeds.polling import FeedPolling, PollOutcome
from service.feeds.schedule import Pace
from service.fetching.pages import Pages
from service.settings import Settings
from tests.index.fakes import FakeEncoder
from tests.service.feeds.publishers import MAX_BYTES, REPORTS, Publisher, all_publishers, serve
from tests.service.feeds.time_machine import START, TimeMachine
from tests.service.fetching.sites import Sites

DAYS = 3
PACE = Pace(first=10_800, least=10_800, dead_after=2 * 24 * 3600)
"""An operator's; fewer polls than by default, and feeds die within the days that there are."""


class Watching:
    """Notes what was polled, and tells those who wait for all others."""

    def __init__(self, publishers: list[Publisher]) -> None:
        self.polls: Counter[PollOutcome] = Counter()
        self.items: Counter[ItemOutcome] = Counter()
        self._publishers = publishers

    def polled(self, outcome: PollOutcome, items: Counter[ItemOutcome]) -> None:
        self.polls[outcome] += 1
        self.items += items
        # Neither for the two that are slow, nor for the second at one host, for which time would have to pass.
        if sum(self.polls.values()) >= len(self._publishers) - 3:
            for one in self._publishers:
                one.others.set()


def resident() -> int:
    """Bytes of memory that this process has."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096


@pytest.fixture
async def index(tmp_path: Path) -> AsyncIterator[CoverageIndex]:
    with open_index(tmp_path / "data", FakeEncoder()) as opened:
        yield opened


def poller_of(book: FeedFolder, index: CoverageIndex, sites: Sites, clock: TimeMachine, watching: Watching) -> Poller:
    # Of a feed that hangs; one that waits for all others is not to be given up, however busy the machine is.
    fetcher = sites.fetcher(seconds=12, max_bytes=MAX_BYTES)
    keeper = ArticleKeeper(index, Pages(fetcher), lambda: clock.sleep(0))
    polling = FeedPolling(book, fetcher, keeper, clock.now, PACE, lambda seconds: seconds)
    poller = Poller(book, polling, clock=clock, pace=PACE, at_once=6, observer=watching)
    poller.look_seconds = 24 * 3600.0
    clock.is_busy = lambda: poller.under_way > 0
    return poller


async def test_forty_feeds_over_three_days(tmp_path: Path, index: CoverageIndex, sites: Sites) -> None:
    publishers = all_publishers()
    assert len(publishers) == 40
    book = configured_book(Settings(data_dir=tmp_path / "data"))
    watching, memory = Watching(publishers), []
    clock = TimeMachine()
    serve(publishers, sites, clock)
    sites.put("news-13.example/moved/feed/new", lambda _: publishers[13].feed())
    for one in publishers:
        book.add(FeedSettings(url=one.url), START)
    for day in range(1, DAYS + 1):  # with a restart every night
        clock.ends_at = START + timedelta(days=day, hours=3)
        clock.ended.clear()
        async with poller_of(book, index, sites, clock, watching).running():
            await clock.ended.wait()
        memory.append(resident())

    # Every good report is there once, and nothing else is.
    wanted = [title for one in publishers for title in (one.expected(one) if one.expected else one.titles())]
    kept = Counter(stored.article.title for stored in index.latest(10_000))
    assert kept == Counter(wanted)
    assert len(wanted) == 33 * REPORTS + 8 + 3

    deleted = 1
    assert watching.items[ItemOutcome.CREATED] == len(wanted) + deleted
    assert watching.items[ItemOutcome.UPDATED] == sum(one.edits for one in publishers)
    assert watching.items[ItemOutcome.DELETED] == deleted
    assert watching.items[ItemOutcome.INVALID] == watching.items[ItemOutcome.TAKEN_DOWN] == 0

    states = {feed.url: book.progress(feed_id).state(PACE.dead_after) for feed_id, feed in book.feeds().items()}
    dead = {"huge", "bomb", "broken", "page", "gone"}
    assert {one.name for one in publishers if states[one.url] is FeedState.DEAD} == dead
    assert {one.name for one in publishers if states[one.url] is FeedState.WELL} == {
        one.name for one in publishers
    } - dead
    assert watching.polls == {
        PollOutcome.NEWS: 313,
        PollOutcome.NOTHING: 13,
        PollOutcome.UNMODIFIED: 411,
        PollOutcome.FAILED: 52,
    }
    assert watching.polls.total() == sum(one.polls for one in publishers)
    at_one_host = sorted(publishers[0].polled_at + publishers[1].polled_at)
    assert publishers[0].host == publishers[1].host
    assert min((after - before).total_seconds() for before, after in pairwise(at_one_host)) >= PACE.host_pause

    # Memory stays, whatever was sent.
    assert memory[-1] - memory[0] < 64 * 2**20
