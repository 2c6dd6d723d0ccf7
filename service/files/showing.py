"""Show how far an ingest is: a bar on a terminal, log lines elsewhere."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

_LOG_EVERY_SECONDS = 5.0
_MEGABYTE = 2**20
_RATE_OF_SECONDS = 30.0

Show = Callable[[int, int], None]
"""To be called with how many records are done, and how many bytes of all files as they lie on the disk."""

_logger = logging.getLogger(__name__)


@contextmanager
def shown(total: int | None) -> Iterator[Show]:
    """Show on standard error how much of so many bytes is done, how fast, and how long it takes still."""
    console = Console(stderr=True)
    began = time.monotonic()
    if not console.is_terminal:
        yield _log_lines(total, began)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TextColumn("{task.fields[records]:,} records, {task.fields[rate]:,.0f} a second"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, speed_estimate_period=_RATE_OF_SECONDS) as bar:
        task = bar.add_task("ingesting", total=total, records=0, rate=0.0)

        def show(records: int, done: int) -> None:
            rate = records / max(time.monotonic() - began, 1e-9)
            bar.update(task, completed=done, records=records, rate=rate)

        yield show


def _log_lines(total: int | None, began: float) -> Show:
    last = began
    of_total = "" if total is None else f" of {total / _MEGABYTE:,.1f}"

    def show(records: int, done: int) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _LOG_EVERY_SECONDS:
            last = now
            rate = records / (now - began)
            _logger.info(
                "ingesting: %d records, %.1f%s MB, %.0f records a second", records, done / _MEGABYTE, of_total, rate
            )

    return show
