"""Counting without threads."""

import time
from types import SimpleNamespace

import pytest
from limits import RateLimitItemPerSecond
from limits.strategies import FixedWindowRateLimiter, RateLimiter, SlidingWindowCounterRateLimiter

from service.in_memory_counts import InMemoryCounts
from tests.clocks import set_clock

TWO = RateLimitItemPerSecond(2)


@pytest.mark.parametrize("strategy", [FixedWindowRateLimiter, SlidingWindowCounterRateLimiter])
def test_it_counts_and_forgets_and_starts_no_thread(
    strategy: type[RateLimiter], monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(*_: object) -> None:
        pytest.fail("a thread was started")

    counts = InMemoryCounts()
    monkeypatch.setattr("limits.storage.memory.threading", SimpleNamespace(Timer=start))
    limiter = strategy(counts)
    assert [limiter.hit(TWO, "one") for _ in range(3)] == [True, True, False]
    assert all(limiter.hit(TWO, f"caller-{number}") for number in range(100))
    assert len(counts.storage) > 100

    readers = ("service.in_memory_counts", "limits.storage.memory", "limits.strategies")
    set_clock(monkeypatch, *readers, now=lambda: time.time() + 61, monotonic=lambda: time.monotonic() + 61)
    assert limiter.hit(TWO, "one")
    assert len(counts.storage) < 5
