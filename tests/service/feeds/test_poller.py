"""Many feeds, each in its time."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from service.feeds.feed import FeedSettings, FeedState, KnownFeed, Progress
from service.feeds.folder import FeedFolder
from service.feeds.keeping import ItemOutcome
from service.feeds.poller import Poller
from service.feeds.polling import Polled, PollOutcome
from service.feeds.schedule import Pace
from tests.service.feeds.time_machine import START, TimeMachine

PACE = Pace(host_pause=2)


class FakePolling:
    """Notes who was asked when; asks again in an hour."""

    def __init__(self, clock: TimeMachine, during: Callable[[str], object] | None = None) -> None:
        self.asked: list[tuple[str, float]] = []
        self.at_once = self.most_at_once = 0
        self.slow: dict[str, asyncio.Event] = {}
        self.rest = 0.0
        self._clock = clock
        self._during = during

    async def poll(self, feed: KnownFeed, before: Progress) -> Polled:
        name = feed.url.removeprefix("https://")
        self.asked.append((name, (self._clock.moment - START).total_seconds()))
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        try:
            if name in self.slow:
                await self.slow[name].wait()
            else:
                await asyncio.sleep(0)
        finally:
            self.at_once -= 1
        if self._during:
            self._during(name)
        now = self._clock.now()
        known = {"polled_at": now, "succeeded_at": now, "next_at": now + timedelta(hours=1)}
        return Polled(
            PollOutcome.NOTHING, before.model_copy(update=known), Counter({ItemOutcome.CREATED: 1}), self.rest
        )


class Counting:
    def __init__(self) -> None:
        self.outcomes: Counter[PollOutcome] = Counter()

    def polled(self, outcome: PollOutcome, items: Counter[ItemOutcome]) -> None:
        self.outcomes[outcome] += 1


@pytest.fixture
def book(tmp_path: Path) -> FeedFolder:
    return FeedFolder(tmp_path / "feeds")


@pytest.fixture
def clock() -> TimeMachine:
    return TimeMachine()


def add(book: FeedFolder, *names: str) -> None:
    for number, name in enumerate(names):
        book.add(FeedSettings(url=f"https://{name}"), START + timedelta(seconds=number))


def poller_of(book: FeedFolder, polling: FakePolling, clock: TimeMachine, at_once: int = 4) -> Poller:
    poller = Poller(book, polling, clock=clock, pace=PACE, at_once=at_once, observer=Counting())
    clock.is_busy = lambda: poller.under_way > 0
    return poller


async def until(poller: Poller, clock: TimeMachine, ends_at: datetime) -> None:
    clock.ends_at = ends_at
    async with poller.running():
        await asyncio.wait_for(clock.ended.wait(), 30)


async def test_each_feed_is_asked_in_its_time(book: FeedFolder, clock: TimeMachine) -> None:
    add(book, "a.example/1", "b.example/1")
    polling = FakePolling(clock)
    await until(poller_of(book, polling, clock), clock, START + timedelta(hours=2, minutes=30))
    assert Counter(polling.asked) == Counter({(f"{one}.example/1", at): 1 for one in "ab" for at in (0, 3600, 7200)})


async def test_one_feed_of_a_host_is_asked_at_a_time_with_a_pause(book: FeedFolder, clock: TimeMachine) -> None:
    add(book, "a.example/1", "a.example/2", "a.example/3", "b.example/1")
    polling = FakePolling(clock)
    await until(poller_of(book, polling, clock), clock, START + timedelta(minutes=1))
    assert sorted(at for name, at in polling.asked if name.startswith("a.")) == [0, 2, 4]
    assert ("b.example/1", 0) in polling.asked


async def test_a_host_that_wants_its_rest_is_left_alone(book: FeedFolder, clock: TimeMachine) -> None:
    add(book, "a.example/1", "a.example/2")
    polling = FakePolling(clock)
    polling.rest = 600
    await until(poller_of(book, polling, clock), clock, START + timedelta(minutes=30))
    assert [at for _, at in polling.asked] == [0, 600]


async def test_no_more_are_asked_at_once_than_may(book: FeedFolder, clock: TimeMachine) -> None:
    add(book, *(f"{number}.example/feed" for number in range(20)))
    polling = FakePolling(clock)
    await until(poller_of(book, polling, clock, at_once=3), clock, START + timedelta(minutes=1))
    assert (len(polling.asked), polling.most_at_once) == (20, 3)


async def test_a_slow_feed_holds_up_no_other(book: FeedFolder, clock: TimeMachine) -> None:
    add(book, "slow.example/1", "slow.example/2", *(f"{number}.example/feed" for number in range(10)))
    polling = FakePolling(clock)
    polling.slow["slow.example/1"] = asyncio.Event()
    poller = poller_of(book, polling, clock, at_once=2)
    clock.is_busy = lambda: poller.under_way > len(polling.slow)
    await until(poller, clock, START + timedelta(hours=1, minutes=30))
    assert Counter(name for name, _ in polling.asked) == Counter(
        {"slow.example/1": 1} | {f"{number}.example/feed": 2 for number in range(10)}
    )


async def test_what_is_under_way_is_broken_off_at_the_end(book: FeedFolder, clock: TimeMachine) -> None:
    add(book, "slow.example/1")
    polling = FakePolling(clock)
    polling.slow["slow.example/1"] = asyncio.Event()
    poller = poller_of(book, polling, clock)
    before = asyncio.all_tasks()
    async with poller.running():
        while not polling.asked:
            await asyncio.sleep(0.001)
    assert (polling.at_once, poller.under_way) == (0, 0)
    assert asyncio.all_tasks() == before


async def test_what_is_known_survives_a_restart(book: FeedFolder, clock: TimeMachine) -> None:
    add(book, "a.example/1")
    polling = FakePolling(clock)
    for hours in (1.5, 2.5):
        clock.ended.clear()
        await until(poller_of(book, polling, clock), clock, START + timedelta(hours=hours))
    assert [at for _, at in polling.asked] == [0, 3600, 7200]


async def test_a_feed_that_is_added_is_asked_at_once(book: FeedFolder, clock: TimeMachine) -> None:
    polling = FakePolling(clock)
    poller = poller_of(book, polling, clock)
    clock.is_busy = lambda: True  # no time passes
    async with poller.running():
        await asyncio.sleep(0.02)
        add(book, "a.example/1")
        poller.wake()
        async with asyncio.timeout(30):
            while not poller.states()[FeedState.WELL]:
                await asyncio.sleep(0.001)
        book.remove(next(iter(book.feeds())))
        poller.wake()
        async with asyncio.timeout(30):
            while poller.states():
                await asyncio.sleep(0.001)


async def test_a_feed_that_is_removed_while_it_is_asked_stays_away(book: FeedFolder, clock: TimeMachine) -> None:
    add(book, "a.example/1")
    polling = FakePolling(clock, during=lambda _: book.remove(next(iter(book.feeds()))))
    await until(poller_of(book, polling, clock), clock, START + timedelta(hours=3))
    assert len(polling.asked) == 1
    assert book.feeds() == {}
    assert list((book._folder).iterdir()) == []


async def test_whatever_one_feed_does_the_others_are_asked(
    book: FeedFolder, clock: TimeMachine, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(name: str) -> None:
        if name == "bad.example/1":
            raise RuntimeError("secret words")

    add(book, "bad.example/1", "good.example/1")
    poller = poller_of(book, FakePolling(clock, during=fail), clock)
    await until(poller, clock, START + timedelta(minutes=4))
    assert poller.states() == {FeedState.FAILING: 1, FeedState.WELL: 1}
    problems = [book.progress(feed_id).problem for feed_id in book.feeds()]
    assert problems == ["an error of the service's own; its log has the traceback", None]
    assert not any("secret" in record.getMessage() for record in caplog.records)


async def test_a_disk_that_does_not_answer_once_ends_nothing(
    book: FeedFolder, clock: TimeMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    feeds, calls = book.feeds, Counter[str]()

    def fail_at_first() -> dict[str, KnownFeed]:
        calls["feeds"] += 1
        if calls["feeds"] == 1:
            raise OSError("the disk is away")
        return feeds()

    add(book, "a.example/1")
    monkeypatch.setattr(book, "feeds", fail_at_first)
    polling = FakePolling(clock)
    await until(poller_of(book, polling, clock), clock, START + timedelta(minutes=5))
    assert polling.asked == [("a.example/1", 60)]


async def test_feeds_are_polled_once_when_asked_to(book: FeedFolder, clock: TimeMachine) -> None:
    add(book, "a.example/1", "a.example/2", "b.example/1")
    polling = FakePolling(clock)
    poller = poller_of(book, polling, clock)
    assert set(await poller.poll_once()) == set(book.feeds())
    first = next(iter(book.feeds()))
    assert set(await poller.poll_once([first, "feed-none"])) == {first}
    assert Counter(name for name, _ in polling.asked) == {"a.example/1": 2, "a.example/2": 1, "b.example/1": 1}


async def test_lines_of_the_log_have_no_addresses(
    book: FeedFolder, clock: TimeMachine, caplog: pytest.LogCaptureFixture
) -> None:
    add(book, "a.example/feed?key=secret")
    with caplog.at_level(logging.DEBUG):
        await until(poller_of(book, FakePolling(clock), clock), clock, START + timedelta(minutes=1))
    assert any("is well" in record.getMessage() for record in caplog.records)
    assert not any("secret" in record.getMessage() for record in caplog.records)
