"""What is known of feeds is kept."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from service.feeds.configured import configured_book, follow_settings
from service.feeds.feed import FeedSettings, FeedState, Progress, SeenItem, SeenItems
from service.feeds.folder import FeedFileError, FeedFolder
from service.settings import Settings

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
FEED = FeedSettings(url="https://harbor-tribune.example/feed")
OTHER = FeedSettings(url="https://morning-post.example/feed", country="kr")


@pytest.fixture
def book(tmp_path: Path) -> FeedFolder:
    return FeedFolder(tmp_path / "data" / "feeds")


def test_a_feed_is_there_once_however_its_url_is_written(book: FeedFolder) -> None:
    assert book.add(FEED, NOW)
    again = FeedSettings(url="https://HARBOR-TRIBUNE.example:443/feed?utm_source=x#top", source="Harbor")
    assert not book.add(again, NOW + timedelta(days=1))
    (known,) = book.feeds().values()
    assert (known.given, known.added_at) == (again, NOW)


def test_feeds_come_in_the_order_in_which_they_were_added(book: FeedFolder) -> None:
    book.add(OTHER, NOW)
    book.add(FEED, NOW + timedelta(seconds=1))
    assert list(book.feeds()) == [OTHER.feed_id, FEED.feed_id]
    assert book.feeds()[OTHER.feed_id].country == "KR"


def test_what_is_known_is_there_for_the_next_process(book: FeedFolder, tmp_path: Path) -> None:
    book.add(FEED, NOW)
    progress = Progress(etag='"a"', next_at=NOW, failures=2, interval=600.0)
    seen = SeenItems()
    for key in "bca":
        seen.note(key, SeenItem(article_id=f"article-{key}", fingerprint="f", version="v" if key == "a" else None))
    book.keep_progress(FEED.feed_id, progress)
    book.keep_items(FEED.feed_id, seen)
    other = FeedFolder(tmp_path / "data" / "feeds")
    assert other.progress(FEED.feed_id) == progress
    assert list(other.items(FEED.feed_id).items) == ["b", "c", "a"]
    assert other.items(FEED.feed_id) == seen


def test_a_feed_that_was_removed_is_gone_with_all_that_was_known(book: FeedFolder, tmp_path: Path) -> None:
    book.add(FEED, NOW)
    book.keep_progress(FEED.feed_id, Progress(failures=1))
    assert book.remove(FEED.feed_id)
    assert not book.remove(FEED.feed_id)
    book.keep_progress(FEED.feed_id, Progress(failures=2))
    book.keep_items(FEED.feed_id, SeenItems())
    assert book.feeds() == {}
    assert list((tmp_path / "data" / "feeds").iterdir()) == []
    book.add(FEED, NOW)
    assert book.progress(FEED.feed_id) == Progress()


@pytest.mark.parametrize("feed_id", ["..", ".", "", "../feeds", "feed-", "/etc", "feed-0000000000000000"])
def test_what_is_no_feed_cannot_be_removed(book: FeedFolder, feed_id: str) -> None:
    book.add(FEED, NOW)
    assert not book.remove(feed_id)
    assert len(book.feeds()) == 1


def test_a_damaged_file_is_the_matter_of_one_feed(book: FeedFolder, caplog: pytest.LogCaptureFixture) -> None:
    book.add(FEED, NOW)
    book.add(OTHER, NOW)
    for name in ("feed.json", "progress.json", "items.json"):
        (book._folder / FEED.feed_id / name).write_bytes(b"\xff{secret")
    assert list(book.feeds()) == [OTHER.feed_id]
    assert (book.progress(FEED.feed_id), book.items(FEED.feed_id)) == (Progress(), SeenItems())
    assert len(caplog.records) == 3
    assert "secret" not in caplog.text
    assert book.add(FEED, NOW)
    assert len(book.feeds()) == 2


def test_what_cannot_be_kept_is_said(tmp_path: Path) -> None:
    (tmp_path / "feeds").write_text("a file in the way")
    with pytest.raises(FeedFileError, match="cannot be kept"):
        FeedFolder(tmp_path / "feeds").add(FEED, NOW)


def test_feeds_of_the_settings_come_and_go_with_them(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def start(urls: str) -> list[str]:
        settings = Settings.model_validate({"data_dir": tmp_path, "feeds": urls})
        follow_settings(settings, configured_book(settings))
        return sorted(feed.url for feed in configured_book(settings).feeds().values())

    assert start("") == []
    assert start(f"{FEED.url}, {OTHER.url}") == [FEED.url, OTHER.url]
    assert start(OTHER.url) == [OTHER.url]
    assert "not in SIMILAR_NEWS_FEEDS any more" in caplog.text
    configured_book(Settings(data_dir=tmp_path)).add(FEED, NOW)
    assert start("") == [FEED.url]


def test_how_a_feed_is() -> None:
    day = timedelta(days=1)
    failing = Progress(polled_at=NOW, failures=1, failing_since=NOW - 6 * day)
    states = [Progress(), Progress(polled_at=NOW), failing, failing.model_copy(update={"polled_at": NOW + day})]
    states.append(failing.model_copy(update={"is_gone": True}))
    assert [one.state(7 * day.total_seconds()) for one in states] == [
        FeedState.NEW, FeedState.WELL, FeedState.FAILING, FeedState.DEAD, FeedState.DEAD,
    ]  # fmt: skip
