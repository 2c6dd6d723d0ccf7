"""Long work stops now and then until an event loop has done what there is to do."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from index import turns
from index.turns import Turns


@contextmanager
def running_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop in a thread of its own."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture(autouse=True)
def always_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is always time for a turn."""
    monkeypatch.setattr(turns, "_EVERY", 0)


def test_where_there_is_no_loop_nothing_is_waited_for() -> None:
    assert list(Turns().each("abc")) == ["a", "b", "c"]


def test_what_had_come_for_the_loop_is_done_after_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_PATIENCE", 30)
    done: list[str] = []

    def read() -> None:
        time.sleep(0.02)
        asyncio.get_running_loop().call_soon(done.append, "answered")  # as a request that was read is

    with running_loop() as loop, given_to(loop) as given:
        for _ in range(5):
            loop.call_soon_threadsafe(read)
        given.give()
        assert len(done) == 5


def test_there_is_one_before_each_piece() -> None:
    rounds = Counted()
    with running_loop() as loop, given_to(loop) as given:
        for _ in given.each(range(3)):
            loop.call_soon_threadsafe(rounds)
        given.give()
        assert rounds.count == 3


def test_but_not_more_often_than_it_is_time_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with running_loop() as loop, given_to(loop) as given:
        given.give()
        monkeypatch.setattr(turns, "_EVERY", 3_600)
        monkeypatch.setattr(loop, "call_soon_threadsafe", never)
        assert list(given.each(range(3))) == [0, 1, 2]
        monkeypatch.undo()


def test_a_loop_that_is_at_something_long_is_not_waited_for_until_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_PATIENCE", 0.01)
    may_end = threading.Event()
    with running_loop() as loop, given_to(loop) as given:
        loop.call_soon_threadsafe(may_end.wait, 30)
        given.give()
        assert not may_end.is_set()
        may_end.set()


def test_a_loop_does_not_wait_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "_PATIENCE", 30)

    async def work() -> list[int]:
        with given_to(asyncio.get_running_loop()) as given:
            return list(given.each(range(3)))

    assert asyncio.run(work()) == [0, 1, 2]


def test_nor_is_one_waited_for_that_was_closed() -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    with given_to(loop) as given:
        given.give()


def test_after_the_context_there_is_no_loop_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    with running_loop() as loop:
        with given_to(loop) as given:
            given.give()
        monkeypatch.setattr(loop, "call_soon_threadsafe", never)
        given.give()
        monkeypatch.undo()


class Counted:
    """Counts how often it is called."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> None:
        self.count += 1


@contextmanager
def given_to(loop: asyncio.AbstractEventLoop) -> Iterator[Turns]:
    given = Turns()
    with given.given_to(loop):
        yield given


def never(*_: Callable[[], object]) -> None:
    pytest.fail("it was asked for a turn")
