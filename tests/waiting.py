"""Wait for what happens in another thread or process."""

import time
from collections.abc import Callable


def wait_until(is_so: Callable[[], bool], seconds: float = 5) -> None:
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until, f"it did not happen within {seconds:g} seconds"
        time.sleep(0.01)
