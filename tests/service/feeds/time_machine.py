"""Time that passes only while nothing happens."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 2, 6, tzinfo=UTC)


class TimeMachine:
    """A clock that goes on to the next moment for which somebody waits, as soon as nothing else is under way.

    Attributes:
        moment: the time.
        is_busy: says whether something is under way, which takes no time.
        ends_at: when time ends; `ended` is set then, and whoever waits for later waits for ever.
    """

    def __init__(self, is_busy: Callable[[], bool] = lambda: False, ends_at: datetime | None = None) -> None:
        self.moment = START
        self.is_busy = is_busy
        self.ends_at = ends_at or datetime.max.replace(tzinfo=UTC)
        self.ended = asyncio.Event()

    def now(self) -> datetime:
        return self.moment

    async def sleep(self, seconds: float) -> None:
        if self.is_busy():
            await asyncio.Event().wait()  # whoever waits is told when that has ended
        until = self.moment + timedelta(seconds=seconds)
        if until >= self.ends_at:
            self.moment = self.ends_at
            self.ended.set()
            await asyncio.Event().wait()
        self.moment = until
