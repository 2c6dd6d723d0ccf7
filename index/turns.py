"""Turns at the interpreter, for an event loop in the same process while much is done in other threads."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")

_EVERY = 0.002
"""Seconds of work between two turns. A turn that nobody wants costs a tenth of a millisecond."""

_ROUNDS = 2
"""Of the loop: in one it reads what has come, in the next one it answers."""

_PATIENCE = 0.05
"""Seconds: so long a loop is waited for that is at something long, or does not run any more."""


class Turns:
    """Between the pieces of long work, lets an event loop answer all that has come meanwhile.

    Two threads that compute in Python get half of the interpreter each. What comes in for the loop while the other one
    is at a batch then waits for all that came before, more and more. If the batch stops now and then until the loop has
    done what there is to do, that is a few milliseconds at most, and the batch takes no longer, since nobody has to
    take turns by force. With it the p99 of answers beside a batch was 29 ms, without it 73 (`scripts/benchmark http`,
    one process). May be used by several threads at once.
    """

    def __init__(self) -> None:
        """Let nobody have a turn, until there is a loop."""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._since = 0.0

    @contextmanager
    def given_to(self, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
        """Let a loop have turns for as long as the context lasts."""
        before, self._loop = self._loop, loop
        try:
            yield
        finally:
            self._loop = before

    def each(self, items: Iterable[T]) -> Iterator[T]:
        """Give the items, which are worked on, with a turn before each if it is time for one."""
        for item in items:
            self.give()
            yield item

    def give(self) -> None:
        """Wait until the loop has done what there is to do now, if it is time for that."""
        loop, now = self._loop, time.monotonic()
        if loop is None or now < self._since + _EVERY or _is_running(loop):
            return
        had_it = threading.Event()
        try:
            loop.call_soon_threadsafe(_after_rounds, loop, _ROUNDS, had_it.set)
        except RuntimeError:  # it was closed
            return
        had_it.wait(_PATIENCE)
        self._since = time.monotonic()


def _after_rounds(loop: asyncio.AbstractEventLoop, rounds: int, done: Callable[[], None]) -> None:
    if rounds:
        loop.call_soon(_after_rounds, loop, rounds - 1, done)
    else:
        done()


def _is_running(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether this is its thread, which must not wait for itself."""
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False
