"""When a feed is asked again."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Protocol

_MAX_AGE = "max-age="


@dataclass(frozen=True, slots=True)
class Pace:
    """How often feeds are asked, all in seconds.

    Attributes:
        first: until a feed is asked for the second time, unless it wants another time to pass.
        least: the shortest time between two polls of a feed that is well.
        most: the longest.
        hint_most: so much of what a feed wishes is granted: many name a day, and have something new every hour.
        failed: after the first error; every further one doubles it.
        failed_most: the most of that; so often a dead feed is asked, too.
        dead_after: a feed that has failed for so long is dead.
        host_pause: between two requests of one host, at least.
    """

    first: float = 900
    least: float = 300
    most: float = 6 * 3600
    hint_most: float = 3600
    failed: float = 300
    failed_most: float = 24 * 3600
    dead_after: float = 7 * 24 * 3600
    host_pause: float = 2

    FASTER = 2 / 3
    SLOWER = 1.25
    """With these a feed is asked about three times for each time that it has something new."""

    def next_interval(self, interval: float | None, hint: float | None, *, had_news: bool) -> float:
        """How long to wait after a poll.

        Args:
            interval: how long it was waited before it; None before the first.
            hint: how long the feed wants to be left alone, if it says so.
            had_news: whether there was something new.
        """
        floor = max(self.least, min(hint or 0, self.hint_most))
        if interval is None:
            return max(floor, self.first)
        return min(max(interval * (self.FASTER if had_news else self.SLOWER), floor), max(self.most, floor))

    def back_off(self, failures: int, interval: float | None) -> float:
        """How long to wait after so many errors one after the other, from 1; no shorter than when it was well."""
        doubled = self.failed * 2.0 ** min(failures - 1, 30)
        return min(max(doubled, interval or 0), self.failed_most)


class Jitter(Protocol):
    """Keeps feeds that were added at once from being asked at once for ever."""

    def __call__(self, seconds: float) -> float:
        """Somewhat more or less; never negative."""
        ...


def tenth(seconds: float) -> float:
    """Up to a tenth more or less."""
    return seconds * random.uniform(0.9, 1.1)  # noqa: S311 - nobody gains from guessing it


def max_age(headers: Mapping[str, str]) -> float | None:
    """Seconds that an answer stays fresh by `Cache-Control`; None if it does not say."""
    for directive in headers.get("cache-control", "").lower().split(","):
        given = directive.strip().removeprefix(_MAX_AGE)
        if directive.strip().startswith(_MAX_AGE) and given.isdecimal():
            return float(given[:9])
    return None


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that a site wants to be left alone; None if it does not say, or says it wrongly."""
    given = headers.get("retry-after", "").strip()
    if given.isdecimal():
        return float(given[:9])
    try:
        moment = parsedate_to_datetime(given)
    except (ValueError, TypeError):
        return None
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds())
