"""The thread that merges segments: at once what is many of a size, and the rest once nothing has come for a while."""

import logging
import threading
from collections.abc import Callable

_PATIENCE = 2.0
"""Seconds that closing waits for a merge. One that is cut off leaves the files as they were."""

_logger = logging.getLogger(__name__)


class MergingThread:
    """A thread that merges when it is woken, and once more when it was not for some time."""

    def __init__(
        self, merge: Callable[[], bool], merge_rest: Callable[[], bool], quiet_seconds: Callable[[], float]
    ) -> None:
        """Prepare the thread, which begins when it is first woken.

        Args:
            merge: merges some of what is to be merged at once; says whether there was anything.
            merge_rest: merges what is left then; likewise.
            quiet_seconds: for how long nothing has to come before that is done.
        """
        self._merge, self._merge_rest, self._quiet_seconds = merge, merge_rest, quiet_seconds
        self._is_wanted = threading.Event()
        self._is_closed = False
        self._is_at_rest = True
        self._thread: threading.Thread | None = None

    @property
    def is_at_rest(self) -> bool:
        """Whether nothing more will be merged until it is woken."""
        return self._is_at_rest and not self._is_wanted.is_set()

    def wake(self) -> None:
        """Merge what is to be merged."""
        self._is_wanted.set()
        if self._thread is None and not self._is_closed:
            self._thread = threading.Thread(target=self._run, name="merging", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End, soon."""
        self._is_closed = True
        self._is_wanted.set()
        if self._thread:
            self._thread.join(_PATIENCE)

    def _run(self) -> None:
        while self._is_wanted.wait() and not self._is_closed:
            self._is_at_rest = False
            self._is_wanted.clear()
            self._all(self._merge)
            if not self._is_wanted.wait(self._quiet_seconds()):
                self._all(self._merge_rest)
                self._is_at_rest = True

    def _all(self, merge: Callable[[], bool]) -> None:
        try:
            while not self._is_closed and merge():
                pass
        except Exception:
            _logger.exception("merging segments failed; it is tried again when the next one is sealed")
