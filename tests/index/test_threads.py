import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from index import threads
from index.threads import Processors


def test_passes_share_the_processors() -> None:
    assert Processors(4).passes == 1
    assert Processors(4, bulk=True).passes == 4
    assert Processors(64, bulk=True).passes == 8
    assert Processors().threads == threads.usable_processors()


def _niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


def _niceness_of_a_new_thread() -> int:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(_niceness).result()


@pytest.mark.skipif(sys.platform != "linux", reason="threads have priorities of their own on Linux alone")
def test_a_thread_that_gives_way_does_so_with_those_that_it_starts_and_no_others() -> None:
    before = _niceness()
    with ThreadPoolExecutor(1, initializer=threads.give_way) as pool:
        given_way = min(19, before + 10)
        assert pool.submit(_niceness).result() == given_way
        assert pool.submit(_niceness_of_a_new_thread).result() == given_way
    assert _niceness() == _niceness_of_a_new_thread() == before


def test_where_threads_have_no_priorities_nothing_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.delattr(os, "setpriority", raising=False)
    threads.give_way()
