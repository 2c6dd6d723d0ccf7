"""Where it is counted how often something happened in a while."""

import time

from limits.storage import MemoryStorage

_FORGET_SECONDS = 60


class InMemoryCounts(MemoryStorage):
    """Counts in this process's memory, for one thread.

    The library's own starts a thread to forget what is past, a hundred times a second, and waits until it runs: of the
    event loop's time a sixth, while another thread takes in a batch. What is past is not counted either way, so it is
    enough to forget it once in a while.
    """

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self._forgot_at = time.monotonic()

    # That of `MemoryStorage`, by the name that Python gives it.
    def _MemoryStorage__schedule_expiry(self) -> None:  # noqa: N802
        now = time.monotonic()
        if now - self._forgot_at >= _FORGET_SECONDS:
            self._forgot_at = now
            self._MemoryStorage__expire_events()  # type: ignore[attr-defined]
