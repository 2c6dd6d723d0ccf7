"""Other times than it is, for one module at a time."""

import time
from collections.abc import Callable
from types import SimpleNamespace

import pytest


def set_clock(
    patch: pytest.MonkeyPatch,
    *modules: str,
    now: Callable[[], float] = time.time,
    monotonic: Callable[[], float] = time.monotonic,
) -> None:
    """Let modules that say `time.time()` and `time.monotonic()` read other clocks than everything else does.

    `module.time.monotonic` is the one that all have: were that set forward, the event loop of a service that another
    test has left running would read it too, and sleep until that time has really come.

    Args:
        patch: takes it back.
        modules: their names.
        now: gives the time, in seconds since 1970.
        monotonic: gives the time since some moment, in seconds.
    """
    for module in modules:
        patch.setattr(f"{module}.time", SimpleNamespace(time=now, monotonic=monotonic))
