"""How long a client may take over a connection: to send the head of a request, and to read an answer."""

import asyncio
from typing import TYPE_CHECKING, cast

from service.problems import answer, make_problem

if TYPE_CHECKING:
    from uvicorn.protocols.http.h11_impl import H11Protocol as HttpProtocol
    from uvicorn.protocols.http.h11_impl import RequestResponseCycle
else:  # whichever uvicorn would take; they are alike in what is used here
    from uvicorn.protocols.http.auto import AutoHTTPProtocol as HttpProtocol

_LEAST_READ = 16 * 1024
"""Bytes of an answer that have to be read in the time, as long as so many are left."""


class TimedConnection(HttpProtocol):
    """A connection of uvicorn's that is not held open for those who are slow on purpose.

    Uvicorn closes what is idle after an answer, but waits without end for the rest of a head, and for an answer to be
    read. A request that comes in one piece costs a comparison more, a new connection a timer.
    """

    seconds: float

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        """Begin to wait for the first head."""
        super().connection_made(transport)
        # So what does not go out at once is known, and nothing is added to it.
        transport.set_write_buffer_limits(high=0)
        self._has_begun = False
        self._unread = 0
        self._reading: asyncio.TimerHandle | None = None
        self._heading: asyncio.TimerHandle | None = self.loop.call_later(self.seconds, self._give_up_head)

    def data_received(self, data: bytes) -> None:
        """Take what came, and wait for the rest if a head is not whole yet."""
        super().data_received(data)
        cycle = self._last_cycle()
        if cycle is not None and not cycle.response_complete:
            self._stop_heading()
            return
        self._has_begun = True
        if self._heading is None:
            self._heading = self.loop.call_later(self.seconds, self._give_up_head)

    def pause_writing(self) -> None:
        """Begin to wait for an answer to be read."""
        super().pause_writing()
        self._unread = self.transport.get_write_buffer_size()
        self._reading = self.loop.call_later(self.seconds, self._look_at_reader)

    def resume_writing(self) -> None:
        """Go on, as all was read."""
        self._stop_reading()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._stop_heading()
        self._stop_reading()
        super().connection_lost(exc)

    def _last_cycle(self) -> "RequestResponseCycle | None":
        """The last request of this connection, with its answer; None before the first."""
        return cast("RequestResponseCycle | None", self.cycle)

    def _stop_heading(self) -> None:
        if self._heading is not None:
            self._heading.cancel()
            self._heading = None

    def _stop_reading(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _give_up_head(self) -> None:
        """Close the connection, and say why if there is somebody who has sent a part of a head."""
        self._heading = None
        if self.transport.is_closing():
            return
        if self._has_begun and self._last_cycle() is None:
            self.transport.write(_too_slow())
        self.transport.close()

    def _look_at_reader(self) -> None:
        left = self.transport.get_write_buffer_size()
        if self._unread - left < _LEAST_READ:
            self.transport.abort()  # to close it would be to wait for the reader
            return
        self._unread = left
        self._reading = self.loop.call_later(self.seconds, self._look_at_reader)


def timed_connection(seconds: float) -> type[asyncio.Protocol]:
    """The class of connections on which a client may take so long, as uvicorn makes them."""
    return type("Connection", (TimedConnection,), {"seconds": seconds})


def _too_slow() -> bytes:
    detail = "the head of the request did not come in time: send it at once"
    refusal = answer(make_problem(408, "slow-head", detail), {"Connection": "close"})
    head = b"".join(b"%s: %s\r\n" % header for header in refusal.raw_headers)
    return b"HTTP/1.1 408 Request Timeout\r\n" + head + b"\r\n" + bytes(refusal.body)
