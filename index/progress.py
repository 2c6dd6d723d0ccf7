"""Progress of long work: a bar on a terminal, log lines elsewhere."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

_LOG_EVERY_SECONDS = 5.0

_logger = logging.getLogger(__name__)


class Advance(Protocol):
    """Report that `steps` more steps are done."""

    def __call__(self, steps: int = 1) -> None:
        """Advance by `steps`."""


@contextmanager
def progress(what: str, total: int | None) -> Iterator[Advance]:
    """Show the progress of `what` over `total` steps (None: unknown) on standard error; yields the function to call."""
    console = Console(stderr=True)
    if console.is_terminal:
        with _bar(console) as bar:
            task = bar.add_task(what, total=total)
            yield lambda steps=1: bar.advance(task, steps)
    else:
        yield _log_lines(what, total)


@contextmanager
def without_foreign_bars() -> Iterator[None]:
    """Silence the progress bars of transformers, which would stand between our own lines."""
    from transformers.utils import logging as transformers_logging

    shown = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            transformers_logging.enable_progress_bar()


def _bar(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console)


def _log_lines(what: str, total: int | None) -> Advance:
    done = 0
    last = time.monotonic()
    of_total = "" if total is None else f" of {total}"
    _logger.info("%s: 0%s", what, of_total)

    def advance(steps: int = 1) -> None:
        nonlocal done, last
        done += steps
        now = time.monotonic()
        if done == total or now - last >= _LOG_EVERY_SECONDS:
            last = now
            _logger.info("%s: %d%s", what, done, of_total)

    return advance
