"""Ask a service at a given rate, whether it keeps up or not, and say how long answers took. A process of its own.

Usage: http_client.py HOST:PORT RATE SECONDS, with the paths to ask for on standard input; prints the milliseconds of
each answer, counted from when it was due, as JSON.

It takes as little of the processors as it can, which it shares with the service: so it reads no more of an answer than
its status and its length.
"""

import asyncio
import json
import re
import sys
import time
from collections import deque
from itertools import cycle
from math import inf

_CONNECTIONS = 32
_TICK = 0.0005
"""Seconds: requests that are due within so many are sent together."""

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_GOOD = b"HTTP/1.1 200"


class _Asking:
    """What is to be asked, and how long the answers took.

    Attributes:
        times: milliseconds, infinite for an error, in the order of the answers.
        is_cut_off: whether a connection was closed, whose answers will not come.
    """

    def __init__(self) -> None:
        self.times: list[float] = []
        self.is_cut_off = False
        # Taken in turns: one that has been idle for seconds is closed.
        self._free: deque[_Connection] = deque()
        self._due: deque[tuple[bytes, float]] = deque()

    def ask(self, request: bytes, due: float) -> None:
        """Send a request, as soon as a connection is free."""
        self._due.append((request, due))
        if self._free:
            self.is_free(self._free.popleft())

    def is_free(self, connection: "_Connection") -> None:
        """A connection can take the next request."""
        if self._due:
            connection.send(*self._due.popleft())
        else:
            self._free.append(connection)


class _Connection(asyncio.Protocol):
    """One request after the other."""

    def __init__(self, asking: _Asking) -> None:
        self._asking = asking
        self._transport: asyncio.WriteTransport | None = None
        self._due = 0.0
        self._read = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is there."""
        assert isinstance(transport, asyncio.WriteTransport)  # noqa: S101 - of TCP
        self._transport = transport
        self._asking.is_free(self)

    def send(self, request: bytes, due: float) -> None:
        """Send a request that was due at a moment."""
        assert self._transport  # noqa: S101 - or it would not be free
        self._due = due
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """See whether that is all of the answer."""
        self._read += data
        end = self._read.find(b"\r\n\r\n")
        if end < 0:
            return
        found = _LENGTH.search(self._read, 0, end)
        assert found  # noqa: S101 - the service says it always
        if len(self._read) < end + 4 + int(found[1]):
            return
        took = (time.perf_counter() - self._due) * 1e3
        self._asking.times.append(took if self._read.startswith(_GOOD) else inf)
        self._read.clear()
        self._asking.is_free(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - as asyncio calls it
        """It was closed."""
        self._asking.is_cut_off = True


async def ask(address: str, rate: float, seconds: float, paths: list[str]) -> list[float]:
    """The times of the answers; one that came with an error is infinitely late.

    Raises:
        SystemExit: the service closed a connection.
    """
    host, port = address.split(":")
    asking, loop = _Asking(), asyncio.get_running_loop()
    for _ in range(_CONNECTIONS):
        await loop.create_connection(lambda: _Connection(asking), host, int(port))
    requests = cycle([f"GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n".encode() for path in paths])
    begun, sent, wanted = time.perf_counter(), 0, int(rate * seconds)
    while len(asking.times) < wanted:
        if asking.is_cut_off:
            sys.exit("the service closed a connection")
        while sent < wanted and (due := begun + sent / rate) <= time.perf_counter():
            asking.ask(next(requests), due)
            sent += 1
        await asyncio.sleep(_TICK)
    return asking.times


if __name__ == "__main__":
    given_address, given_rate, given_seconds = sys.argv[1:]
    asked = sys.stdin.read().split()
    print(json.dumps(asyncio.run(ask(given_address, float(given_rate), float(given_seconds), asked))))
