"""Counting without threads."""

import threading
import time

import pytest
from limits import RateLimitItemPerSecond
from limits.strategies import FixedWindowRateLimiter, RateLimiter, SlidingWindowCounterRateLimiter

from service.in_memory_counts import InMemoryCounts

TWO = RateLimitItemPerSecond(2)


@pytest.mark.parametrize("strategy", [FixedWindowRateLimiter, SlidingWindowCounterRateLimiter])
def test_it_counts_and_forgets_and_starts_no_thread(
    strategy: type[RateLimiter], monkeypatch: pytest.MonkeyPatch
) -> None:
    def start(thread: threading.Thread) -> None:
        pytest.fail(f"{thread} was started")

    counts = InMemoryCounts()
    monkeypatch.setattr(threading.Thread, "start", start)
    limiter = strategy(counts)
    assert [limiter.hit(TWO, "one") for _ in range(3)] == [True, True, False]
    assert all(limiter.hit(TWO, f"caller-{number}") for number in range(100))
    assert len(counts.storage) > 100

    later, later_monotonic = time.time() + 61, time.monotonic() + 61
    monkeypatch.setattr(time, "time", lambda: later)
    monkeypatch.setattr(time, "monotonic", lambda: later_monotonic)
    assert limiter.hit(TWO, "one")
    assert len(counts.storage) < 5
