"""When a feed is asked again."""

from datetime import UTC, datetime

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.feeds.schedule import Pace, max_age, retry_after, tenth

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
PACE = Pace()
seconds = st.floats(0, 1e7)


def after(pattern: str, interval: float | None = None) -> float:
    """The interval after polls with something new (n) or nothing (-)."""
    for one in pattern:
        interval = PACE.next_interval(interval, None, had_news=one == "n")
    assert interval is not None
    return interval


def test_a_feed_with_much_is_asked_often_and_one_with_nothing_seldom() -> None:
    assert after("n") == after("-") == PACE.first
    assert after("n" * 20) == PACE.least
    assert after("-" * 40) == PACE.most
    assert after("n-" * 50) < after("n--" * 50) < after("n---" * 50)


def test_about_every_third_poll_of_a_steady_feed_finds_something() -> None:
    every, at, last, found, polls, interval = 7200.0, 0.0, 0.0, 0, 0, 900.0
    for _ in range(2000):
        at += interval
        had_news = at // every > last // every
        last = at
        found, polls = found + had_news, polls + 1
        interval = PACE.next_interval(interval, None, had_news=had_news)
    assert 0.3 < found / polls < 0.4


@given(st.one_of(st.none(), seconds), st.one_of(st.none(), seconds), st.booleans())
def test_bounds(interval: float | None, hint: float | None, had_news: bool) -> None:
    following = PACE.next_interval(interval, hint, had_news=had_news)
    assert max(PACE.least, min(hint or 0, PACE.hint_most)) <= following <= PACE.most


@given(st.integers(1, 10_000), st.one_of(st.none(), seconds))
def test_errors_double_the_time_up_to_a_day(failures: int, interval: float | None) -> None:
    assert PACE.failed <= PACE.back_off(failures, interval) <= PACE.failed_most
    assert PACE.back_off(failures, interval) <= PACE.back_off(failures + 1, interval)


def test_the_first_errors() -> None:
    assert [PACE.back_off(one, None) for one in range(1, 5)] == [300, 600, 1200, 2400]
    assert PACE.back_off(1, 7200) == 7200


@given(seconds)
def test_jitter_is_a_tenth_at_most(given_seconds: float) -> None:
    assert 0.9 * given_seconds <= tenth(given_seconds) <= 1.1 * given_seconds


@pytest.mark.parametrize(
    ("given_header", "expected"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("Mon, 02 Mar 2026 12:30:00 GMT", 1800),
        ("Mon, 02 Mar 2026 11:30:00 GMT", 0),
        ("-5", None),
        ("soon", None),
        ("", None),
        ("9" * 400, 999_999_999),
    ],
)
def test_retry_after(given_header: str, expected: float | None) -> None:
    assert retry_after(httpx2.Headers({"Retry-After": given_header}), NOW) == expected


@pytest.mark.parametrize(
    ("given_header", "expected"),
    [
        ("max-age=60", 60),
        ("public, Max-Age=600, x", 600),
        ("no-cache", None),
        ("max-age=x", None),
        ("s-maxage=5", None),
    ],
)
def test_max_age(given_header: str, expected: float | None) -> None:
    assert max_age(httpx2.Headers({"Cache-Control": given_header})) == expected
    assert max_age(httpx2.Headers()) is None
