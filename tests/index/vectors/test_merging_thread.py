import logging
import threading
import time
from collections.abc import Iterator

import pytest

from index.vectors.merging_thread import MergingThread

AT_ONCE, REST = "at once", "the rest"


class Merges:
    """What is to be merged, and what was."""

    def __init__(self, at_once: int, rest: int) -> None:
        self.left = {AT_ONCE: at_once, REST: rest}
        self.done: list[str] = []

    def one(self, which: str) -> bool:
        """Merge something, if there is anything."""
        if self.left[which] < 1:
            return False
        self.left[which] -= 1
        self.done.append(which)
        return True


@pytest.fixture
def closing() -> Iterator[list[MergingThread]]:
    threads: list[MergingThread] = []
    yield threads
    for thread in threads:
        thread.close()


def thread_of(merges: Merges, closing: list[MergingThread], quiet: float) -> MergingThread:
    thread = MergingThread(lambda: merges.one(AT_ONCE), lambda: merges.one(REST), lambda: quiet)
    closing.append(thread)
    return thread


def wait_until_at_rest(thread: MergingThread) -> None:
    deadline = time.monotonic() + 30
    while not thread.is_at_rest:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_all_is_merged_at_once_and_the_rest_after_some_quiet(closing: list[MergingThread]) -> None:
    merges = Merges(2, 2)
    thread = thread_of(merges, closing, 0.05)
    thread.wake()
    assert not thread.is_at_rest
    wait_until_at_rest(thread)
    assert merges.done == [AT_ONCE, AT_ONCE, REST, REST]
    assert thread.is_at_rest


def test_the_rest_is_left_while_there_is_more_to_merge_at_once(closing: list[MergingThread]) -> None:
    merges = Merges(1, 1)
    thread = thread_of(merges, closing, 600)
    for _ in range(3):
        merges.left[AT_ONCE] = 1
        thread.wake()
        deadline = time.monotonic() + 30
        while merges.left[AT_ONCE]:
            assert time.monotonic() < deadline
            time.sleep(0.005)
    assert merges.done == [AT_ONCE] * 3
    assert not thread.is_at_rest


def test_a_merge_that_fails_is_logged_and_tried_again_when_it_is_woken(
    closing: list[MergingThread], caplog: pytest.LogCaptureFixture
) -> None:
    fails = [True, False]
    thread = MergingThread(lambda: bool(1 / 0) if fails.pop(0) else False, lambda: False, lambda: 0.01)
    closing.append(thread)
    with caplog.at_level(logging.ERROR):
        thread.wake()
        wait_until_at_rest(thread)
    assert [record.message for record in caplog.records] == [
        "merging segments failed; it is tried again when the next one is sealed"
    ]
    thread.wake()
    wait_until_at_rest(thread)
    assert fails == []


def test_closing_ends_the_thread_while_it_waits() -> None:
    before = threading.active_count()
    for quiet in (600.0, 0.01):
        thread = MergingThread(lambda: False, lambda: False, lambda quiet=quiet: quiet)  # type: ignore[misc]
        thread.wake()
        time.sleep(0.05)
        thread.close()
    assert threading.active_count() == before
    closed = MergingThread(lambda: True, lambda: True, lambda: 0.0)
    closed.close()
    closed.wake()
    assert threading.active_count() == before
