"""Remember what was made."""

from collections.abc import Callable
from typing import TypeVar

_K = TypeVar("_K")
_V = TypeVar("_V")


def remembered(memory: dict[_K, _V], key: _K, make: Callable[[], _V], most: int) -> _V:
    """What was made for a key, made now if it was not; when there are `most`, all are forgotten first.

    From any thread: what two make at the same time is alike, and one of them stays.
    """
    found = memory.get(key)
    if found is None:
        found = make()
        if len(memory) >= most:
            memory.clear()
        memory[key] = found
    return found
