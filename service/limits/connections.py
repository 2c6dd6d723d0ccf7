"""How large and how slow the head of a request may be, and how slowly a client may read an answer."""

import asyncio
from http import HTTPStatus
from typing import cast

import httptools
from starlette.responses import Response
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from service.joined_writes import JoinedWrites
from service.problems import answer, make_problem

_MOST_HEAD = 64 * 1024
"""Bytes of a head that is not whole yet, which the parser would keep without end. As many as `h11` allows."""

_LEAST_READ = 16 * 1024
"""Bytes of an answer that have to be read in the time, as long as so many are left."""


class TimedConnection(HttpToolsProtocol):
    """A connection of uvicorn's that is not held open for those who are slow on purpose, and refuses with problems.

    Uvicorn closes what is idle after an answer, but waits without end for the rest of a head, however long, and for an
    answer to be read. A request that comes in one piece costs two comparisons more, a new connection a timer.

    `httptools` rather than `h11`, both of which uvicorn knows, as it takes much less time.
    """

    seconds: float

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        """Begin to wait for the first head."""
        super().connection_made(JoinedWrites(transport, self.loop))
        # So what does not go out at once is known, and nothing is added to it.
        transport.set_write_buffer_limits(high=0)
        self._has_begun = False
        self._is_deaf = False
        self._is_in_head = False
        self._head_bytes = 0
        self._unread = 0
        self._reading: asyncio.TimerHandle | None = None
        self._heading: asyncio.TimerHandle | None = self.loop.call_later(self.seconds, self._give_up_head)

    def data_received(self, data: bytes) -> None:
        """Take what came, and wait for the rest if a head is not whole yet."""
        if self._is_deaf:
            return
        self._unset_keepalive_if_required()
        self._head_bytes += len(data)
        self._feed(memoryview(data))
        if self._is_in_head and self._head_bytes > _MOST_HEAD and not self.transport.is_closing():
            detail = f"the head of the request is too large: send one of at most {_MOST_HEAD:,} bytes"
            self._refuse(431, "large-head", detail)
            return
        cycle = self._last_cycle()
        if cycle is not None and not cycle.response_complete:
            self._stop_heading()
            return
        self._has_begun = True
        if self._heading is None:
            self._heading = self.loop.call_later(self.seconds, self._give_up_head)

    def on_message_begin(self) -> None:
        """Count the bytes of a head; those that came together with its first one are not known apart."""
        super().on_message_begin()
        self._is_in_head = True
        self._head_bytes = 0

    def on_headers_complete(self) -> None:
        """Count no more, and begin with the request, if it is not to be read once more."""
        self._is_in_head = False
        if not self._offers_another_protocol():
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        """End the body, if it is not to be read once more."""
        if not self._offers_another_protocol():
            super().on_message_complete()

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

    def _feed(self, data: memoryview) -> None:
        """Take what came, with one request after the other.

        A request that offers another protocol, as some clients' all do, is one in this protocol that the parser gives
        up at the end of the head. So it gets the head again, without the offer. RFC 9110 allows to ignore it (7.8).
        """
        parts = [data]
        while parts:
            part = parts.pop()
            try:
                self.parser.feed_data(part)
            except httptools.HttpParserUpgrade as upgrade:
                if not self._offers_another_protocol():  # a tunnel is asked for, and nobody knows what is sent into it
                    self._end()
                    return
                rest, head = part[upgrade.args[0] :], memoryview(self._head_without_offer())
                parts += [rest, head] if rest else [head]
                self.parser = httptools.HttpRequestParser(self)
                self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does
            except httptools.HttpParserError:
                self._refuse(400, "no-http", "what was sent is not HTTP/1.1: send a request as RFC 9112 has it")
                return

    def _offers_another_protocol(self) -> bool:
        return self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"

    def _head_without_offer(self) -> bytes:
        start = b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        headers = (b"%s: %s" % header for header in self.headers if header[0] != b"upgrade")
        return b"\r\n".join((start, *headers, b"", b""))

    def _last_cycle(self) -> RequestResponseCycle | None:
        """The last request of this connection, with its answer; None before the first."""
        return cast(RequestResponseCycle | None, self.cycle)

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
            self._refuse(408, "slow-head", "the head of the request did not come in time: send it at once")
        self.transport.close()

    def _refuse(self, status: int, kind: str, detail: str) -> None:
        """Answer what is no whole request; but if the answer to the one before it is still due, that is the last."""
        cycle = self._last_cycle()
        if cycle is not None and not cycle.response_complete and (cycle.response_started or not cycle.more_body):
            self._end()
            return
        self.transport.write(_whole(answer(make_problem(status, kind, detail), {"Connection": "close"})))
        self.transport.close()

    def _end(self) -> None:
        """Read nothing more, and close the connection after the answer that is still due."""
        self._is_deaf = True
        self.cycle.keep_alive = False

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


def _whole(refusal: Response) -> bytes:
    """An answer as it is sent."""
    phrase = HTTPStatus(refusal.status_code).phrase
    head = b"".join(b"%s: %s\r\n" % header for header in refusal.raw_headers)
    return b"HTTP/1.1 %d %s\r\n%s\r\n%s" % (refusal.status_code, phrase.encode(), head, bytes(refusal.body))
