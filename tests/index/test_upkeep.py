import logging
import threading
from pathlib import Path

import pytest

from index import RelatedQuery, open_index
from index.errors import ReadOnlyError, StoreError
from index.upkeep import days_ago, repeated
from tests.index.fakes import NOON, FakeEncoder, an_article
from tests.index.test_maintenance import found
from tests.waiting import wait_until

ANY = RelatedQuery(min_score=0)


def test_a_reader_follows_the_writer(tmp_path: Path) -> None:
    with open_index(tmp_path, FakeEncoder()) as writer:
        writer.put([an_article("a"), an_article("b", title="Another summit")])
        with open_index(tmp_path, FakeEncoder(), writer=False) as reader:
            writer.put([an_article("c", title="A third summit"), an_article("b", title="A flood")])
            wait_until(lambda: found(reader, "a") == {"b", "c"} and reader.article("b").article.title == "A flood")
            writer.take_down("c")
            wait_until(lambda: found(reader, "a") == {"b"})


def test_nothing_can_be_written_by_a_reader(tmp_path: Path) -> None:
    with open_index(tmp_path, FakeEncoder()) as writer:
        writer.put([an_article("a")])
    encoder = FakeEncoder()
    with open_index(tmp_path, encoder, writer=False) as reader:
        for write in (lambda: reader.put([an_article("b")]), lambda: reader.take_down("a")):
            with pytest.raises(ReadOnlyError, match="send to the one that writes"):
                write()
        assert encoder.encoded == []
        assert reader.count() == 1


def test_articles_expire_that_both_appeared_and_arrived_long_ago(tmp_path: Path) -> None:
    with open_index(tmp_path, FakeEncoder()) as index:
        index.put([an_article("old", published_at=NOON), an_article("b", title="Another summit", published_at=NOON)])
        assert index.expire(days_ago(1)) == 0  # as they came today
        index.put([an_article("new", title="A third summit")])
        assert index.expire(NOON) == 0
        assert index.expire(days_ago(-1)) == 3
        assert (index.count(), index.indexed()) == (0, 0)
        index.put([an_article("old")])  # nothing bars it
        assert index.indexed() == 1


def test_an_index_lets_articles_expire_by_itself(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with open_index(tmp_path, FakeEncoder()) as index:
        index.put([an_article("a"), an_article("b", title="Another summit")])
    with caplog.at_level(logging.INFO), open_index(tmp_path, FakeEncoder(), retention_days=1e-9) as index:
        wait_until(lambda: index.count() == 0)
    assert "2 articles were older than" in caplog.text
    with open_index(tmp_path, FakeEncoder(), retention_days=0) as index:
        assert index.indexed() == 0


def test_something_is_done_again_and_again_until_it_is_over() -> None:
    done = threading.Semaphore(0)
    with repeated("counting", done.release, 0.001):
        for _ in range(5):
            assert done.acquire(timeout=5)
    while done.acquire(blocking=False):
        pass
    assert not done.acquire(timeout=0.02)


def test_a_failure_is_logged_once_and_what_failed_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    tried = threading.Semaphore(0)

    def fail() -> None:
        tried.release()
        raise StoreError("the store is locked")

    with caplog.at_level(logging.WARNING), repeated("following", fail, 0.001):
        for _ in range(5):
            assert tried.acquire(timeout=5)
    (record,) = caplog.records
    assert record.getMessage() == "following failed, and is tried again: the store is locked"


def test_nothing_ends_what_is_repeated(caplog: pytest.LogCaptureFixture) -> None:
    tried = threading.Semaphore(0)

    def fail() -> None:
        tried.release()
        raise ZeroDivisionError

    with caplog.at_level(logging.WARNING), repeated("following", fail, 0.001):
        for _ in range(3):
            assert tried.acquire(timeout=5)
    assert "ZeroDivisionError" in caplog.text


def test_what_an_unexpected_error_quotes_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    tried = threading.Semaphore(0)
    title = "Leaders hold a summit"

    def fail() -> None:
        tried.release()
        raise ValueError(title)

    with caplog.at_level(logging.WARNING), repeated("embedding", fail, 0.001):
        for _ in range(3):
            assert tried.acquire(timeout=5)
    assert "ValueError" in caplog.text
    assert title not in caplog.text
