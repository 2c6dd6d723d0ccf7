"""Wait for what happens in another thread or process."""

import time
from collections.abc import Callable


def wait_until(is_so: Callable[[], bool]) -> None:
    for _ in range(500):
        if is_so():
            return
        time.sleep(0.01)
    raise AssertionError("it did not happen within 5 seconds")
