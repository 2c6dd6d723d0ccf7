"""Bodies of requests that come compressed."""

import zlib
from collections.abc import Iterator
from typing import Protocol

import zstandard
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.problems import ProblemError, answer, make_problem

_GZIP_WBITS = 31
_GZIP_STEP = 2**18
"""Bytes that are inflated at once."""

_ZSTD_STEP = 256
"""Bytes of input at once. A block takes 4 bytes at least and gives 128 KiB at most, so that this gives 8 MiB."""

_ZSTD_WINDOW = 8 * 2**20
"""What a frame may ask the decoder to keep (RFC 9659); the library would take frames that ask for 128 MiB."""

_OVERHEAD = 2**20
"""No compressor makes so much more of a body than it was."""


class Inflater(Protocol):
    """Inflates what comes in parts."""

    @property
    def is_whole(self) -> bool:
        """Whether what came so far is complete."""
        ...

    def inflate(self, data: bytes) -> Iterator[bytes]:
        """What a further part inflates to, a step at a time.

        Raises:
            zlib.error, zstandard.ZstdError: it is damaged.
        """
        ...


class Gzip:
    """One gzip member after the other."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(_GZIP_WBITS)

    @property
    def is_whole(self) -> bool:
        """Whether what came so far is complete."""
        return self._member.eof

    def inflate(self, data: bytes) -> Iterator[bytes]:
        """What a further part inflates to; see `Inflater.inflate`."""
        while data:
            if self._member.eof:
                self._member = zlib.decompressobj(_GZIP_WBITS)
            yield self._member.decompress(data, _GZIP_STEP)
            data = self._member.unconsumed_tail or self._member.unused_data


class Zstd:
    """One zstd frame after the other."""

    def __init__(self) -> None:
        self._decompressor = zstandard.ZstdDecompressor(max_window_size=_ZSTD_WINDOW)
        self._frame = self._decompressor.decompressobj()

    @property
    def is_whole(self) -> bool:
        """Whether what came so far is complete."""
        return self._frame.eof

    def inflate(self, data: bytes) -> Iterator[bytes]:
        """What a further part inflates to; see `Inflater.inflate`."""
        for start in range(0, len(data), _ZSTD_STEP):
            part = data[start : start + _ZSTD_STEP]
            while part:
                if self._frame.eof:
                    self._frame = self._decompressor.decompressobj()
                yield self._frame.decompress(part)
                part = self._frame.unused_data


_INFLATERS: dict[str, type[Gzip] | type[Zstd]] = {"gzip": Gzip, "x-gzip": Gzip, "zstd": Zstd}
_ACCEPTED = "gzip, zstd"
_OF_COMPRESSED = frozenset({b"content-encoding", b"content-length"})


class InflatedBodies:
    """Middleware by which the application gets bodies inflated, in parts, as it asks for them.

    So the application's own limit is one of the inflated size, and what lies beyond that is never inflated.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap an application."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, inflated if it is compressed; or answer with a problem."""
        # Named in two headers they are a list as in one (RFC 9110, 5.3).
        named = Headers(scope=scope).getlist("content-encoding") if scope["type"] == "http" else []
        encoding = ", ".join(named).strip().lower() or "identity"
        if encoding == "identity":
            await self._app(scope, receive, send)
        elif encoding in _INFLATERS:
            # The length is that of the compressed body. No copy of the scope, in which nobody else would see the route.
            scope["headers"] = [one for one in scope["headers"] if one[0] not in _OF_COMPRESSED]
            body = _Body(receive, encoding, _INFLATERS[encoding]())
            await self._app(scope, body.receive, send)
        else:
            detail = f"the Content-Encoding {encoding!r} is not known here: send the body as {_ACCEPTED}, or as it is"
            refusal = answer(make_problem(415, "unsupported-encoding", detail), {"Accept-Encoding": _ACCEPTED})
            await refusal(scope, receive, send)


class _Body:
    """The body of one request."""

    def __init__(self, receive: Receive, encoding: str, inflater: Inflater) -> None:
        self._receive = receive
        self._encoding = encoding
        self._inflater = inflater
        self._steps: Iterator[bytes] = iter(())
        self._has_more = True
        self._is_over = False
        self._received = self._inflated = 0

    async def receive(self) -> Message:
        """The next message, inflated.

        Raises:
            ProblemError: what came is damaged.
        """
        while not self._is_over:
            step = self._next_step()
            if step:
                return {"type": "http.request", "body": step, "more_body": True}
            if not self._has_more:
                self._is_over = True
                if not self._inflater.is_whole:
                    raise self._damaged("it ends too early")
                return {"type": "http.request", "body": b"", "more_body": False}
            message = await self._receive()
            if message["type"] != "http.request":
                return message
            data = message.get("body", b"")
            self._received += len(data)
            self._has_more = message.get("more_body", False)
            self._steps = self._inflater.inflate(data)
        return await self._receive()

    def _next_step(self) -> bytes:
        """What is inflated next of what has come; empty if that is all."""
        try:
            step = next(filter(None, self._steps), b"")
        except (zlib.error, zstandard.ZstdError) as error:
            raise self._damaged(str(error)) from error
        self._inflated += len(step)
        # What inflates to nothing could be sent without end.
        if self._received > self._inflated + _OVERHEAD and not step:
            raise self._damaged("next to nothing is in it")
        return step

    def _damaged(self, reason: str) -> ProblemError:
        self._is_over = True
        detail = f"the body cannot be read as {self._encoding}, as its Content-Encoding says: {reason}"
        return ProblemError(make_problem(400, "bad-encoding", detail))
