"""Ask a site for a feed, and see what it answers."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from index import CoverageIndex
from index.errors import EncoderOverloadedError, StoreError
from service.feeds.feed import FeedState, KnownFeed, Progress
from service.feeds.folder import FeedFolder
from service.feeds.keeping import ArticleKeeper, ItemOutcome
from service.feeds.polling import FeedPolling, Polled, PollOutcome
from service.feeds.schedule import Pace
from service.fetching.pages import Pages
from tests.index.fakes import FakeEncoder
from tests.service.feeds import written_feeds as written
from tests.service.feeds.time_machine import START, TimeMachine
from tests.service.feeds.written_feeds import RSS, Report
from tests.service.fetching.sites import NEWS, Answer, Sites

PACE = Pace()
REPORTS = [
    Report(str(number), f"http://{NEWS}/{number}", f"Summit {number}", "They met.", START) for number in range(3)
]
TYPE = {"Content-Type": RSS}
AT = f"{NEWS}/feed"


class Asking:
    """One feed that is asked for again and again, as time passes."""

    def __init__(self, sites: Sites, index: CoverageIndex, folder: Path, *, full_text: bool = False) -> None:
        self.sites = sites
        self.clock = TimeMachine()
        self.feed = KnownFeed(url=f"http://{AT}", added_at=START, full_text=full_text)
        self.progress = Progress()
        self.book = FeedFolder(folder)
        self.book.add(self.feed.given, START)
        self.fetcher = sites.fetcher(max_bytes=100_000)
        keeper = ArticleKeeper(index, Pages(self.fetcher), lambda: self.clock.sleep(0))
        self.polling = FeedPolling(self.book, self.fetcher, keeper, self.clock.now, PACE, lambda seconds: seconds)

    async def __call__(self, body: str = "", status: int = 200, **headers: str) -> Polled:
        """Ask once, when it is time to, and get such an answer."""
        self.clock.moment = self.progress.next_at or self.clock.moment
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.sites.put(AT, Answer(body.encode(), status, TYPE | named))
        polled = await self.polling.poll(self.feed, self.progress)
        self.progress = Progress.model_validate_json(polled.progress.model_dump_json())
        return polled

    @property
    def wait(self) -> float:
        """Seconds until it is asked again."""
        assert self.progress.next_at
        return (self.progress.next_at - self.clock.moment).total_seconds()


@pytest.fixture
async def ask(sites: Sites, topical_index: CoverageIndex, tmp_path: Path) -> AsyncIterator[Asking]:
    asking = Asking(sites, topical_index, tmp_path / "feeds")
    async with asking.fetcher:
        yield asking


async def test_what_is_new_is_news(ask: Asking, topical_index: CoverageIndex) -> None:
    first = await ask(written.rss(REPORTS[:2]))
    assert (first.outcome, first.items) == (PollOutcome.NEWS, {ItemOutcome.CREATED: 2})
    second = await ask(written.rss(REPORTS))
    assert second.items == {ItemOutcome.CREATED: 1, ItemOutcome.UNCHANGED: 2}
    third = await ask(written.rss(REPORTS[1:]))
    assert (third.outcome, third.items) == (PollOutcome.NOTHING, {ItemOutcome.UNCHANGED: 2})
    assert topical_index.count() == 3
    assert (ask.progress.kind, ask.progress.title) == ("rss20", "Harbor Tribune")


async def test_the_very_same_is_not_even_read(ask: Asking) -> None:
    await ask(written.rss(REPORTS))
    assert (await ask(written.rss(REPORTS))).outcome is PollOutcome.UNMODIFIED


async def test_a_site_is_asked_for_what_is_newer(ask: Asking) -> None:
    asked: list[dict[str, str]] = []
    await ask(written.rss(REPORTS), ETag='W/"1"', Last_Modified="Mon, 02 Mar 2026 06:00:00 GMT")

    def not_modified(headers: object) -> Answer:
        asked.append(dict(headers))  # type: ignore[call-overload]  # a mapping
        return Answer(status=304)

    ask.sites.put(AT, not_modified)
    polled = await ask.polling.poll(ask.feed, ask.progress)
    assert polled.outcome is PollOutcome.UNMODIFIED
    assert asked[0]["If-None-Match"] == 'W/"1"'
    assert asked[0]["If-Modified-Since"] == "Mon, 02 Mar 2026 06:00:00 GMT"
    assert "text/html" not in asked[0]["Accept"]


async def test_304_to_who_knows_nothing_is_an_error(ask: Asking) -> None:
    assert (await ask(status=304)).progress.problem == f"{NEWS} answered 304"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(status=404), "answered 404"),
        (Answer(status=500), "answered 500"),
        (Answer(b"x" * 200_000, headers=TYPE), "larger than 100000"),
        (Answer(b"x", headers={"Content-Type": "image/png"}), "image/png"),
        (Answer(b"Hello", headers=TYPE), "neither RSS"),
        (Answer(status=302, headers={"Location": "http://10.0.0.7/"}), "not public"),
        (Answer(status=302, headers={"Location": "/feed"}), "circle"),
    ],
)
async def test_what_is_wrong_is_said_and_what_is_known_stays(ask: Asking, answer: Answer, said: str) -> None:
    await ask(written.rss(REPORTS), ETag='"1"')
    before = ask.progress
    ask.sites.put(AT, answer)
    polled = await ask.polling.poll(ask.feed, before)
    assert polled.outcome is PollOutcome.FAILED
    assert said in (polled.progress.problem or "")
    assert (polled.progress.etag, polled.progress.failures) == ('"1"', 1)
    assert polled.progress.succeeded_at == before.succeeded_at
    again = await ask(written.rss(REPORTS))
    assert (again.progress.failures, again.progress.problem, again.progress.failing_since) == (0, None, None)


async def test_errors_are_answered_with_more_and_more_patience(ask: Asking) -> None:
    waits = []
    for _ in range(11):
        await ask(status=500)
        waits.append(ask.wait)
    assert waits == [300 * 2**number for number in range(9)] + [86_400, 86_400]


async def test_a_feed_that_fails_for_a_week_is_dead_and_may_come_back(ask: Asking) -> None:
    states = []
    for _ in range(20):
        await ask(status=500)
        states.append(ask.progress.state(PACE.dead_after))
    assert states[:5] == [FeedState.FAILING] * 5
    assert states[-1] is FeedState.DEAD
    assert ask.wait == PACE.failed_most
    await ask(written.rss(REPORTS))
    assert ask.progress.state(PACE.dead_after) is FeedState.WELL


async def test_a_feed_that_is_gone_is_dead_at_once(ask: Asking) -> None:
    await ask(status=410)
    assert ask.progress.state(PACE.dead_after) is FeedState.DEAD
    assert ask.wait == PACE.failed_most
    await ask(status=500)
    assert ask.progress.state(PACE.dead_after) is FeedState.FAILING


async def test_a_site_is_left_alone_for_as_long_as_it_wants_but_not_for_ever(ask: Asking) -> None:
    polled = await ask(status=429, Retry_After="7200")
    assert (ask.wait, polled.rest) == (7200, 7200)
    polled = await ask(status=503, Retry_After="99999999")
    assert (ask.wait, polled.rest) == (PACE.failed_most, PACE.failed_most)
    await ask(status=429)
    assert ask.wait == 1200


async def test_what_a_feed_wishes_is_granted_up_to_an_hour(ask: Asking) -> None:
    await ask(written.rss(REPORTS, more="<ttl>20</ttl>"))
    assert ask.wait == 1200
    await ask(written.rss(REPORTS, more="<ttl>10000</ttl>"), Cache_Control="max-age=60")
    assert ask.wait == 3600
    await ask(written.rss(REPORTS), Cache_Control="max-age=2400")
    assert ask.wait == 3600 * PACE.SLOWER


async def test_what_cannot_be_taken_now_is_asked_for_again(ask: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: FakeEncoder) -> None:
        raise EncoderOverloadedError("too much waits", 7)

    with monkeypatch.context() as patched:
        patched.setattr(FakeEncoder, "refuse_overload", refuse)
        polled = await ask(written.rss(REPORTS), ETag='"1"')
    assert (polled.outcome, ask.wait) == (PollOutcome.PUT_OFF, 7)
    assert (ask.progress.etag, ask.progress.failures, ask.progress.digest) == (None, 0, None)
    assert (await ask(written.rss(REPORTS))).items == {ItemOutcome.CREATED: 3}


async def test_a_store_that_fails_is_no_fault_of_the_feed(
    ask: Asking, topical_index: CoverageIndex, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise StoreError("the disk is away")

    with monkeypatch.context() as patched:
        patched.setattr(topical_index._store, "put", fail)
        polled = await ask(written.rss(REPORTS))
    assert (polled.outcome, ask.wait, polled.progress.failures) == (PollOutcome.PUT_OFF, 60, 0)
    assert "the disk is away" in caplog.text
    assert (await ask(written.rss(REPORTS))).items == {ItemOutcome.CREATED: 3}


async def test_what_was_left_is_asked_for_with_nothing_known(
    sites: Sites, topical_index: CoverageIndex, tmp_path: Path
) -> None:
    many = [Report(str(n), f"http://{NEWS}/{n}", f"Summit {n}", "They met.", START) for n in range(25)]
    asking = Asking(sites, topical_index, tmp_path / "feeds", full_text=True)
    async with asking.fetcher:
        first = await asking(written.rss(many), ETag='"1"')
        assert (first.items[ItemOutcome.CREATED], first.progress.etag, first.progress.digest) == (20, None, None)
        second = await asking(written.rss(many), ETag='"1"')
        assert (second.items[ItemOutcome.CREATED], second.progress.etag) == (5, '"1"')
    assert asking.progress.polled_at == START + timedelta(seconds=PACE.first)
