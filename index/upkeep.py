"""What an open index does by itself: it follows the store, and lets what is old expire."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from index.errors import SimilarNewsError
from index.tracebacks import traceback_of

FOLLOW_SECONDS = 0.25
"""How often another process's changes are looked for. One look costs a query of some 50 microseconds."""

TIDY_SECONDS = 600.0

LOG_DAYS = 30
"""How long the log of changes is kept; whoever follows it and was away for longer begins again."""

_PATIENCE = 5.0

_logger = logging.getLogger(__name__)


@contextmanager
def repeated(what: str, do: Callable[[], object], seconds: float) -> Iterator[None]:
    """Do something again and again in a thread, first at once; an error is logged, once for as long as it lasts."""
    is_over = threading.Event()

    def run() -> None:
        failing = ""
        while True:
            started = time.monotonic()
            try:
                do()
            except Exception as error:  # noqa: BLE001 - whatever it is, it is logged, and the rest goes on
                if repr(error) != failing:
                    is_expected = isinstance(error, SimilarNewsError | OSError)
                    reason = str(error) if is_expected else traceback_of(error)
                    _logger.warning("%s failed, and is tried again: %s", what, reason)
                failing = repr(error)
            else:
                failing = ""
            if is_over.wait(max(0.0, started + seconds - time.monotonic())):
                return

    thread = threading.Thread(target=run, name=what, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join(_PATIENCE)


def days_ago(days: float) -> datetime:
    """The moment so many days before now."""
    return datetime.now(UTC) - timedelta(days=days)
